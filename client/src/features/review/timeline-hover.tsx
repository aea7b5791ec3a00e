import { useDebouncedValue } from '@mantine/hooks';
import { useCallback, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { formatTime } from '../../lib/time.js';
import { gapAt } from './coverage-lookup.js';
import { gapSentence } from './gap-sentence.js';
import classes from './review.module.css';
import type { TimelineScene } from './timeline-drawing.js';
import type { TimelineView } from './timeline-scale.js';

export interface HoverPlace {
  /** From the left edge of the pictures, within the card's reach. */
  x: number;
  lane: number | undefined;
  atMs: number;
}

/** One picture per this much time and camera, whatever the pointer does. */
const pictureStepMs = 2000;
const cardHalfPx = 112;

/** Where the card stands for a pointer at `clientX`. */
export function cardX(stage: HTMLElement, clientX: number): number {
  const box = stage.getBoundingClientRect();
  return Math.min(Math.max(cardHalfPx, clientX - box.left), Math.max(cardHalfPx, box.width - cardHalfPx));
}

/** The picture under the pointer, at the lower edge of the pictures: it covers neither the controls nor the timeline. */
export function TimelineHover({
  place,
  stage,
  lanes,
  tags,
  bounds,
  posterUrl,
}: {
  place: HoverPlace;
  stage: HTMLElement;
  lanes: TimelineScene['lanes'];
  tags: TimelineScene['tags'];
  bounds: TimelineView;
  posterUrl(cameraId: string, atMs: number): string;
}) {
  const { t } = useTranslation();
  const lane = place.lane === undefined ? undefined : lanes[place.lane];
  const gap = lane && gapAt(lane.coverage, place.atMs, bounds.fromMs, bounds.toMs);
  const tagged =
    lane &&
    tags.some((tag) => tag.cameraId === lane.coverage.cameraId && place.atMs >= tag.fromMs && place.atMs < tag.toMs);
  const wanted =
    lane === undefined || gap !== undefined
      ? undefined
      : posterUrl(lane.coverage.cameraId, Math.floor(place.atMs / pictureStepMs) * pictureStepMs);
  const [settled] = useDebouncedValue(wanted, 200);
  return createPortal(
    <div className={classes.hover} style={{ left: place.x }} data-testid="timeline-card" aria-hidden="true">
      {settled !== undefined && wanted !== undefined && <HoverPicture key={settled} url={settled} />}
      <div>
        <strong>{formatTime(place.atMs)}</strong>
        {lane && ` · ${lane.name}`}
        {tagged && ` · ${t('review:timeline.legend.tag')}`}
      </div>
      {gap && <div>{gapSentence(t, gap)}</div>}
    </div>,
    stage,
  );
}

function HoverPicture({ url }: { url: string }) {
  const [failed, setFailed] = useState(false);
  // A picture that is taken off the page would still be loaded, before the one that is wanted by then.
  const load = useCallback(
    (image: HTMLImageElement) => {
      image.src = url;
      return () => image.removeAttribute('src');
    },
    [url],
  );
  if (failed) return null;
  return <img ref={load} alt="" onError={() => setFailed(true)} />;
}
