import type { CameraRetentionFacts } from './recorder-facts.js';

const dayMs = 86_400_000;

type Facts = Omit<CameraRetentionFacts, 'cameraId'>;
/** Cameras by name, or (in `others`) cameras of other areas that are summed per number of days. */
export interface ForecastFacts {
  freeBytes: number;
  minFreeBytes: number;
  footageBytes: number;
  cameras: readonly CameraRetentionFacts[];
  others?: readonly Facts[];
}

export interface ForecastOptions {
  /** Days to try instead of those that a camera has. */
  daysOfCamera?: (cameraId: string, days: number) => number;
  nowMs: number;
}

export interface CameraForecast {
  cameraId: string;
  /** Asked for. */
  days: number;
  /** What will really be kept at the present bitrate; may be 0 where held footage fills the disk. */
  keptDays: number;
  limit: 'age' | 'disk';
  /** Bytes that are older than `days` already and go at once when this is chosen. */
  deletedAtOnceBytes: number;
}

export interface RetentionForecast {
  cameras: CameraForecast[];
  /** Room for footage that is not held. */
  roomBytes: number;
  heldBytes: number;
  /** There is no room, and there would be without what is held. */
  fullOfHeld: boolean;
  bytesPerDay: number;
  /** Days of everything that fit at the present bitrate; null: nothing is being recorded. */
  diskDays: number | null;
  /** The disk ends footage at this age, before some camera's own days are over; null: it never does. */
  cutDays: number | null;
  /** Days until the disk is full, 0 where it is; null: it never will be. */
  fullInDays: number | null;
  deletedAtOnceBytes: number;
}

interface Camera {
  days: number;
  bytesPerDay: number;
  /** Unheld bytes that there are, without those that are too old. */
  bytes: number;
  deletedAtOnceBytes: number;
}

/**
 * What becomes of footage at the present bitrate. Files that are not held are deleted whole, oldest first over all cameras
 * when room ends, hence all cameras are cut at one age. Held footage takes its room for good.
 */
export function forecastRetention(facts: ForecastFacts, options: ForecastOptions): RetentionForecast {
  const { nowMs, daysOfCamera = (_id: string, days: number) => days } = options;
  const named = facts.cameras.map((camera) =>
    inDays(camera, daysOfCamera(camera.cameraId, camera.retentionDays), nowMs),
  );
  const all = [...named, ...(facts.others ?? []).map((other) => inDays(other, other.retentionDays, nowMs))];

  const heldBytes = sum([...facts.cameras, ...(facts.others ?? [])], (camera) => camera.heldBytes);
  const footageRoomBytes = facts.footageBytes + facts.freeBytes - facts.minFreeBytes;
  const roomBytes = Math.max(0, footageRoomBytes - heldBytes);
  const bytesPerDay = sum(all, (camera) => camera.bytesPerDay);
  const cutDays = ageThatFills(all, roomBytes);
  return {
    cameras: named.map((camera, index) => {
      const limit = cutDays !== null && cutDays < camera.days ? 'disk' : 'age';
      return {
        cameraId: facts.cameras[index]!.cameraId,
        days: camera.days,
        keptDays: limit === 'disk' ? (cutDays ?? 0) : camera.days,
        limit,
        deletedAtOnceBytes: camera.deletedAtOnceBytes,
      };
    }),
    roomBytes,
    heldBytes,
    fullOfHeld: roomBytes === 0 && footageRoomBytes > 0,
    bytesPerDay,
    diskDays: bytesPerDay > 0 ? roomBytes / bytesPerDay : null,
    cutDays,
    fullInDays: cutDays === null ? null : daysUntil(all, roomBytes),
    deletedAtOnceBytes: sum(named, (camera) => camera.deletedAtOnceBytes),
  };
}

function inDays(facts: Facts, days: number, nowMs: number): Camera {
  const unheld = Math.max(0, facts.footageBytes - facts.heldBytes);
  const ageDays = facts.oldestAt === null ? 0 : Math.max(0, (nowMs - Date.parse(facts.oldestAt)) / dayMs);
  // Files are whole and clocks differ: what is over its time by less than an hour is not worth a word.
  const tooOld = ageDays > days + 1 / 24 ? unheld * (1 - days / ageDays) : 0;
  return { days, bytesPerDay: facts.bytesPerDay, bytes: unheld - tooOld, deletedAtOnceBytes: tooOld };
}

/** The age in days at which all cameras together fill the room, each keeping at most its own days; null: they never do. */
function ageThatFills(cameras: readonly Camera[], roomBytes: number): number | null {
  let bytes = 0;
  let fromDays = 0;
  let rate = sum(cameras, (camera) => camera.bytesPerDay);
  for (const { days, bytesPerDay } of cameras.filter(growing).sort((one, other) => one.days - other.days)) {
    const next = bytes + rate * (days - fromDays);
    if (next > roomBytes) return fromDays + (roomBytes - bytes) / rate;
    bytes = next;
    fromDays = days;
    rate -= bytesPerDay;
  }
  return null;
}
const growing = (camera: Camera): boolean => camera.bytesPerDay > 0;

/** When the disk is full for the first time; null: not before everything is as old as it may be. */
function daysUntil(cameras: readonly Camera[], roomBytes: number): number | null {
  // Between two of these instants what is on the disk grows (or shrinks) evenly.
  const turns = [0, ...cameras.map(settledInDays)].sort((one, other) => one - other);
  let [beforeDays, beforeBytes] = [0, sum(cameras, (camera) => bytesAfter(camera, 0))];
  if (beforeBytes >= roomBytes) return 0;
  for (const days of turns) {
    const bytes = sum(cameras, (camera) => bytesAfter(camera, days));
    if (bytes >= roomBytes) {
      return beforeDays + ((roomBytes - beforeBytes) / (bytes - beforeBytes)) * (days - beforeDays);
    }
    [beforeDays, beforeBytes] = [days, bytes];
  }
  return null;
}

/** Bytes of a camera so many days from now, were there no end of room. */
function bytesAfter(camera: Camera, days: number): number {
  const { bytes, bytesPerDay } = camera;
  const full = bytesPerDay * camera.days;
  if (bytes <= full) return Math.min(full, bytes + bytesPerDay * days);
  // It was recorded at a higher bitrate, which goes bit by bit.
  return bytes - (bytes - full) * Math.min(1, days / camera.days);
}

/** When a camera has all that it will ever have. */
function settledInDays(camera: Camera): number {
  const missing = camera.bytesPerDay * camera.days - camera.bytes;
  return missing > 0 ? missing / camera.bytesPerDay : camera.days;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
