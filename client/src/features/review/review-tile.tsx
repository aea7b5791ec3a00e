import type { CameraResponse } from '@choi-canh/shared/cameras';
import type { CameraCoverage } from '@choi-canh/shared/footage';
import { IconArrowsMaximize, IconArrowsMinimize, IconRefresh, IconVolume, IconVolumeOff } from '@tabler/icons-react';
import i18next from 'i18next';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { VideoFailure } from '../../lib/hls-video.js';
import { playsAac } from '../../lib/playable-codecs.js';
import { formatTime } from '../../lib/time.js';
import { gapAt, isClaimedTwice } from './coverage-lookup.js';
import { gapSentence } from './gap-sentence.js';
import { oldestTime } from './oldest-time.js';
import type { ReviewEngine } from './review-engine.js';
import classes from './review.module.css';
import { TilePoster } from './tile-poster.js';
import { transcodesBusy } from './stream-player.js';
import { createTilePlayer, type TileContent, type TilePlayer } from './tile-player.js';
import { useClockAt } from './use-clock.js';
import type { TilePhase } from './wait-policy.js';

export interface ReviewTileProps {
  engine: ReviewEngine;
  camera: CameraResponse | undefined;
  coverage: CameraCoverage;
  /** Playlist of the picture alone. */
  url: string;
  /** Playlist of its keyframes. */
  keyframesUrl: string;
  /** Whether keyframes are enough while the clock runs. */
  keyframesOnly: boolean;
  /** Playlist with sound; absent where there is none to be heard. */
  soundUrl: string | undefined;
  posterUrl(atMs: number): string;
  windowFromMs: number;
  windowToMs: number;
  focused: boolean;
  /** Absent where there is nothing to choose from. */
  onToggleFocus?: (() => void) | undefined;
  /** The others went on without this one. */
  leftBehind: boolean;
  onReopen(): void;
}

interface View {
  phase: TilePhase;
  failure: VideoFailure | undefined;
  hadPicture: boolean;
  converted: boolean;
  busy: boolean;
}
/** Where nothing was recorded there is nothing to play. */
const noPlayer: TilePlayer = {
  follow: () => undefined,
  shown: () => undefined,
  isExact: () => false,
  frameAt: () => undefined,
  stepInstant: () => undefined,
  destroy: () => undefined,
};
const starting: View = { phase: 'loading', failure: undefined, hadPicture: false, converted: false, busy: false };

/** A picture that waits so long for its sound goes on without. */
const soundPatienceMs = 12_000;

/** Silent until it is asked for, and again when it cannot be played: then the picture goes on without. */
function useTileSound(silentUrl: string, soundUrl: string | undefined) {
  const [wish, setWish] = useState<'off' | 'on' | 'lost'>('off');
  const offered = soundUrl !== undefined && playsAac;
  const audible = offered && wish === 'on';
  /** Whether the trouble was the sound's. */
  const onTrouble = useCallback(() => {
    if (audible) setWish('lost');
    return audible;
  }, [audible]);
  return {
    audible,
    url: audible ? soundUrl : silentUrl,
    toggleSound: offered ? () => setWish(audible ? 'off' : 'on') : undefined,
    soundLost: offered && wish === 'lost',
    onTrouble,
  };
}

function failureSentence(failure: VideoFailure): string {
  const known = failure.code !== '' && i18next.exists(`errors:${failure.code}`);
  return i18next.t(known ? `errors:${failure.code}` : `video:failures.${failure.reason}`);
}

