import type { CameraCoverage } from '@choi-canh/shared/footage';
import type { Marks } from './marks.js';
import { xOfMs, type TimelineView } from './timeline-scale.js';
import { timelineTicks } from './timeline-ticks.js';

export interface LaneTag {
  cameraId: string;
  fromMs: number;
  toMs: number;
  decisive: boolean;
}
export interface LaneHold {
  cameraId: string;
  fromMs: number;
  toMs: number;
}
export interface TimelineScene {
  lanes: { name: string; coverage: CameraCoverage }[];
  tags: readonly LaneTag[];
  holds: readonly LaneHold[];
  marks: Marks;
  view: TimelineView;
  atMs: number;
  /** Height of a lane. */
  lanePx: number;
}

export const axisPx = 24;
const laneGapPx = 2;
const largestLanePx = 44;
/** The buttons beside the timeline need as much. */
const leastHeightPx = 88;

export interface TimelineSize {
  lanePx: number;
  heightPx: number;
}

/** Lanes share the room, so that a further camera takes nothing from the pictures. @param roomPx for all lanes */
export function timelineSize(lanes: number, roomPx: number): TimelineSize {
  const count = Math.max(1, lanes);
  const lanePx = Math.min(largestLanePx, Math.floor(roomPx / count) - laneGapPx);
  return { lanePx, heightPx: Math.max(leastHeightPx, axisPx + count * (lanePx + laneGapPx) + laneGapPx) };
}
/** Index of the lane at a height; undefined on the axis and below the last lane. */
export function laneAt(y: number, lanes: number, lanePx: number): number | undefined {
  const index = Math.floor((y - axisPx) / (lanePx + laneGapPx));
  return index >= 0 && index < lanes ? index : undefined;
}

const colours = {
  ink: '#f2f5f7',
  dim: '#8b98a2',
  lane: '#161d22',
  recorded: '#2f8f83',
  gap: '#20282e',
  hatch: '#66757f',
  tag: '#b58cff',
  hold: '#7cc4ff',
  mark: '#ffd166',
  head: '#ffffff',
};

type Canvas = CanvasRenderingContext2D;

function hatch(context: Canvas, x: number, y: number, width: number, height: number): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = colours.gap;
  context.fillRect(x, y, width, height);
  context.strokeStyle = colours.hatch;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let start = Math.floor((x - height) / 8) * 8; start < x + width; start += 8) {
    context.moveTo(start, y + height);
    context.lineTo(start + height, y);
  }
  context.stroke();
  context.restore();
}

function drawAxis(context: Canvas, scene: TimelineScene, width: number, height: number, font: string): void {
  context.font = `13px ${font}`;
  context.textBaseline = 'middle';
  for (const tick of timelineTicks(scene.view, width)) {
    const x = Math.round(xOfMs(scene.view, width, tick.wallMs)) + 0.5;
    context.strokeStyle = tick.major ? '#5b6872' : '#36424a';
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, tick.major ? axisPx - 6 : axisPx - 5);
    context.lineTo(x, tick.major ? height : axisPx);
    context.globalAlpha = tick.major ? 0.8 : 1;
    context.stroke();
    context.globalAlpha = 1;
    if (!tick.label) continue;
    const labelWidth = context.measureText(tick.label).width;
    context.fillStyle = '#c9d3da';
    context.fillText(tick.label, Math.min(Math.max(2, x - labelWidth / 2), width - labelWidth - 2), 9);
  }
}

