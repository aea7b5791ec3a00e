import {
  IconArrowBackUp,
  IconBookmark,
  IconEraser,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerSkipForward,
  IconPlayerSkipBack,
  IconScissors,
} from '@tabler/icons-react';
import { useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { TextInput } from '@mantine/core';
import { serverNowMs } from '../../lib/server-clock.js';
import { formatDate, formatTime } from '../../lib/time.js';
import { timeWords } from '../../lib/time-words.js';
import { msOf, readTypedTime, typedTimeFault, type TypedTime } from '../../lib/typed-time.js';
import type { UndoHistory } from '../../lib/undo-history.js';
import type { Marks } from './marks.js';
import { reviewRates } from './review-address.js';
import type { ReviewEngine } from './review-engine.js';
import { jumpBoxMark, type ReviewCommands } from './review-keys.js';
import classes from './review.module.css';
import { useClockAt, useClockState } from './use-clock.js';

export interface ReviewControlsProps {
  engine: ReviewEngine;
  commands: ReviewCommands;
  marks: Marks;
  onClearMarks(): void;
  /** In which a typed time without a day lies. */
  openedWindow: { fromMs: number; toMs: number };
  /** @returns whether the clock went there */
  onJump(atMs: number): Promise<boolean>;
  /** The box for a time was left; `complaint`: what was typed is no time. */
  onJumpLeft(complaint?: string): void;
  history: UndoHistory;
  onRate(rate: number): void;
  mayTag: boolean;
  mayExtract: boolean;
}

/** A click with the mouse leaves the focus where it was, so that Space goes on to mean play. */
const keepFocus = (event: React.MouseEvent) => event.preventDefault();

export function ReviewControls(props: ReviewControlsProps) {
  return (
    <div className={classes.bar} data-testid="review-controls">
      <ClockFace engine={props.engine} />
      <Transport engine={props.engine} commands={props.commands} />
      <Rates engine={props.engine} onRate={props.onRate} />
      <JumpField {...props} />
      <MarkBar {...props} />
    </div>
  );
}

function ClockFace({ engine }: { engine: ReviewEngine }) {
  const { t } = useTranslation('review');
  const atMs = useClockAt(engine, 100);
  return (
    <div
      role="group"
      className={classes.clock}
      data-testid="review-clock"
      data-at-ms={atMs}
      aria-label={t('controls.clock')}
    >
      <span className={classes.clockDate}>{formatDate(atMs)}</span>
      <span className={classes.clockTime}>{formatTime(atMs, 'tenth')}</span>
    </div>
  );
}

function Transport({ engine, commands }: { engine: ReviewEngine; commands: ReviewCommands }) {
  const { t } = useTranslation('review');
  const { playing } = useClockState(engine);
  // Words are their own name, which begins as it is seen; a picture needs one.
  const step = (label: string, run: () => void, content: React.ReactNode) => (
    <button
      type="button"
      className={classes.button}
      title={label}
      aria-label={typeof content === 'string' ? undefined : label}
      onClick={run}
      onMouseDown={keepFocus}
    >
      {typeof content === 'string' ? <span className={classes.words}>{content}</span> : content}
    </button>
  );
  return (
    <div className={`${classes.group} ${classes.transport}`} role="group" aria-label={t('controls.transport')}>
      {step(t('keys.back60'), () => commands.skip(-60_000), t('controls.back60'))}
      {step(t('keys.back5'), () => commands.skip(-5000), t('controls.back5'))}
      {step(t('keys.frameBack'), () => commands.stepFrame(-1), <IconPlayerSkipBack size={20} aria-hidden="true" />)}
      <button
        type="button"
        className={`${classes.button} ${classes.play}`}
        data-primary
        data-testid="review-play"
        data-playing={playing}
        aria-label={playing ? t('controls.pause') : t('controls.play')}
        title={playing ? t('controls.pause') : t('controls.play')}
        onClick={commands.togglePlay}
        onMouseDown={keepFocus}
      >
        {playing ? <IconPlayerPauseFilled size={26} /> : <IconPlayerPlayFilled size={26} />}
      </button>
      {step(
        t('keys.frameForward'),
        () => commands.stepFrame(1),
        <IconPlayerSkipForward size={20} aria-hidden="true" />,
      )}
      {step(t('keys.forward5'), () => commands.skip(5000), t('controls.forward5'))}
      {step(t('keys.forward60'), () => commands.skip(60_000), t('controls.forward60'))}
    </div>
  );
}

function Rates({ engine, onRate }: { engine: ReviewEngine; onRate(rate: number): void }) {
  const { t, i18n } = useTranslation('review');
  const { rate } = useClockState(engine);
  const number = new Intl.NumberFormat(i18n.language);
  const index = reviewRates.findIndex((one) => one === rate);
  const onKeyDown = (event: React.KeyboardEvent<HTMLDivElement>) => {
    const move = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const next = move === undefined ? undefined : reviewRates[index + move];
    if (move !== undefined) event.preventDefault();
    if (next === undefined) return;
    onRate(next);
    const buttons = event.currentTarget.querySelectorAll('button');
    buttons[index + (move ?? 0)]?.focus();
  };
  return (
    <div className={classes.rates} role="radiogroup" aria-label={t('controls.rate')} onKeyDown={onKeyDown}>
      {reviewRates.map((one) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={one === rate}
          tabIndex={one === rate ? 0 : -1}
          className={classes.button}
          data-testid={`review-rate-${one}`}
          onClick={() => onRate(one)}
          onMouseDown={keepFocus}
        >
          ×{number.format(one)}
        </button>
      ))}
    </div>
  );
}

