/** A footage folder as a recorder leaves it, made in seconds instead of recorded for a quarter of an hour. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemClock } from '../../../server/src/lib/clock.js';
import type { InitSegment } from '../../../server/src/lib/fragment.js';
import { BoxStream } from '../../../server/src/lib/isobmff/boxes.js';
import { parseInitSegment } from '../../../server/src/lib/isobmff/init-segment.js';
import { parseTrackDefaults } from '../../../server/src/lib/isobmff/moof.js';
import { silentLogger } from '../../../server/src/lib/logger.js';
import { createFootageStore } from '../../../server/src/recorder/footage/footage-store.js';
import { describeFragment } from '../../../server/src/recorder/footage/scan-fragments.js';

const loopSeconds = 40;

interface LoopFragment {
  readonly bytes: Buffer;
  readonly independent: boolean;
  readonly durationMs: number;
  readonly decodeTime: bigint;
  readonly samples: number;
}

/** 1280×720, 15 frames and a keyframe every 2 s, in fragments of 1 s like those of the native engine. */
async function encodeLoop(
  ffmpegPath: string,
  bitrateKbps: number,
  signal: AbortSignal,
): Promise<{ init: InitSegment; fragments: LoopFragment[] }> {
  const rate = `${bitrateKbps}k`;
  const { stdout } = await promisify(execFile)(
    ffmpegPath,
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=15,noise=alls=12:allf=t', '-t', `${loopSeconds}`],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', rate, '-maxrate', rate, '-bufsize', rate],
      ...[
        '-g',
        '30',
        '-keyint_min',
        '30',
        '-sc_threshold',
        '0',
        '-pix_fmt',
        'yuv420p',
        '-video_track_timescale',
        '90000',
      ],
      ...['-f', 'mp4', '-movflags', '+empty_moov+default_base_moof', '-frag_duration', '1000000', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 1e9, signal },
  );
  const boxes = new BoxStream().push(stdout);
  const bytesOf = (type: string): Buffer => {
    const found = boxes.find((box) => box.type === type);
    if (found === undefined) throw new Error(`ffmpeg wrote no ${type}`);
    return found.bytes;
  };
  const init = parseInitSegment(Buffer.concat([bytesOf('ftyp'), bytesOf('moov')]));
  const defaults = parseTrackDefaults(init.bytes, init.trackId);
  const fragments = boxes.flatMap((box, index): LoopFragment[] => {
    if (box.type !== 'moof') return [];
    const bytes = Buffer.concat([box.bytes, boxes[index + 1]!.bytes]);
    const facts = describeFragment(bytes, init, defaults);
    const { independent, durationMs, baseMediaDecodeTime: decodeTime, sampleCount: samples } = facts;
    return [{ bytes, independent, durationMs, decodeTime, samples }];
  });
  return { init, fragments };
}

/** `bytes` with another decode time (ISO/IEC 14496-12 8.8.12). */
function movedTo(bytes: Buffer, decodeTime: bigint): Buffer {
  const moved = Buffer.from(bytes);
  const at = moved.indexOf('tfdt');
  if (moved[at + 4] === 1) moved.writeBigUInt64BE(decodeTime, at + 8);
  else moved.writeUInt32BE(Number(decodeTime), at + 8);
  return moved;
}

/** Writes `seconds` of one camera into `directory`, in one file; resolves with when it begins. */
export async function makeFootage(options: {
  directory: string;
  cameraId: string;
  seconds: number;
  startAtMs: number;
  bitrateKbps: number;
  ffmpegPath: string;
  signal: AbortSignal;
}): Promise<{ bytes: number; keyframesMs: number[] }> {
  const { init, fragments } = await encodeLoop(options.ffmpegPath, options.bitrateKbps, options.signal);
  const loopTicks = BigInt(loopSeconds * init.timescale);
  const store = createFootageStore({
    directory: options.directory,
    clock: systemClock,
    logger: silentLogger,
    fileSeconds: options.seconds * 2,
    syncSeconds: 5,
  });
  await store.start();
  const keyframesMs: number[] = [];
  let bytes = 0;
  try {
    for (let loop = 0; loop * loopSeconds < options.seconds; loop++)
      for (const one of fragments) {
        options.signal.throwIfAborted();
        const decodeTime = one.decodeTime + BigInt(loop) * loopTicks;
        const startAtMs = options.startAtMs + (Number(decodeTime) * 1000) / init.timescale;
        if (one.independent) keyframesMs.push(startAtMs);
        bytes += one.bytes.length;
        await store.append(options.cameraId, {
          init,
          bytes: movedTo(one.bytes, decodeTime),
          independent: one.independent,
          startAtMs,
          durationMs: one.durationMs,
          baseMediaDecodeTime: decodeTime,
          sampleCount: one.samples,
          timeSource: 'rtcp',
          run: 1,
        });
      }
  } finally {
    await store.stop();
  }
  return { bytes, keyframesMs };
}
