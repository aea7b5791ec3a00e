import type { CameraResponse } from '@choi-canh/shared/cameras';
import { useTranslation } from 'react-i18next';
import { LiveVideo, type LiveSound } from '../../components/live-video.js';
import { StateBadge } from '../../components/state-badge.js';
import classes from './live-wall.module.css';

/** One camera on the wall: picture, name, state. A click (or Enter) shows it alone and sharp. */
export function LiveTile({
  camera,
  stream,
  mode = 'live',
  sound,
  onFocus,
}: {
  camera: CameraResponse;
  stream: 'main' | 'sub';
  mode?: 'live' | 'focus';
  sound?: LiveSound;
  onFocus?: () => void;
}) {
  const { t } = useTranslation('live');
  return (
    <article className={classes.tile} aria-label={camera.name} data-camera-id={camera.id}>
      <LiveVideo camera={camera} stream={stream} mode={mode} sound={sound} />
      <div className={classes.caption}>
        <StateBadge state={camera.state} compact />
        <span className={classes.name}>{camera.name}</span>
        {!camera.name.includes(camera.place) && <span className={classes.place}>{camera.place}</span>}
      </div>
      {onFocus !== undefined && (
        <button
          type="button"
          className={classes.open}
          onClick={onFocus}
          aria-label={t('enlarge', { camera: camera.name })}
        />
      )}
    </article>
  );
}
