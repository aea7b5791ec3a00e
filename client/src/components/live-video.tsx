import type { CameraResponse } from '@choi-canh/shared/cameras';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  noneGivenUp,
  oneMoreGivenUp,
  triedAgain,
  triedAgainAfterMs,
  type GivenUpStreams,
} from '../lib/given-up-streams.js';
import { CameraReasonText } from './camera-reason.js';
import { useStaleSince } from '../lib/freshness.js';
import { useHlsVideo, type VideoFailure } from '../lib/hls-video.js';
import { codecNames, codecOf, playableCodecs, streamsToTry, type LiveStream } from '../lib/playable-codecs.js';
import { serverNowMs } from '../lib/server-clock.js';
import { formatDateTime, formatTime, startOfDay } from '../lib/time.js';
import { useNow } from '../lib/use-now.js';
import { useOnScreen, usePageVisible } from '../lib/use-visible.js';
import classes from './live-video.module.css';

/** Beyond this the picture says how far it is behind. */
const behindNoticeMs = 5000;
/** In focus the stream is there so soon that a still would only take its turn. */
const stillDelayMs = 600;

const base = (cameraId: string, stream: LiveStream | 'sound') => `/api/cameras/${cameraId}/live/${stream}`;

export interface LiveSound {
  readonly on: boolean;
  onLost(): void;
}

/**
 * The live picture of one camera: the newest still at once, then the stream. It plays only while it can be seen, says
 * in words why there is no picture and since when, and tries again by itself. What the browser cannot play is replaced
 * by what it can, and said so. `mode` focus: with low latency; at most two on a page. `sound`: heard while `on`, which
 * costs low latency; where it cannot be played the picture goes on without, and `onLost` is told.
 */
export function LiveVideo({
  camera,
  stream,
  mode = 'live',
  sound,
}: {
  camera: CameraResponse;
  stream: 'main' | 'sub';
  mode?: 'live' | 'focus';
  sound?: LiveSound | undefined;
}) {
  const { t } = useTranslation('video');
  const pageVisible = usePageVisible();
  const { ref: frameRef, onScreen } = useOnScreen(mode === 'focus');
  const { used, replaced, playable } = useStreamChoice(camera, stream);
  const watched = pageVisible && onScreen;
  // A camera that is known to be off is not asked again and again: its state comes by socket.
  const wanted = camera.state !== 'down' && camera.state !== 'paused';
  const audible = sound?.on === true && used === 'main';
  const query = `plays=${playableCodecs.join(',')}${mode === 'focus' && !audible ? '&latency=low' : ''}`;
  const url = watched && wanted ? `${base(camera.id, audible ? 'sound' : used)}/playlist.m3u8?${query}` : undefined;
  const tile = mode === 'live' && !audible ? { cameraId: camera.id, stream: used } : undefined;
  const { ref, state, failure, still: pushed, wallTimeMs } = useHlsVideo(url, audible ? 'sound' : mode, tile);
  const refused = failure?.code === 'codec_not_playable';
  const notPlayable = refused || failure?.reason === 'not_playable';
  const onSoundLost = sound?.onLost;
  const troubled = state === 'failed' || state === 'stalled';
  useEffect(() => {
    // Whatever is wrong, the picture comes first.
    if (audible && troubled) onSoundLost?.();
    else if (notPlayable) replaced(refused);
  }, [audible, troubled, onSoundLost, notPlayable, refused, replaced]);
  // A converted picture is not worth a second conversion for its still.
  const stillOf = used === 'converted' ? stream : used;
  const asked = useStill(camera.id, stillOf, tile === undefined && watched && wanted && state !== 'playing');
  const still = pushed?.url ?? asked;
  const at = pushed === undefined ? undefined : new Date(pushed.pictureAtMs).toISOString();
  const moving = state === 'playing' || state === 'stalled';

  return (
    <div className={classes.frame} ref={frameRef} data-video-state={state}>
      {still !== undefined && !moving && <img className={classes.media} src={still} alt="" data-picture-at={at} />}
      <video
        ref={ref}
        className={classes.media}
        data-shown={moving || undefined}
        muted={!audible}
        playsInline
        disablePictureInPicture
        aria-label={t('label', { camera: camera.name })}
      />
      {state === 'playing' && <PictureClock wallTimeMs={wallTimeMs} />}
      {moving && playable !== undefined && (
        <p className={classes.substitute} role="note">
          <span className={classes.whole}>{t(`substitutes.${used}`, { codec: codecNames[playable] })}</span>
          <span className={classes.short} aria-hidden="true">
            {t(`substitutesShort.${used}`)}
          </span>
        </p>
      )}
      {!wanted ? (
        <NoPicture camera={camera} />
      ) : state === 'failed' && failure !== undefined ? (
        <Failure failure={failure} overPicture={still !== undefined} />
      ) : state === 'stalled' ? (
        <p className={classes.note} role="status">
          {t('stalled')}
        </p>
      ) : state === 'starting' && still === undefined ? (
        <p className={classes.message}>{t('starting')}</p>
      ) : null}
    </div>
  );
}

