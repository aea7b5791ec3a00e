/** Which frames of the simulated cameras a recording holds, by the stamp in each (scripts/camera-simulator/sei.ts). */
import { readdirSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFrameStamp, stampUuid } from '../../camera-simulator/sei.js';

export interface CameraFrames {
  readonly counters: number[];
  firstUtcMs: number;
  lastUtcMs: number;
}

/** By number of the camera. */
export type RecordedFrames = Map<number, CameraFrames>;

const chunkBytes = 4 * 1024 * 1024;
/** Of a stamp with its emulation prevention, generously. */
const stampBytes = 128;
/** In front of its UUID. */
const headBytes = 8;
const tsPacketBytes = 188;
/** At its ends a recording in order of decoding has holes in order of capture. */
const reorderedFrames = 3;

/** Takes the stamps whose UUID begins in [start, end). */
function takeStamps(bytes: Buffer, start: number, end: number, frames: RecordedFrames): void {
  for (let at = bytes.indexOf(stampUuid, start); at !== -1 && at < end; at = bytes.indexOf(stampUuid, at + 1)) {
    const stamp = findFrameStamp(bytes.subarray(Math.max(0, at - headBytes), at + stampBytes));
    if (stamp === undefined) continue;
    const camera = frames.get(stamp.cameraNumber);
    if (camera === undefined) {
      const counters = [Number(stamp.frameCounter)];
      frames.set(stamp.cameraNumber, { counters, firstUtcMs: stamp.utcMs, lastUtcMs: stamp.utcMs });
      continue;
    }
    camera.counters.push(Number(stamp.frameCounter));
    camera.firstUtcMs = Math.min(camera.firstUtcMs, stamp.utcMs);
    camera.lastUtcMs = Math.max(camera.lastUtcMs, stamp.utcMs);
  }
}

/** The payloads of an MPEG transport stream one after the other (ISO/IEC 13818-1 2.4.3.2). */
function transportPayload(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + tsPacketBytes <= bytes.length; at += tsPacketBytes) {
    const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
    const control = (bytes[at + 3]! >> 4) & 3;
    if (bytes[at] !== 0x47 || pid < 0x20 || pid === 0x1000 || (control & 1) === 0) continue;
    const start = at + 4 + (control === 3 ? 1 + bytes[at + 4]! : 0);
    parts.push(bytes.subarray(start, at + tsPacketBytes));
  }
  return Buffer.concat(parts);
}

async function auditFile(path: string, frames: RecordedFrames): Promise<number> {
  if (path.endsWith('.ts')) {
    const bytes = await readFile(path);
    const payload = transportPayload(bytes);
    takeStamps(payload, 0, payload.length, frames);
    return bytes.length;
  }
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes + stampBytes);
    let total = 0;
    for (let kept = 0; ;) {
      const { bytesRead } = await file.read(buffer, kept, buffer.length - kept, null);
      total += bytesRead;
      const length = kept + bytesRead;
      const isLast = length < buffer.length;
      const end = isLast ? length : chunkBytes;
      takeStamps(buffer.subarray(0, length), kept === 0 ? 0 : headBytes, end, frames);
      if (isLast) return total;
      kept = buffer.copy(buffer, 0, end - headBytes, length);
    }
  } finally {
    await file.close();
  }
}

/** All `.ts`, `.m4s` and `.mp4` files below `folder`. */
export async function auditFolder(folder: string): Promise<{ frames: RecordedFrames; bytes: number }> {
  const frames: RecordedFrames = new Map();
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && /\.(ts|m4s|mp4)$/.test(entry.name))
      bytes += await auditFile(join(entry.parentPath, entry.name), frames);
  return { frames, bytes };
}

export interface Completeness {
  readonly frames: number;
  /** Counters that are missing between the first and the last frame of a camera. */
  readonly framesLost: number;
  readonly framesTwice: number;
  /** Cameras with a missing counter, or whose footage does not cover the time asked for. */
  readonly camerasWithGap: number;
  /** Cameras whose first frame is later, or whose last is earlier, than the time asked for. */
  readonly camerasNotCovering: number;
  readonly camerasMissing: number;
}

/** `fromMs`, `toMs`: what every camera must cover, by the cameras' own stamps. */
export function completeness(frames: RecordedFrames, cameras: number, fromMs: number, toMs: number): Completeness {
  let count = 0;
  let framesLost = 0;
  let framesTwice = 0;
  let camerasWithGap = 0;
  let camerasNotCovering = 0;
  let camerasMissing = 0;
  for (let number = 1; number <= cameras; number++) {
    const camera = frames.get(number);
    if (camera === undefined) {
      camerasMissing += 1;
      camerasWithGap += 1;
      continue;
    }
    const counters = Float64Array.from(camera.counters).sort();
    let lost = 0;
    for (let index = 1; index < counters.length; index++) {
      const step = counters[index]! - counters[index - 1]!;
      if (step === 0) framesTwice += 1;
      else if (index > reorderedFrames && index < counters.length - reorderedFrames) lost += step - 1;
    }
    const covers = camera.firstUtcMs <= fromMs && camera.lastUtcMs >= toMs;
    count += counters.length;
    framesLost += lost;
    if (!covers) camerasNotCovering += 1;
    if (lost > 0 || !covers) camerasWithGap += 1;
  }
  return { frames: count, framesLost, framesTwice, camerasWithGap, camerasNotCovering, camerasMissing };
}
