import { useDebouncedValue } from '@mantine/hooks';
import type { CameraCoverage } from '@choi-canh/shared/footage';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { formatTime } from '../../lib/time.js';
import { nextFootageMs, previousFootageMs } from './coverage-lookup.js';
import type { ReviewEngine } from './review-engine.js';
import classes from './review.module.css';
import { useClockAt, useClockState, useEngineState } from './use-clock.js';

/** A wait shorter than this goes without words. */
const worthSayingMs = 700;

/** Sentences over the lower edge of the pictures, so that no control ever moves: who is waited for, where footage goes on, what ×4 leaves out. */
export function ReviewMessages({
  engine,
  coverages,
  nameOf,
  keyframesOnly,
  notice,
}: {
  engine: ReviewEngine;
  coverages: readonly CameraCoverage[];
  nameOf(cameraId: string): string;
  keyframesOnly: boolean;
  /** Answers a command. */
  notice: string | undefined;
}) {
  const { t } = useTranslation('review');
  const { waiting, playing } = useClockState(engine);
  const { waitingFor, phases } = useEngineState(engine);
  const [waitedFor] = useDebouncedValue(waiting ? waitingFor.map(nameOf).join(', ') : '', worthSayingMs);
  const all = Object.values(phases);
  const nothing = all.length > 0 && all.every((phase) => phase === 'gap');
  const box = useRef<HTMLDivElement>(null);
  // On a phone the box for a time is a screen below the pictures.
  useEffect(() => {
    if (notice !== undefined) box.current?.scrollIntoView({ block: 'nearest' });
  }, [notice]);
  return (
    <div ref={box} aria-live="polite" className={classes.messages} data-testid="review-messages">
      {notice !== undefined && (
        <div className={classes.message} data-answer data-testid="review-notice">
          {notice}
        </div>
      )}
      {nothing && <NothingHere engine={engine} coverages={coverages} />}
      {waiting && waitedFor !== '' && (
        <div className={classes.message}>{t('messages.waiting', { names: waitedFor })}</div>
      )}
      {keyframesOnly && playing && <div className={classes.message}>{t('messages.keyframesOnly')}</div>}
    </div>
  );
}

function NothingHere({ engine, coverages }: { engine: ReviewEngine; coverages: readonly CameraCoverage[] }) {
  const { t } = useTranslation('review');
  const atMs = useClockAt(engine, 1000);
  const nextMs = nextFootageMs(coverages, atMs);
  const previousMs = previousFootageMs(coverages, atMs, 5000);
  const button = (label: string, ms: number) => (
    <button type="button" className={classes.button} data-primary onClick={() => engine.clock.seek(ms)}>
      {label}
    </button>
  );
  return (
    <div className={classes.message} data-testid="review-nothing-here">
      <span className={classes.messageSaid}>
        {coverages.length === 1 ? t('messages.nothingAlone') : t('messages.nothing', { count: coverages.length })}
      </span>
      {previousMs !== undefined && button(t('messages.toPrevious', { at: formatTime(previousMs) }), previousMs)}
      {nextMs !== undefined && button(t('messages.toNext', { at: formatTime(nextMs) }), nextMs)}
      {nextMs === undefined && previousMs === undefined && <span>{t('messages.widen')}</span>}
    </div>
  );
}
