import { IconArrowsHorizontal, IconChevronLeft, IconChevronRight, IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDateTime, formatTime } from '../../lib/time.js';
import type { ReviewEngine } from './review-engine.js';
import classes from './review.module.css';
import { drawTimeline, laneAt, timelineHeight, type TimelineScene } from './timeline-drawing.js';
import { TimelineHover, type HoverPlace } from './timeline-hover.js';
import { listenToTimeline } from './timeline-pointer.js';
import { msOfX, panView, revealMs, zoomView, type TimelineView } from './timeline-scale.js';
import { useClockAt } from './use-clock.js';

export interface TimelineProps {
  engine: ReviewEngine;
  lanes: TimelineScene['lanes'];
  tags: TimelineScene['tags'];
  holds: TimelineScene['holds'];
  marks: TimelineScene['marks'];
  fromMs: number;
  toMs: number;
  posterUrl(cameraId: string, atMs: number): string;
  onWiden(side: 'before' | 'after'): void;
  canWidenAfter: boolean;
}

/** What is recorded and what is missing, a lane a camera, on the clock's time. */
export function Timeline(props: TimelineProps) {
  const { engine, lanes, tags, holds, marks, fromMs, toMs } = props;
  const { t } = useTranslation('review');
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [zoomed, setZoomed] = useState<TimelineView>();
  const [hover, setHover] = useState<HoverPlace>();
  const [panning, setPanning] = useState(false);
  const bounds = useMemo(() => ({ fromMs, toMs }), [fromMs, toMs]);
  const view = useMemo(() => (zoomed === undefined ? bounds : panView(zoomed, bounds, 0)), [zoomed, bounds]);
  const height = timelineHeight(lanes.length);
  const { clock } = engine;

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // Drawn when something changed that can be seen: at most once a screen frame.
  useEffect(() => {
    let drawn = Number.NaN;
    let ratio = 0;
    const draw = () => {
      const element = canvas.current;
      if (element === null || width === 0) return;
      const atMs = clock.at();
      if (clock.snapshot().playing && !panning && (atMs < view.fromMs || atMs > view.toMs)) {
        setZoomed(revealMs(view, bounds, atMs));
      }
      const x = Math.round(((atMs - view.fromMs) / (view.toMs - view.fromMs)) * width * 2);
      if (x === drawn && ratio === window.devicePixelRatio) return;
      drawn = x;
      ratio = window.devicePixelRatio;
      drawTimeline(element, { lanes, tags, holds, marks, view, atMs }, width, height, Math.min(3, ratio || 1));
    };
    draw();
    return engine.onFrame(draw);
  }, [engine, clock, lanes, tags, holds, marks, view, bounds, width, height, panning]);

  useEffect(() => {
    const element = canvas.current;
    if (element === null || width === 0) return;
    const seek = (x: number) => clock.seek(msOfX(view, width, x));
    return listenToTimeline(element, {
      onSeek: seek,
      onScrub: seek,
      onPan: (byPx) => setZoomed((now) => panView(now ?? bounds, bounds, (byPx / width) * (view.toMs - view.fromMs))),
      onZoom: (x, factor) =>
        setZoomed((now) => zoomView(now ?? bounds, bounds, msOfX(now ?? bounds, width, x), factor)),
      onHover: (x, y) =>
        setHover(x === undefined ? undefined : { x, lane: laneAt(y, lanes.length), atMs: msOfX(view, width, x) }),
      onPanning: setPanning,
    });
  }, [clock, view, bounds, width, lanes.length]);

  const zoom = (factor: number) => setZoomed((now) => zoomView(now ?? bounds, bounds, clock.at(), factor));
  return (
    <div className={classes.timeline}>
      <TimelineSlider
        engine={engine}
        fromMs={fromMs}
        toMs={toMs}
        canvas={canvas}
        height={height}
        panning={panning}
        zoom={zoom}
      />
      {hover && width > 0 && !panning && (
        <TimelineHover
          place={hover}
          width={width}
          lanes={lanes}
          tags={tags}
          bounds={bounds}
          posterUrl={props.posterUrl}
        />
      )}
      <div className={classes.timelineBar}>
        <span className={classes.group}>
          <button type="button" className={classes.button} onClick={() => props.onWiden('before')}>
            <IconChevronLeft size={20} aria-hidden="true" />
            {t('timeline.widenBefore')}
          </button>
        </span>
        <span className={classes.group}>
          <button type="button" className={classes.button} onClick={() => zoom(0.5)} aria-label={t('timeline.zoomIn')}>
            <IconZoomIn size={22} aria-hidden="true" />
          </button>
          <button type="button" className={classes.button} onClick={() => zoom(2)} aria-label={t('timeline.zoomOut')}>
            <IconZoomOut size={22} aria-hidden="true" />
          </button>
          <button
            type="button"
            className={classes.button}
            onClick={() => setZoomed(undefined)}
            aria-label={t('timeline.zoomAll')}
          >
            <IconArrowsHorizontal size={22} aria-hidden="true" />
          </button>
        </span>
        <span className={classes.group}>
          <button
            type="button"
            className={classes.button}
            onClick={() => props.onWiden('after')}
            disabled={!props.canWidenAfter}
          >
            {t('timeline.widenAfter')}
            <IconChevronRight size={20} aria-hidden="true" />
          </button>
        </span>
      </div>
      <div className={classes.legend} aria-hidden="true">
        {(['recorded', 'gap', 'tag', 'hold'] as const).map((kind) => (
          <span key={kind}>
            <i className={classes.swatch} data-kind={kind} />
            {t(`timeline.legend.${kind}`)}
          </span>
        ))}
      </div>
    </div>
  );
}

const keySteps: Record<string, number> = { PageUp: 60_000, PageDown: -60_000, ArrowUp: 60_000, ArrowDown: -60_000 };

function TimelineSlider({
  engine,
  fromMs,
  toMs,
  canvas,
  height,
  panning,
  zoom,
}: Pick<TimelineProps, 'engine' | 'fromMs' | 'toMs'> & {
  canvas: React.Ref<HTMLCanvasElement>;
  height: number;
  panning: boolean;
  zoom(factor: number): void;
}) {
  const { t } = useTranslation('review');
  const { clock } = engine;
  const atMs = useClockAt(engine, 1000);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key in keySteps) clock.seek(clock.at() + keySteps[event.key]!);
    else if (event.key === 'Home') clock.seek(fromMs);
    else if (event.key === 'End') clock.seek(toMs);
    else if (event.key === '+' || event.key === '=') zoom(0.5);
    else if (event.key === '-') zoom(2);
    else return;
    event.preventDefault();
  };
  return (
    <canvas
      ref={canvas}
      className={classes.surface}
      style={{ height: height }}
      data-testid="timeline"
      data-panning={panning || undefined}
      role="slider"
      tabIndex={0}
      aria-label={t('timeline.label')}
      aria-valuemin={fromMs}
      aria-valuemax={toMs}
      aria-valuenow={atMs}
      aria-valuetext={t('timeline.valueText', {
        at: formatDateTime(atMs),
        from: formatTime(fromMs),
        to: formatTime(toMs),
      })}
      onKeyDown={onKeyDown}
    />
  );
}
