import {
  IconArrowsHorizontal,
  IconChevronLeft,
  IconChevronRight,
  IconKeyboard,
  IconZoomIn,
  IconZoomOut,
} from '@tabler/icons-react';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDateTime, formatTime } from '../../lib/time.js';
import type { ReviewEngine } from './review-engine.js';
import classes from './review.module.css';
import { drawTimeline, laneAt, timelineSize, type TimelineScene } from './timeline-drawing.js';
import { cardX, TimelineHover, type HoverPlace } from './timeline-hover.js';
import { listenToTimeline, type DragKind, type TimelineGestures } from './timeline-pointer.js';
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
  onHelp(): void;
  /** Where the pictures are: the card under the pointer is shown there, above the controls. */
  stage: HTMLElement | null;
}

/** Room for all lanes, where the screen is low and else. */
const lowLanesPx = 72;
const lanesPx = 112;
/** A drag over the edge moves the view by at most this much an event. */
const edgePanPx = 16;

/** What is recorded and what is missing, a lane a camera, on the clock's time. */
export function Timeline(props: TimelineProps) {
  const { engine, lanes, tags, holds, marks, fromMs, toMs } = props;
  const { t } = useTranslation('review');
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [zoomed, setZoomed] = useState<TimelineView>();
  const [hover, setHover] = useState<HoverPlace>();
  const [drag, setDrag] = useState<DragKind>();
  const low = useMediaQuery('(max-height: 53.75em)', false, { getInitialValueInEffect: false });
  const bounds = useMemo(() => ({ fromMs, toMs }), [fromMs, toMs]);
  const view = useMemo(() => (zoomed === undefined ? bounds : panView(zoomed, bounds, 0)), [zoomed, bounds]);
  const { lanePx, heightPx } = timelineSize(lanes.length, low ? lowLanesPx : lanesPx);
  const { clock } = engine;

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // Drawn when something changed that can be seen: at most once a screen frame.
  const shownJump = useRef(clock.snapshot().jump);
  useEffect(() => {
    let drawn = Number.NaN;
    let ratio = 0;
    const draw = () => {
      const element = canvas.current;
      if (element === null || width === 0) return;
      const atMs = clock.at();
      const { playing, jump } = clock.snapshot();
      if (drag === undefined && (playing || jump !== shownJump.current) && (atMs < view.fromMs || atMs > view.toMs)) {
        setZoomed(revealMs(view, bounds, atMs));
      }
      shownJump.current = jump;
      const x = Math.round(((atMs - view.fromMs) / (view.toMs - view.fromMs)) * width * 2);
      if (x === drawn && ratio === window.devicePixelRatio) return;
      drawn = x;
      ratio = window.devicePixelRatio;
      const scene = { lanes, tags, holds, marks, view, atMs, lanePx };
      drawTimeline(element, scene, width, heightPx, Math.min(3, ratio || 1));
    };
    draw();
    return engine.onFrame(draw);
  }, [engine, clock, lanes, tags, holds, marks, view, bounds, width, lanePx, heightPx, drag]);

  const pan = (byPx: number) =>
    setZoomed((now) => panView(now ?? bounds, bounds, (byPx / width) * (view.toMs - view.fromMs)));
  const resumes = useRef(false);
  const gestures = useRef<TimelineGestures>(undefined);
  useEffect(() => {
    gestures.current = {
      onSeek: (x) => clock.seek(msOfX(view, width, x)),
      onScrub(x, phase) {
        if (phase === 'start') {
          // What is looked for is looked at: playing goes on once the pointer lets go.
          resumes.current = clock.snapshot().playing;
          clock.pause();
          return;
        }
        const inside = Math.min(Math.max(x, 0), width);
        if (phase === 'move' && x !== inside) pan(Math.min(Math.max(x - inside, -edgePanPx), edgePanPx));
        clock.seek(msOfX(view, width, inside));
        if (phase === 'end' && resumes.current) clock.play();
      },
      onPan: pan,
      onZoom: (x, factor) =>
        setZoomed((now) => zoomView(now ?? bounds, bounds, msOfX(now ?? bounds, width, x), factor)),
      onHover(x, y) {
        const left = canvas.current?.getBoundingClientRect().left;
        if (x === undefined || left === undefined || props.stage === null) return setHover(undefined);
        const lane = laneAt(y, lanes.length, lanePx);
        setHover({ x: cardX(props.stage, left + x), lane, atMs: msOfX(view, width, x) });
      },
      onDrag: (kind) => setDrag(kind),
    };
  });
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    return listenToTimeline(element, () => gestures.current!);
  }, []);

  const zoom = (factor: number) => setZoomed((now) => zoomView(now ?? bounds, bounds, clock.at(), factor));
  const zoomButton = (name: 'zoomIn' | 'zoomOut' | 'zoomAll', run: () => void, icon: React.ReactNode) => (
    <button
      type="button"
      className={classes.button}
      onClick={run}
      aria-label={t(`timeline.${name}`)}
      title={t(`timeline.${name}`)}
    >
      {icon}
    </button>
  );
  return (
    <div className={classes.timeline}>
      <TimelineSlider
        engine={engine}
        fromMs={fromMs}
        toMs={toMs}
        canvas={canvas}
        height={heightPx}
        drag={drag}
        view={view}
        zoom={zoom}
      />
      {hover && width > 0 && drag === undefined && props.stage && (
        <TimelineHover
          place={hover}
          stage={props.stage}
          lanes={lanes}
          tags={tags}
          bounds={bounds}
          posterUrl={props.posterUrl}
        />
      )}
      <button
        type="button"
        className={`${classes.button} ${classes.widenBefore}`}
        onClick={() => props.onWiden('before')}
      >
        <IconChevronLeft size={20} aria-hidden="true" />
        <span className={classes.words}>{t('timeline.widenBefore')}</span>
      </button>
      <button
        type="button"
        className={`${classes.button} ${classes.widenAfter}`}
        onClick={() => props.onWiden('after')}
        disabled={!props.canWidenAfter}
      >
        <span className={classes.words}>{t('timeline.widenAfter')}</span>
        <IconChevronRight size={20} aria-hidden="true" />
      </button>
      <div className={classes.zoom}>
        {zoomButton('zoomIn', () => zoom(0.5), <IconZoomIn size={22} aria-hidden="true" />)}
        {zoomButton('zoomOut', () => zoom(2), <IconZoomOut size={22} aria-hidden="true" />)}
        {zoomButton('zoomAll', () => setZoomed(undefined), <IconArrowsHorizontal size={22} aria-hidden="true" />)}
        <button
          type="button"
          className={`${classes.button} ${classes.help}`}
          onClick={props.onHelp}
          onMouseDown={(event) => event.preventDefault()}
          title={t('controls.keys')}
          aria-label={t('controls.keys')}
        >
          <IconKeyboard size={22} aria-hidden="true" />
        </button>
      </div>
    </div>
  );
}

/** Left, right and Page Up, Page Down mean here what they mean on the whole page (review-keys.ts). */
const keySteps: Record<string, number> = { ArrowUp: 60_000, ArrowDown: -60_000 };

function TimelineSlider({
  engine,
  fromMs,
  toMs,
  canvas,
  height,
  drag,
  view,
  zoom,
}: Pick<TimelineProps, 'engine' | 'fromMs' | 'toMs'> & {
  canvas: React.Ref<HTMLCanvasElement>;
  height: number;
  drag: DragKind | undefined;
  view: TimelineView;
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
      style={{ height }}
      data-testid="timeline"
      data-drag={drag}
      data-from-ms={Math.round(view.fromMs)}
      data-to-ms={Math.round(view.toMs)}
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