/**
 * The stream that is shown. `replaced` goes on to the next one worth trying, and back after a while unless that was for
 * good; `playable` is the codec that the browser could not play, while another stream than the wished one is shown for
 * that reason.
 */
function useStreamChoice(camera: CameraResponse, wished: 'main' | 'sub') {
  const [tried, setTried] = useState({ of: '', givenUp: noneGivenUp });
  const of = `${camera.id}/${wished}`;
  const streams = streamsToTry(camera, wished);
  const givenUp = tried.of === of ? tried.givenUp : noneGivenUp;
  const { length } = streams;
  const used = streams[Math.min(givenUp.count, length - 1)] ?? 'converted';
  const update = useCallback(
    (change: (before: GivenUpStreams) => GivenUpStreams) =>
      setTried((before) => ({ of, givenUp: change(before.of === of ? before.givenUp : noneGivenUp) })),
    [of],
  );
  const replaced = useCallback(
    (forGood: boolean) => update((before) => oneMoreGivenUp(before, forGood, length)),
    [length, update],
  );
  useEffect(() => {
    const afterMs = triedAgainAfterMs(givenUp);
    if (afterMs === undefined) return;
    const timer = setTimeout(() => update(triedAgain), afterMs);
    return () => clearTimeout(timer);
  }, [givenUp, update]);
  // Where there is no other stream, what is converted is the main one.
  const codec = codecOf((camera[wished] ?? camera.main)?.codec) ?? 'h265';
  const substituted = used !== wished && (camera[wished] !== null || used === 'converted');
  return { used, replaced, playable: substituted ? codec : undefined };
}

/** Address of the newest still, once it is loaded; a missing one is no error, for the stream says what is wrong. */
function useStill(cameraId: string, stream: LiveStream, wanted: boolean): string | undefined {
  const [still, setStill] = useState<{ of: string; url: string }>();
  const of = `${cameraId}/${stream}`;
  useEffect(() => {
    if (!wanted) return;
    const url = `${base(cameraId, stream)}/picture.jpg?at=${Math.floor(Date.now() / 5000)}`;
    const image = new Image();
    image.onload = () => setStill({ of, url });
    const timer = setTimeout(() => (image.src = url), stillDelayMs);
    return () => {
      clearTimeout(timer);
      image.onload = null;
    };
  }, [cameraId, of, stream, wanted]);
  return still?.of === of ? still.url : undefined;
}

function NoPicture({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation();
  const stale = useStaleSince() !== undefined;
  const nowMs = useNow();
  const sinceMs = Date.parse(camera.sinceAt);
  const time = startOfDay(sinceMs) === startOfDay(nowMs) ? formatTime(sinceMs) : formatDateTime(sinceMs, 'minute');
  return (
    <div className={classes.message} role="status">
      <strong>{t(`common:cameraStates.${stale ? 'unknown' : camera.state}`)}</strong>
      <span>
        <CameraReasonText reason={camera.reason} />
      </span>
      <span className={classes.since}>{t('common:since', { time })}</span>
    </div>
  );
}

function Failure({ failure, overPicture }: { failure: VideoFailure; overPicture: boolean }) {
  const { t, i18n } = useTranslation('video');
  const known = failure.code !== '' && i18n.exists(`errors:${failure.code}`);
  return (
    <div className={overPicture ? classes.note : classes.message} role="status">
      <span>{known ? t(`errors:${failure.code}`) : t(`failures.${failure.reason}`)}</span>
      {failure.reason !== 'unsupported' && failure.reason !== 'signed_out' && (
        <span className={classes.since}>{t('retrying')}</span>
      )}
    </div>
  );
}

/** Wall time of the picture that is shown, not of the viewer. Written straight to the page: sixteen tick each second. */
function PictureClock({ wallTimeMs }: { wallTimeMs: () => number | undefined }) {
  const { t } = useTranslation('video');
  const ref = useRef<HTMLTimeElement>(null);
  useEffect(() => {
    const show = () => {
      const ms = wallTimeMs();
      if (ref.current === null) return;
      const behindMs = ms === undefined ? 0 : serverNowMs() - ms;
      const behind = behindMs > behindNoticeMs ? ` · ${t('behind', { count: Math.round(behindMs / 1000) })}` : '';
      ref.current.textContent = ms === undefined ? '' : formatTime(ms) + behind;
      if (ms !== undefined) ref.current.dateTime = new Date(ms).toISOString();
    };
    show();
    const timer = setInterval(show, 500);
    return () => clearInterval(timer);
  }, [t, wallTimeMs]);
  return <time ref={ref} className={classes.clock} />;
}