/** One camera on the review's clock: its picture, its name, the time of the picture; or a sentence why there is none. */
export function ReviewTile(props: ReviewTileProps) {
  const { engine, coverage, camera } = props;
  const { audible, url, toggleSound, soundLost, onTrouble } = useTileSound(props.url, props.soundUrl);
  const { t } = useTranslation('review');
  const video = useRef<HTMLVideoElement>(null);
  const keyframesVideo = useRef<HTMLVideoElement>(null);
  const keyframesOnly = useRef(props.keyframesOnly);
  useEffect(() => {
    keyframesOnly.current = props.keyframesOnly;
  });
  const time = useRef<HTMLSpanElement>(null);
  const [attempt, setAttempt] = useState(0);
  const [played, setView] = useState<View>(starting);
  const [isCovered, setCovered] = useState(false);
  const cameraId = coverage.cameraId;
  const nothing = coverage.recorded.length === 0;
  const view: View = nothing ? { ...starting, phase: 'gap' } : played;
  const { keyframesUrl } = props;

  useEffect(() => {
    const [full, keyframes] = [video.current, keyframesVideo.current];
    if (full === null || keyframes === null) return;
    if (nothing) {
      const takeOut = engine.add(cameraId, noPlayer);
      engine.setPhase(cameraId, 'gap');
      return takeOut;
    }
    const videos = { full, keyframes };
    const onTop = (content: TileContent) => {
      for (const [name, element] of Object.entries(videos)) {
        element.style.zIndex = name === content ? '1' : '0';
        element.toggleAttribute('data-on-top', name === content);
      }
    };
    onTop('full');
    const player = createTilePlayer({
      videos,
      urls: { full: url, keyframes: keyframesUrl },
      clock: engine.clock,
      wantsKeyframes: () => keyframesOnly.current,
      onPhase(phase, failure) {
        if (phase === 'failed' && onTrouble()) return;
        engine.setPhase(cameraId, phase);
        if (phase === 'gap') for (const element of Object.values(videos)) delete element.dataset['wallMs'];
        setView((before) => ({ ...before, phase, failure, hadPicture: before.hadPicture || phase === 'ready' }));
      },
      onPicture({ startMs }) {
        for (const element of Object.values(videos)) element.dataset['wallMs'] = String(startMs);
        if (time.current !== null) time.current.textContent = formatTime(startMs, 'tenth');
      },
      onContent: onTop,
      onConverted: (converted) => setView((before) => ({ ...before, converted })),
      onBusy: (busy) => setView((before) => ({ ...before, busy })),
    });
    const takeOut = engine.add(cameraId, player);
    return () => {
      takeOut();
      player.destroy();
      setView(starting);
    };
  }, [engine, cameraId, url, keyframesUrl, nothing, attempt, onTrouble]);

  const isLoading = view.phase === 'loading';
  useEffect(() => {
    if (!audible || !isLoading) return;
    const timer = setTimeout(onTrouble, soundPatienceMs);
    return () => clearTimeout(timer);
  }, [audible, isLoading, onTrouble]);

  const name = camera?.name ?? t('tile.unknownCamera');
  const noRoom = view.failure?.code === transcodesBusy;
  const retry = () => {
    // Where only room was missing the opening still holds, and another would be one more entry in the audit trail.
    if (!noRoom) props.onReopen();
    setAttempt((count) => count + 1);
  };
  return (
    <figure
      className={classes.tile}
      data-testid={`review-tile-${cameraId}`}
      data-focus={props.focused || undefined}
      data-phase={view.phase}
      aria-label={name}
      style={{ margin: 0 }}
      onDoubleClick={props.onToggleFocus}
    >
      <div style={{ position: 'absolute', inset: 0, isolation: 'isolate' }}>
        <video
          ref={video}
          className={classes.video}
          muted={!audible}
          playsInline
          disablePictureInPicture
          preload="auto"
          onClick={props.onToggleFocus}
        />
        <video
          ref={keyframesVideo}
          className={classes.video}
          muted
          playsInline
          disablePictureInPicture
          preload="auto"
          onClick={props.onToggleFocus}
        />
      </div>
      {view.phase === 'loading' && (
        <TilePoster
          engine={engine}
          cameraId={cameraId}
          url={(atMs) =>
            gapAt(coverage, atMs, props.windowFromMs, props.windowToMs) === undefined
              ? props.posterUrl(atMs)
              : undefined
          }
          onCover={setCovered}
          atOnce={!view.hadPicture}
          leftBehind={props.leftBehind}
          busy={view.busy}
        />
      )}
      {view.phase === 'gap' && (
        <GapCover engine={engine} coverage={coverage} windowFromMs={props.windowFromMs} windowToMs={props.windowToMs} />
      )}
      {view.phase === 'failed' && view.failure && (
        <div className={classes.cover} role="alert">
          <span>{noRoom ? t('tile.noRoom') : failureSentence(view.failure)}</span>
          <button type="button" className={classes.button} onClick={retry}>
            <IconRefresh size={20} aria-hidden="true" />
            {t(noRoom ? 'tile.tryAgain' : 'tile.reopen')}
          </button>
        </div>
      )}
      {view.phase === 'ready' && (
        <div className={classes.notes}>
          <TwiceNote engine={engine} coverage={coverage} />
          {view.converted && (
            <p className={classes.doubt} role="note">
              {t('tile.converted')}
            </p>
          )}
        </div>
      )}
      <figcaption className={classes.caption}>
        <span className={classes.captionName}>{name}</span>
        <span className={classes.captionRight}>
          <span
            ref={time}
            className={classes.captionTime}
            data-testid="review-time"
            style={{ visibility: view.phase === 'gap' || !view.hadPicture || isCovered ? 'hidden' : 'visible' }}
          />
          {soundLost && <span role="status">{t('tile.soundLost')}</span>}
          {toggleSound !== undefined && (
            <button
              type="button"
              className={classes.enlarge}
              data-testid={`review-sound-${cameraId}`}
              aria-pressed={audible}
              onClick={toggleSound}
              onMouseDown={(event) => event.preventDefault()}
              aria-label={t(audible ? 'tile.soundOff' : 'tile.soundOn', { name })}
              title={t(audible ? 'tile.soundOff' : 'tile.soundOn', { name })}
            >
              {audible ? <IconVolume size={20} /> : <IconVolumeOff size={20} />}
            </button>
          )}
          {props.onToggleFocus && (
            <button
              type="button"
              className={classes.enlarge}
              onClick={props.onToggleFocus}
              onMouseDown={(event) => event.preventDefault()}
              aria-label={props.focused ? t('tile.shrink', { name }) : t('tile.enlarge', { name })}
            >
              {props.focused ? <IconArrowsMinimize size={20} /> : <IconArrowsMaximize size={20} />}
            </button>
          )}
        </span>
      </figcaption>
    </figure>
  );
}

