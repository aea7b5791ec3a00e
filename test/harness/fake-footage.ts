// A footage store in memory, cut from fMP4 that a real ffmpeg made: what playback, live and extraction are tested on.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AppError } from '../../server/src/lib/errors.js';
import type { Fragment, InitSegment } from '../../server/src/lib/fragment.js';
import { iterateBoxes } from '../../server/src/lib/isobmff/boxes.js';
import { parseInitSegment } from '../../server/src/lib/isobmff/init-segment.js';
import { parseTrackDefaults, parseTrackFragment } from '../../server/src/lib/isobmff/moof.js';

const run = promisify(execFile);

export interface MediaOptions {
  seconds: number;
  frameRate?: number;
  /** Frames from one keyframe to the next. */
  gop?: number;
  bFrames?: number;
  size?: string;
  /** Fragments end after this time at the latest. */
  fragmentMs?: number;
  codec?: 'libx264' | 'libx265' | 'mjpeg' | 'mpeg4';
}

function encoderArguments(codec: NonNullable<MediaOptions['codec']>, gop: number, bFrames: number): string[] {
  const groups = ['-g', `${gop}`, '-bf', `${bFrames}`];
  switch (codec) {
    case 'mjpeg':
      // Every picture is a keyframe; as the ffmpeg engine does, not a fragment of each.
      return ['-pix_fmt', 'yuvj420p', '-q:v', '5', '-min_frag_duration', '500000'];
    case 'mpeg4':
      return ['-pix_fmt', 'yuv420p', '-q:v', '3', ...groups];
    case 'libx264': {
      const steady = ['-keyint_min', `${gop}`, '-sc_threshold', '0', '-threads', '1'];
      return ['-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...groups, ...steady];
    }
    case 'libx265': {
      const steady = `log-level=none:keyint=${gop}:min-keyint=${gop}:bframes=${bFrames}:scenecut=0:open-gop=0`;
      return ['-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...groups, '-x265-params', steady];
    }
  }
}

/** A fragmented MP4 of a moving test picture. */
export async function makeFragmentedMp4(options: MediaOptions): Promise<Buffer> {
  const { seconds, frameRate = 25, gop = 50, bFrames = 0, size = '160x120', fragmentMs = 1000 } = options;
  const codec = options.codec ?? 'libx264';
  const { stdout } = await run(
    'ffmpeg',
    [
      ...[
        '-nostdin',
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        `testsrc2=size=${size}:rate=${frameRate}:duration=${seconds}`,
      ],
      ...['-c:v', codec, ...encoderArguments(codec, gop, bFrames)],
      ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', `${fragmentMs * 1000}`],
      ...['-f', 'mp4', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 },
  );
  return stdout;
}

/** Cuts a fragmented MP4 into the currency of the recorder. `startAtMs` is the UTC of media time 0. */
export function fragmentsOf(mp4: Buffer, startAtMs: number, options: { run?: number; startAtTicks?: bigint } = {}) {
  const boxes = [...iterateBoxes(mp4)];
  const initEnd = boxes.find((box) => box.type === 'moov')?.end ?? 0;
  const init: InitSegment = parseInitSegment(mp4.subarray(0, initEnd));
  const fragments: Fragment[] = [];
  boxes.forEach((box, index) => {
    const mdat = boxes[index + 1];
    if (box.type !== 'moof' || mdat?.type !== 'mdat') return;
    const bytes = mp4.subarray(box.start, mdat.end);
    const moof = parseTrackFragment(bytes, parseTrackDefaults(init.bytes, init.trackId));
    // ffmpeg ends with what is left of the sound.
    if (moof === undefined) return;
    const durationTicks = moof.samples.reduce((sum, sample) => sum + sample.duration, 0);
    fragments.push({
      init,
      bytes,
      independent: moof.samples[0]?.isSync === true,
      startAtMs: startAtMs + (Number(moof.baseMediaDecodeTime) * 1000) / init.timescale,
      durationMs: (durationTicks * 1000) / init.timescale,
      baseMediaDecodeTime: moof.baseMediaDecodeTime,
      sampleCount: moof.samples.length,
      timeSource: 'rtcp',
      run: options.run ?? 1,
    });
  });
  return { init, fragments };
}

export interface FakeStoredFragment {
  fileId: string;
  offset: number;
  byteLength: number;
  startAtMs: number;
  durationMs: number;
  independent: boolean;
  baseMediaDecodeTime: bigint;
  run: number;
  initId: string;
  timeSource: 'rtcp' | 'arrival';
  sampleCount: number;
}

/** The real store has a prft box of this size before each fragment; players skip it. */
export const timeBox = Buffer.concat([Buffer.from([0, 0, 0, 32]), Buffer.from('prft'), Buffer.alloc(24)]);

interface FakeFile {
  id: string;
  cameraId: string;
  init: InitSegment;
  chunks: Buffer[];
  byteLength: number;
  run: number;
  open: boolean;
  fragments: FakeStoredFragment[];
}

/** All of what comes in pieces, which are lent. */
export async function bytesOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const piece of pieces) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
}

export class FakeFootage {
  private readonly files = new Map<string, FakeFile>();
  private readonly fragmentsOfCamera = new Map<string, FakeStoredFragment[]>();
  private readonly idPrefix: string;
  /** Calls of `read`, to see what something costs. */
  reads = 0;

  constructor(idPrefix = 'file') {
    this.idPrefix = idPrefix;
  }

  /** Appends to the camera's open file; a new one is begun for another run or init segment, or when `newFile` says so. */
  append(cameraId: string, fragment: Fragment, newFile = false): FakeStoredFragment {
    let file = [...this.files.values()].find((candidate) => candidate.cameraId === cameraId && candidate.open);
    if (file !== undefined && (newFile || file.run !== fragment.run || file.init.id !== fragment.init.id)) {
      file.open = false;
      file = undefined;
    }
    if (file === undefined) {
      const { init, run } = fragment;
      const id = `${this.idPrefix}-${this.files.size + 1}`;
      file = {
        id,
        cameraId,
        init,
        chunks: [init.bytes],
        byteLength: init.bytes.length,
        run,
        open: true,
        fragments: [],
      };
      this.files.set(id, file);
    }
    file.chunks.push(timeBox);
    file.byteLength += timeBox.length;
    const stored: FakeStoredFragment = {
      fileId: file.id,
      offset: file.byteLength,
      byteLength: fragment.bytes.length,
      startAtMs: fragment.startAtMs,
      durationMs: fragment.durationMs,
      independent: fragment.independent,
      baseMediaDecodeTime: fragment.baseMediaDecodeTime,
      run: fragment.run,
      initId: fragment.init.id,
      timeSource: fragment.timeSource,
      sampleCount: fragment.sampleCount,
    };
    file.chunks.push(fragment.bytes);
    file.byteLength += fragment.bytes.length;
    file.fragments.push(stored);
    const all = this.fragmentsOfCamera.get(cameraId) ?? [];
    all.push(stored);
    this.fragmentsOfCamera.set(cameraId, all);
    return stored;
  }

  appendAll(cameraId: string, fragments: readonly Fragment[]): void {
    for (const fragment of fragments) this.append(cameraId, fragment);
  }

  /** As retention does. */
  deleteFile(fileId: string): void {
    const file = this.files.get(fileId);
    if (file === undefined) return;
    this.files.delete(fileId);
    const kept = (this.fragmentsOfCamera.get(file.cameraId) ?? []).filter((fragment) => fragment.fileId !== fileId);
    this.fragmentsOfCamera.set(file.cameraId, kept);
  }

  fragments(cameraId: string, fromMs: number, toMs: number, options: { preRoll?: boolean } = {}) {
    const all = this.fragmentsOfCamera.get(cameraId) ?? [];
    const end = all.findIndex((fragment) => fragment.startAtMs >= toMs);
    let start = all.findIndex((fragment) => fragment.startAtMs + fragment.durationMs > fromMs);
    if (start === -1) return Promise.resolve([]);
    const run = all[start]?.run;
    if (options.preRoll === true) {
      for (let index = start; index >= 0 && all[index]?.run === run; index--) {
        const fragment = all[index];
        if (fragment?.independent !== true || fragment.startAtMs > fromMs) continue;
        start = index;
        break;
      }
    }
    return Promise.resolve(all.slice(start, end === -1 ? undefined : end));
  }

  file(fileId: string) {
    const file = this.files.get(fileId);
    const first = file?.fragments[0];
    const last = file?.fragments.at(-1);
    if (file === undefined || first === undefined || last === undefined) return Promise.resolve(undefined);
    const { id, cameraId, init, byteLength, run, open } = file;
    return Promise.resolve({
      ...{ id, cameraId, path: `/nowhere/${id}.mp4`, byteLength, run, open },
      ...{ initByteLength: init.bytes.length, initId: init.id, codec: init.codec, width: init.width },
      ...{ height: init.height, timescale: init.timescale, trackId: init.trackId },
      startAtMs: first.startAtMs,
      endAtMs: last.startAtMs + last.durationMs,
    });
  }

  read(fileId: string, offset: number, byteLength: number): Promise<Buffer> {
    this.reads++;
    const file = this.files.get(fileId);
    if (file === undefined) return Promise.reject(new AppError('not_found', 'footage_gone', `${fileId} is gone`));
    // One buffer a file, joined on demand.
    if (file.chunks.length > 1) file.chunks = [Buffer.concat(file.chunks)];
    const whole = file.chunks[0] ?? Buffer.alloc(0);
    return Promise.resolve(whole.subarray(offset, offset + byteLength));
  }

  /** As the real one: what is handed out is overwritten when the next piece is asked for. */
  async *pieces(fileId: string, offset: number, byteLength: number): AsyncGenerator<Buffer, void, undefined> {
    const bytes = await this.read(fileId, offset, byteLength);
    const lent = Buffer.alloc(4096);
    for (let at = 0; at < byteLength; at += lent.length) {
      bytes.copy(lent, 0, at);
      yield lent.subarray(0, Math.min(lent.length, byteLength - at));
    }
    lent.fill(0xee);
  }

  coverage(cameraId: string, fromMs: number, toMs: number) {
    const ranges: { fromMs: number; toMs: number; timeSource: 'rtcp' | 'arrival' }[] = [];
    for (const fragment of this.fragmentsOfCamera.get(cameraId) ?? []) {
      const range = { fromMs: fragment.startAtMs, toMs: fragment.startAtMs + fragment.durationMs };
      if (range.toMs <= fromMs || range.fromMs >= toMs) continue;
      const last = ranges.at(-1);
      if (last !== undefined && range.fromMs - last.toMs <= 250) last.toMs = range.toMs;
      else ranges.push({ ...range, timeSource: fragment.timeSource });
    }
    return Promise.resolve(ranges);
  }

  bounds(cameraId: string) {
    const all = this.fragmentsOfCamera.get(cameraId) ?? [];
    const last = all.at(-1);
    return Promise.resolve(
      all[0] === undefined || last === undefined
        ? undefined
        : { oldestAtMs: all[0].startAtMs, newestAtMs: last.startAtMs + last.durationMs },
    );
  }

  tail(cameraId: string, ms: number) {
    const all = this.fragmentsOfCamera.get(cameraId) ?? [];
    const last = all.at(-1);
    if (last === undefined) return Promise.resolve([]);
    const fromMs = last.startAtMs + last.durationMs - ms;
    const run = all.filter((fragment) => fragment.run === last.run);
    const recent = run.filter((fragment) => fragment.startAtMs + fragment.durationMs > fromMs);
    const firstIndependent = recent.findIndex((fragment) => fragment.independent);
    return Promise.resolve(firstIndependent === -1 ? recent : recent.slice(firstIndependent));
  }
}
