// What a forecast of retention is made from: how much each camera records a day, keeps, and must keep.
import { instantFromMs } from '@choi-canh/shared/common';
import type { RetentionFacts } from '@choi-canh/shared/recorder-facts';
import type { Clock } from '../../lib/clock.js';
import type { CameraFacts } from './catalogue-database.js';
import type { Catalogue } from './catalogue.js';
import type { Holds } from './holds.js';
import type { DiskSpace, Retention } from './retention.js';

const dayMs = 86_400_000;
/** Less than this says nothing about a day. */
const shortestMs = 10_000;
const maxCameras = 20_000;
const unknownDays = 3650;

/** A file that is being written. */
interface OpenFootage {
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly byteLength: number;
}

/** Bytes of 24 hours, from those of the last 24 hours or of as much as there is; gaps count as such. */
export function bytesPerDay(closed: CameraFacts | undefined, open: readonly OpenFootage[], nowMs: number): number {
  const openBytes = open.reduce((sum, file) => sum + file.byteLength, 0);
  const openFromMs = Math.min(Infinity, ...open.map((file) => file.startAtMs));
  const isRecent = closed !== undefined && (open.length === 0 || closed.recentToMs >= nowMs);
  const fromMs = Math.min(openFromMs, isRecent ? closed.recentFromMs : Infinity);
  const toMs = open.length > 0 ? Math.max(nowMs, ...open.map((file) => file.endAtMs)) : closed?.recentToMs;
  if (toMs === undefined || fromMs === Infinity) return 0;
  // The last file ends where the next one is still being written, or where recording ended.
  const endMs = open.length > 0 ? toMs : Math.min(toMs, closed?.newestAtMs ?? toMs);
  const spanMs = Math.min(dayMs, endMs - fromMs);
  if (spanMs < shortestMs) return 0;
  return (((isRecent ? closed.recentBytes : 0) + openBytes) * dayMs) / spanMs;
}

export async function collectRetentionFacts(options: {
  catalogue: Pick<Catalogue, 'facts' | 'bytesTouched'>;
  clock: Clock;
  holds: Pick<Holds, 'ofCamera' | 'isHeld'>;
  retention: Retention;
  space: () => Promise<DiskSpace>;
  openFiles: (cameraId: string) => readonly OpenFootage[];
  openCameras: () => readonly string[];
}): Promise<RetentionFacts> {
  const { catalogue, clock, holds, retention } = options;
  const nowMs = clock.nowMs();
  const [closed, disk] = await Promise.all([catalogue.facts(nowMs), options.space()]);
  const closedOf = new Map(closed.map((facts) => [facts.cameraId, facts]));
  const policy = retention.policy();
  const cameraIds = new Set([...policy.daysOfCamera.keys(), ...closedOf.keys(), ...options.openCameras()]);
  const cameras: RetentionFacts['cameras'] = [];
  for (const cameraId of [...cameraIds].slice(0, maxCameras)) {
    const facts = closedOf.get(cameraId);
    const open = options.openFiles(cameraId);
    const held = holds.ofCamera(cameraId);
    const heldOpen = open.filter((file) => holds.isHeld(cameraId, file.startAtMs, file.endAtMs));
    const oldestAtMs = Math.min(facts?.oldestAtMs ?? Infinity, ...open.map((file) => file.startAtMs));
    const sum = (files: readonly OpenFootage[]) => files.reduce((bytes, file) => bytes + file.byteLength, 0);
    cameras.push({
      cameraId,
      retentionDays: retention.daysOf(cameraId) ?? unknownDays,
      bytesPerDay: Math.round(bytesPerDay(facts, open, nowMs)),
      footageBytes: (facts?.bytes ?? 0) + sum(open),
      heldBytes: (held.length === 0 ? 0 : await catalogue.bytesTouched(cameraId, held)) + sum(heldOpen),
      oldestAt: Number.isFinite(oldestAtMs) ? instantFromMs(oldestAtMs) : null,
    });
  }
  return {
    freeBytes: disk.freeBytes,
    totalBytes: disk.totalBytes,
    minFreeBytes: policy.minFreeBytes,
    footageBytes: cameras.reduce((sum, camera) => sum + camera.footageBytes, 0),
    cameras,
  };
}