/**
 * A time without a day is of a day of the opened window; what is understood is shown above while it is typed. Enter and
 * Escape always leave the box: what is typed next is meant for the review, and a digit begins another time.
 */
function JumpField({
  openedWindow,
  onJump,
  onJumpLeft,
}: Pick<ReviewControlsProps, 'openedWindow' | 'onJump' | 'onJumpLeft'>) {
  const { t, i18n } = useTranslation('review');
  const [typed, setTyped] = useState<TypedTime>({ kind: 'empty' });
  const [tried, setTried] = useState(false);
  const fault = typedTimeFault(typed);
  const words = timeWords(typed, 'second', { nowMs: serverNowMs(), language: i18n.language, t: i18n.t });
  const go = () => {
    setTried(true);
    onJumpLeft(fault);
    const atMs = msOf(typed);
    if (atMs === undefined) return;
    void onJump(atMs).then((isThere) => {
      if (isThere) setTyped({ kind: 'empty' });
    });
  };
  return (
    <form
      className={`${classes.group} ${classes.jump}`}
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      <TextInput
        value={typed.kind === 'empty' ? '' : typed.text}
        onChange={(event) => {
          setTyped(readTypedTime(event.currentTarget.value, 'tenth', openedWindow));
          setTried(false);
        }}
        // The sentence stands over the pictures, with all other answers.
        error={tried && fault !== undefined}
        // Once it was asked for, the answer stands where these words would cover it.
        description={tried ? undefined : words}
        classNames={{ description: classes.jumpWords ?? '' }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          setTyped({ kind: 'empty' });
          setTried(false);
          onJumpLeft();
        }}
        {...{ [jumpBoxMark]: true }}
        placeholder={t('controls.jumpHint')}
        aria-label={t('controls.jump')}
        autoComplete="off"
        data-testid="review-jump-input"
      />
      <button type="submit" className={classes.button} disabled={typed.kind === 'empty'}>
        {t('controls.jumpGo')}
      </button>
    </form>
  );
}

function MarkBar({ commands, marks, onClearMarks, mayTag, mayExtract, history }: ReviewControlsProps) {
  const { t } = useTranslation('review');
  const mark = (name: 'markIn' | 'markOut', key: string, ms: number | undefined, testId: string) => (
    <button
      type="button"
      className={`${classes.button} ${classes.mark}`}
      data-set={ms === undefined ? undefined : true}
      data-testid={testId}
      onClick={commands[name]}
      onMouseDown={keepFocus}
    >
      <span className={classes.key}>{key}</span>
      <span className={classes.markWords}>
        <span className={classes.markName}>{t(`controls.${name}`)}</span>
        {/* The place of the time is kept, so that setting it moves nothing. */}
        <span className={classes.markAt}>{ms === undefined ? '–' : formatTime(ms, 'tenth')}</span>
      </span>
    </button>
  );
  return (
    <div className={`${classes.group} ${classes.actions}`}>
      {mark('markIn', 'I', marks.inMs, 'review-mark-in')}
      {mark('markOut', 'O', marks.outMs, 'review-mark-out')}
      {mayTag && (
        <button
          type="button"
          className={classes.button}
          data-testid="review-tag"
          onClick={commands.tag}
          onMouseDown={keepFocus}
        >
          <span className={classes.key}>T</span>
          <IconBookmark size={20} aria-hidden="true" />
          <span className={classes.words}>{t('controls.tag')}</span>
        </button>
      )}
      {mayExtract && (
        <button
          type="button"
          className={classes.button}
          data-primary
          data-testid="review-extract"
          onClick={commands.extract}
          onMouseDown={keepFocus}
        >
          <span className={classes.key}>E</span>
          <IconScissors size={20} aria-hidden="true" />
          <span className={classes.words}>{t('controls.extract')}</span>
        </button>
      )}
      <button
        type="button"
        className={`${classes.button} ${classes.clear}`}
        // Always there, so that nothing moves under the pointer when a mark is set.
        disabled={marks.inMs === undefined && marks.outMs === undefined}
        onClick={onClearMarks}
        onMouseDown={keepFocus}
        title={t('controls.clearMarks')}
        aria-label={t('controls.clearMarks')}
      >
        <IconEraser size={20} aria-hidden="true" />
      </button>
      <UndoButton history={history} onUndo={commands.undo} />
    </div>
  );
}

/** Says what it would take back. */
function UndoButton({ history, onUndo }: { history: UndoHistory; onUndo(): void }) {
  const { t } = useTranslation();
  const { undoes, isBusy } = useSyncExternalStore(history.subscribe, history.snapshot);
  const label = undoes === undefined ? t('undo.button') : t('undo.buttonOf', { what: undoes });
  return (
    <button
      type="button"
      className={`${classes.button} ${classes.clear}`}
      data-testid="review-undo"
      disabled={undoes === undefined || isBusy}
      onClick={onUndo}
      onMouseDown={keepFocus}
      title={label}
      aria-label={label}
    >
      <IconArrowBackUp size={20} aria-hidden="true" />
    </button>
  );
}