/** Evidence whose time is in doubt is not shown without a word. */
function TwiceNote({ engine, coverage }: Pick<ReviewTileProps, 'engine' | 'coverage'>) {
  const { t } = useTranslation('review');
  const atMs = useClockAt(engine, 1000);
  if (!isClaimedTwice(coverage, atMs)) return null;
  return (
    <p className={classes.doubt} role="note">
      {t('tile.claimedTwice')}
    </p>
  );
}

function GapCover({
  engine,
  coverage,
  windowFromMs,
  windowToMs,
}: Pick<ReviewTileProps, 'engine' | 'coverage' | 'windowFromMs' | 'windowToMs'>) {
  const { t } = useTranslation();
  const atMs = useClockAt(engine, 1000);
  const gap = gapAt(coverage, atMs, windowFromMs, windowToMs);
  const never = coverage.oldestAt === null;
  const before = coverage.oldestAt !== null && atMs < Date.parse(coverage.oldestAt);
  return (
    <div className={classes.cover} data-testid={`review-gap-${coverage.cameraId}`}>
      {never
        ? t('review:gap.never')
        : before && coverage.oldestAt !== null
          ? t('review:gap.beforeOldest', { oldest: oldestTime(coverage.oldestAt) })
          : gap
            ? gapSentence(t, gap)
            : t('review:gap.here')}
    </div>
  );
}
