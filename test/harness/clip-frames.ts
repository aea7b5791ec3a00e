import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { findFrameStamp } from '../../scripts/camera-simulator/sei.js';

const exec = promisify(execFile);

export interface ClipFrame {
  /** Presentation time in the clip, seconds. */
  ptsSeconds: number;
  keyframe: boolean;
  cameraNumber: number;
  frameCounter: bigint;
  utcMs: number;
}

interface ProbedPacket {
  pts_time: string;
  pos: string;
  size: string;
  flags: string;
}

/**
 * The frames that a player shows of an MP4, in order of presentation, each with the stamp that the simulator put into
 * it. Edit lists are applied by ffprobe: packets that it marks for discarding are not shown.
 */
export async function shownFrames(path: string): Promise<ClipFrame[]> {
  const { stdout } = await exec(
    'ffprobe',
    [
      '-v',
      'error',
      '-select_streams',
      'v:0',
      '-show_packets',
      '-show_entries',
      'packet=pts_time,pos,size,flags',
      '-of',
      'json',
      path,
    ],
    { maxBuffer: 256 * 1024 * 1024 },
  );
  const { packets } = JSON.parse(stdout) as { packets: ProbedPacket[] };
  const file = await open(path, 'r');
  try {
    const frames: ClipFrame[] = [];
    for (const packet of packets) {
      if (packet.flags.includes('D')) continue;
      const bytes = Buffer.alloc(Number(packet.size));
      await file.read(bytes, 0, bytes.length, Number(packet.pos));
      const stamp = findFrameStamp(bytes);
      if (stamp === undefined) throw new Error(`no stamp in the frame at ${packet.pts_time} s`);
      frames.push({ ptsSeconds: Number(packet.pts_time), keyframe: packet.flags.startsWith('K'), ...stamp });
    }
    return frames.sort((a, b) => a.ptsSeconds - b.ptsSeconds);
  } finally {
    await file.close();
  }
}

/** How many frames of consecutive counters are missing between the first and the last. */
export function missingFrames(frames: readonly ClipFrame[]): number {
  let missing = 0;
  for (const [index, frame] of frames.entries()) {
    const next = frames[index + 1];
    if (next !== undefined) missing += Number(next.frameCounter - frame.frameCounter) - 1;
  }
  return missing;
}
