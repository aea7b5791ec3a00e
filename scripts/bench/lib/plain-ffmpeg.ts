/** What this recorder is measured against: one `ffmpeg -c copy -f hls` a camera. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulatedCamera } from '../../lib/simulator-process.js';
import type { Bench } from './bench.js';
import { addressWithCredentials } from './simulated-fleet.js';

const staggerMs = 40;
const stopMs = 10_000;

export interface PlainFfmpegs {
  readonly pids: number[];
  /** How many write fMP4 segments because MPEG-TS refuses their stream. */
  readonly fmp4: number;
  /** @throws when one of them ended */
  assertRunning(): void;
  stop(): Promise<void>;
}

interface Started {
  readonly camera: SimulatedCamera;
  readonly process: ChildProcess;
  readonly segments: 'mpegts' | 'fmp4';
  readonly target: string;
  complaint: string;
}

/** Starts them all, resolves when each writes. They end by themselves after `limitSeconds` whatever happens to us. */
export async function startPlainFfmpegs(
  bench: Bench,
  cameras: readonly SimulatedCamera[],
  options: { folder: string; limitSeconds: number; ffmpegPath: string },
): Promise<PlainFfmpegs> {
  const children: Started[] = [];
  const running = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

  async function stop(): Promise<void> {
    const alive = children.map((one) => one.process).filter(running);
    for (const child of alive) child.kill('SIGTERM');
    const timer = setTimeout(() => {
      for (const child of alive) if (running(child)) child.kill('SIGKILL');
    }, stopMs);
    await Promise.all(alive.map((child) => (running(child) ? once(child, 'exit') : undefined)));
    clearTimeout(timer);
  }
  function assertRunning(): void {
    const ended = children.find((one) => !running(one.process));
    if (ended !== undefined)
      throw new Error(`the ffmpeg of ${ended.camera.name} ended: ${ended.complaint.slice(-300)}`);
  }

  bench.onEnd('plain ffmpeg', stop);
  function start(camera: SimulatedCamera, segments: 'mpegts' | 'fmp4'): Started {
    const folder = join(options.folder, String(camera.number));
    mkdirSync(folder, { recursive: true });
    const name = segments === 'mpegts' ? 'segment%d.ts' : 'segment%d.m4s';
    const args = ['-hide_banner', '-nostdin', '-v', 'error', '-rtsp_transport', 'tcp'];
    // The password of a simulated camera is no secret; our own engine never puts one on a command line.
    args.push('-i', addressWithCredentials(camera), '-t', String(options.limitSeconds), '-c', 'copy', '-f', 'hls');
    if (segments === 'fmp4') args.push('-hls_segment_type', 'fmp4');
    args.push('-hls_segment_filename', join(folder, name), join(folder, 'live.m3u8'));
    const child = spawn(options.ffmpegPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const one: Started = {
      camera,
      process: child,
      segments,
      complaint: '',
      target: join(folder, name.replace('%d', '0')),
    };
    child.once('error', (error) => (one.complaint += error.message));
    child.stderr?.on('data', (chunk: Buffer) => (one.complaint = (one.complaint + chunk.toString()).slice(-1000)));
    return one;
  }

  for (const camera of cameras) {
    children.push(start(camera, 'mpegts'));
    await bench.sleep(staggerMs);
  }
  await bench.until('all plain ffmpeg processes write', 60_000 + cameras.length * 300, () => {
    for (const [index, one] of children.entries()) {
      // With B-frames over RTSP it has no decode time for the first packet, which its MPEG-TS refuses and its MP4 takes.
      const refused = !running(one.process) && one.complaint.includes('first pts and dts value must be set');
      if (refused && one.segments === 'mpegts') children[index] = start(one.camera, 'fmp4');
    }
    assertRunning();
    return children.every(({ target }) => (statSync(target, { throwIfNoEntry: false })?.size ?? 0) > 0) || undefined;
  });
  return {
    pids: children.flatMap(({ process: { pid } }) => pid ?? []),
    fmp4: children.filter(({ segments }) => segments === 'fmp4').length,
    assertRunning,
    stop,
  };
}
