import type { CameraResponse } from '@choi-canh/shared/cameras';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHlsVideo, type VideoFailure } from '../lib/hls-video.js';
import { formatDateTime, formatTime, startOfDay } from '../lib/time.js';
import { useNow } from '../lib/use-now.js';
import { useOnScreen, usePageVisible } from '../lib/use-visible.js';
import classes from './live-video.module.css';

export type LiveStream = 'main' | 'sub';

const base = (cameraId: string, stream: LiveStream) => `/api/cameras/${cameraId}/live/${stream}`;

/**
 * The live picture of one camera: the newest still at once, then the stream. It plays only while it can be seen, says
 * in words why there is no picture and since when, and tries again by itself.
 */
export function LiveVideo({ camera, stream }: { camera: CameraResponse; stream: LiveStream }) {
  const { t } = useTranslation('video');
  const pageVisible = usePageVisible();
  const { ref: frameRef, onScreen } = useOnScreen();
  const used: LiveStream = stream === 'sub' && camera.sub === null ? 'main' : stream;
  const watched = pageVisible && onScreen;
  // A camera that is known to be off is not asked again and again: its state comes by socket.
  const wanted = camera.state !== 'down' && camera.state !== 'paused';
  const url = watched && wanted ? `${base(camera.id, used)}/playlist.m3u8` : undefined;
  const { ref, state, failure, wallTimeMs } = useHlsVideo(url, 'live');
  const still = useStill(camera.id, used, watched && wanted && state !== 'playing');
  const moving = state === 'playing' || state === 'stalled';

  return (
    <div className={classes.frame} ref={frameRef} data-video-state={state}>
      {still !== undefined && !moving && <img className={classes.media} src={still} alt="" />}
      <video
        ref={ref}
        className={classes.media}
        data-shown={moving || undefined}
        muted
        playsInline
        disablePictureInPicture
        aria-label={t('label', { camera: camera.name })}
      />
      {state === 'playing' && <PictureClock wallTimeMs={wallTimeMs} />}
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

/** Address of the newest still, once it is loaded; a missing one is no error, for the stream says what is wrong. */
function useStill(cameraId: string, stream: LiveStream, wanted: boolean): string | undefined {
  const [still, setStill] = useState<{ of: string; url: string }>();
  const of = `${cameraId}/${stream}`;
  useEffect(() => {
    if (!wanted) return;
    const url = `${base(cameraId, stream)}/picture.jpg?at=${Math.floor(Date.now() / 5000)}`;
    const image = new Image();
    image.onload = () => setStill({ of, url });
    image.src = url;
    return () => {
      image.onload = null;
    };
  }, [cameraId, of, stream, wanted]);
  return still?.of === of ? still.url : undefined;
}

function NoPicture({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation();
  const nowMs = useNow();
  const sinceMs = Date.parse(camera.sinceAt);
  const time = startOfDay(sinceMs) === startOfDay(nowMs) ? formatTime(sinceMs) : formatDateTime(sinceMs, 'minute');
  return (
    <div className={classes.message} role="status">
      <strong>{t(`common:cameraStates.${camera.state}`)}</strong>
      <span>{t(`common:cameraReasons.${camera.reason}`)}</span>
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
  const ref = useRef<HTMLTimeElement>(null);
  useEffect(() => {
    const show = () => {
      const ms = wallTimeMs();
      if (ref.current !== null) ref.current.textContent = ms === undefined ? '' : formatTime(ms);
    };
    show();
    const timer = setInterval(show, 500);
    return () => clearInterval(timer);
  }, [wallTimeMs]);
  return <time ref={ref} className={classes.clock} />;
}
