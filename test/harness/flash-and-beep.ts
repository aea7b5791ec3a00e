// Media whose picture flashes and whose sound beeps at once, every second, and a ruler for how far apart they are in
// whatever was made of it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface FlashAndBeepOptions {
  seconds: number;
  frameRate?: number;
  /** Frames from one keyframe to the next. */
  gop?: number;
  bFrames?: number;
  sampleRate?: number;
  fragmentMs?: number;
}

/** ffmpeg's arguments for the two inputs and their codecs: H.264 and AAC. */
export function flashAndBeepArguments(options: FlashAndBeepOptions): string[] {
  const { seconds, frameRate = 25, gop = 50, bFrames = 0, sampleRate = 16_000 } = options;
  const flash = `drawbox=x=0:y=0:w=160:h=120:c=white:t=fill:enable='lt(mod(n\\,${frameRate})\\,3)'`;
  return [
    ...['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', `color=c=black:s=160x120:r=${frameRate}:d=${seconds},${flash}`],
    ...['-f', 'lavfi', '-i', `aevalsrc='if(lt(mod(t,1),0.1),0.8*sin(2*PI*1000*t),0)':s=${sampleRate}:d=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', `${gop}`, '-keyint_min', `${gop}`],
    ...['-sc_threshold', '0', '-bf', `${bFrames}`, '-threads', '1', '-c:a', 'aac', '-b:a', '32k', '-ac', '1'],
  ];
}

/** Fragmented, both tracks, as ffmpeg writes it. */
export async function makeFlashAndBeepMp4(options: FlashAndBeepOptions): Promise<Buffer> {
  const { stdout } = await run(
    'ffmpeg',
    [
      ...flashAndBeepArguments(options),
      ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof'],
      ...['-frag_duration', `${(options.fragmentMs ?? 1000) * 1000}`, '-f', 'mp4', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

/** Instants in seconds at which a picture turns white, on the presentation's timeline. */
export async function flashesIn(path: string): Promise<number[]> {
  const { stdout } = await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-i', path, '-map', '0:v', '-fps_mode', 'passthrough', '-copyts'],
    ...['-vf', 'scale=1:1,format=gray', '-f', 'framehash', '-hash', 'adler32', '-'],
  ]);
  const base = /#tb 0: (\d+)\/(\d+)/.exec(stdout);
  const tick = Number(base?.[1]) / Number(base?.[2]);
  const found: number[] = [];
  let white = true;
  for (const line of stdout.split('\n')) {
    const fields = line.split(',').map((field) => field.trim());
    if (line.startsWith('#') || fields.length < 6) continue;
    // One grey byte: its Adler-32 ends with 1 + its value.
    const isWhite = (parseInt(fields[5] ?? '', 16) & 0xffff) > 128;
    if (isWhite && !white) found.push(Number(fields[2]) * tick);
    white = isWhite;
  }
  return found;
}

const pcmRate = 48_000;

/** Instants in seconds at which a beep begins; holes in the sound are silence. */
export async function beepsIn(path: string): Promise<number[]> {
  const { stdout } = await run(
    'ffmpeg',
    [
      ...[
        '-nostdin',
        '-v',
        'error',
        '-i',
        path,
        '-map',
        '0:a',
        '-af',
        `aresample=${pcmRate}:async=1:min_hard_comp=0.001:first_pts=0`,
      ],
      ...['-ac', '1', '-f', 's16le', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 },
  );
  const found: number[] = [];
  let quietFor = 0;
  for (let at = 0; at + 1 < stdout.length; at += 2) {
    if (Math.abs(stdout.readInt16LE(at)) < 6000) {
      quietFor += 1;
      continue;
    }
    if (quietFor > pcmRate / 5) found.push(at / 2 / pcmRate);
    quietFor = 0;
  }
  return found;
}

/** By how much each beep is later than the flash next to it, ms. */
export async function beepDelaysMs(path: string): Promise<number[]> {
  const [flashes, beeps] = await Promise.all([flashesIn(path), beepsIn(path)]);
  return flashes.flatMap((flash) => {
    const nearest = beeps.reduce(
      (best, beep) => (Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best),
      Infinity,
    );
    return Math.abs(nearest - flash) < 0.5 ? [(nearest - flash) * 1000] : [];
  });
}