function drawLane(context: Canvas, scene: TimelineScene, index: number, width: number, font: string): void {
  const lane = scene.lanes[index]!;
  const { lanePx } = scene;
  const insetPx = lanePx < 24 ? 1 : 4;
  const y = axisPx + index * (lanePx + laneGapPx);
  const span = (fromMs: number, toMs: number, least = 1): [number, number] => {
    const from = Math.max(-20, xOfMs(scene.view, width, fromMs));
    const to = Math.min(width + 20, xOfMs(scene.view, width, toMs));
    return [from, Math.max(to - from, least)];
  };
  const seen = (fromMs: number, toMs: number) => toMs > scene.view.fromMs && fromMs < scene.view.toMs;

  context.fillStyle = colours.lane;
  context.fillRect(0, y, width, lanePx);
  for (const gap of lane.coverage.gaps) {
    const [fromMs, toMs] = [Date.parse(gap.from), Date.parse(gap.to)];
    if (seen(fromMs, toMs)) hatch(context, span(fromMs, toMs)[0], y, span(fromMs, toMs)[1], lanePx);
  }
  context.fillStyle = colours.recorded;
  for (const range of lane.coverage.recorded) {
    const [fromMs, toMs] = [Date.parse(range.from), Date.parse(range.to)];
    if (!seen(fromMs, toMs)) continue;
    const [x, w] = span(fromMs, toMs);
    context.fillRect(x, y + insetPx, w, lanePx - 2 * insetPx);
  }
  for (const hold of scene.holds) {
    if (hold.cameraId !== lane.coverage.cameraId || !seen(hold.fromMs, hold.toMs)) continue;
    const [x, w] = span(hold.fromMs, hold.toMs, 3);
    context.fillStyle = colours.hold;
    const postPx = Math.min(12, lanePx / 2);
    context.fillRect(x, y + lanePx - insetPx - 2, w, insetPx + 2);
    context.fillRect(x, y + lanePx - postPx, 3, postPx);
    context.fillRect(x + w - 3, y + lanePx - postPx, 3, postPx);
  }
  for (const tag of scene.tags) {
    if (tag.cameraId !== lane.coverage.cameraId || !seen(tag.fromMs, tag.toMs)) continue;
    const [x, w] = span(tag.fromMs, tag.toMs, 6);
    context.fillStyle = colours.tag;
    context.fillRect(x, y, w, Math.min(7, lanePx / 3));
    context.fillRect(x, y, 2, lanePx);
    context.fillRect(x + w - 2, y, 2, lanePx);
    if (tag.decisive) {
      context.font = `${Math.min(15, lanePx - 2)}px ${font}`;
      context.textBaseline = 'middle';
      context.fillStyle = colours.ink;
      context.fillText('★', x + w / 2 - 7, y + lanePx / 2 + 1);
    }
  }
  context.font = `600 ${lanePx < 20 ? 13 : 14}px ${font}`;
  context.textBaseline = 'middle';
  context.lineWidth = 4;
  context.strokeStyle = 'rgba(6, 12, 16, 0.75)';
  context.lineJoin = 'round';
  context.fillStyle = colours.ink;
  const text = lane.name.length > 26 ? `${lane.name.slice(0, 25)}…` : lane.name;
  context.strokeText(text, 8, y + lanePx / 2 + 1);
  context.fillText(text, 8, y + lanePx / 2 + 1);
}

function drawMarks(context: Canvas, scene: TimelineScene, width: number, height: number): void {
  const { inMs, outMs } = scene.marks;
  const x = (ms: number) => xOfMs(scene.view, width, ms);
  if (inMs !== undefined && outMs !== undefined) {
    context.fillStyle = 'rgba(255, 209, 102, 0.22)';
    context.fillRect(x(inMs), axisPx, x(outMs) - x(inMs), height - axisPx);
  }
  context.fillStyle = colours.mark;
  for (const [ms, direction] of [
    [inMs, 1],
    [outMs, -1],
  ] as const) {
    if (ms === undefined) continue;
    const at = x(ms);
    context.fillRect(at - 1, axisPx - 8, 2, height);
    context.fillRect(direction === 1 ? at - 1 : at - 9, axisPx - 8, 10, 3);
    context.fillRect(direction === 1 ? at - 1 : at - 9, height - 3, 10, 3);
  }
}

/** Draws the whole timeline; sizes are CSS pixels, `ratio` is the screen's. */
export function drawTimeline(
  canvas: HTMLCanvasElement,
  scene: TimelineScene,
  width: number,
  height: number,
  ratio: number,
): void {
  const pixelWidth = Math.round(width * ratio);
  const pixelHeight = Math.round(height * ratio);
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  const context = canvas.getContext('2d');
  if (context === null) return;
  const font = getComputedStyle(canvas).fontFamily;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  for (let index = 0; index < scene.lanes.length; index++) drawLane(context, scene, index, width, font);
  drawAxis(context, scene, width, height, font);
  drawMarks(context, scene, width, height);

  const head = Math.round(xOfMs(scene.view, width, scene.atMs));
  context.fillStyle = colours.head;
  context.fillRect(head - 1, 0, 2, height);
  context.beginPath();
  context.moveTo(head - 8, 0);
  context.lineTo(head + 8, 0);
  context.lineTo(head + 8, 6);
  context.lineTo(head, 15);
  context.lineTo(head - 8, 6);
  context.closePath();
  context.fill();
}
