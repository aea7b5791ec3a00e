// Notices a picture that stands still although the stream goes on, without decoding: a sensor or an encoder that hangs.
// Two signs: keyframes that are the same byte for byte (noise alone makes two of a living sensor differ), and pictures
// between them that say nothing but "as before". Groups of two seconds are judged by the first, long ones by both.

/** Bytes compared of each slice of a keyframe, at three places behind its header. */
const windowBytes = 96;
const headerBytes = 24;
const maxSlices = 3;
/** So many keyframes in a row like their forerunners, over so long a time. */
const sameKeyframes = 2;
const sameForMs = 3500;
/** One keyframe like its forerunner is enough when the pictures were empty for so long. */
const emptyWithKeyMs = 5000;
/** Where no keyframe comes at all. */
const emptyAloneMs = 30_000;
const suspiciousMs = 8000;
/** Bytes of a slice, header included, in which every block is skipped … */
const emptySliceBytes = 32;
/** … and what its blocks add. */
const emptyBlockBytes = 0.006;
const pixelsOfBlock = 256;
/** So many pictures in a row with news end it. */
const livelyPictures = 3;

interface KeyRecord {
  readonly lengths: readonly number[];
  readonly windows: Buffer;
}

export type PictureMotion = 'moving' | 'suspicious' | 'frozen';

export class FrozenPicture {
  /** The last two keyframes: their headers may count modulo two. */
  private records: KeyRecord[] = [];
  private keyAtMs: number | undefined;
  private streak = 0;
  private streakSinceMs = 0;
  private emptySinceMs: number | undefined;
  private blocks = 0;
  private largest = { before: 0, now: 0 };
  private calm = 0;
  private lively = 0;
  private frozen = false;

  setSize(width: number, height: number): void {
    this.blocks = (width * height) / pixelsOfBlock;
  }

  /** A keyframe with these slices (no SEI, no parameter sets) came at `nowMs`, monotonic. */
  key(slices: readonly Buffer[], nowMs: number): PictureMotion {
    const record = recordOf(slices);
    const same = this.records.some((before) => isSame(before, record));
    if (same) {
      if (this.streak === 0) this.streakSinceMs = this.keyAtMs ?? nowMs;
      this.streak += 1;
      const alone = this.streak >= sameKeyframes && nowMs - this.streakSinceMs >= sameForMs;
      if (alone || this.emptyForMs(nowMs) >= emptyWithKeyMs) this.freeze();
    } else {
      this.streak = 0;
      this.emptySinceMs = undefined;
      this.frozen = false;
    }
    this.records = [...this.records.slice(-1), record];
    this.keyAtMs = nowMs;
    this.largest = { before: this.largest.now, now: 0 };
    return this.frozen ? 'frozen' : 'moving';
  }

  /** Another picture came, with so many slices of so many bytes. */
  picture(slices: number, bytes: number, nowMs: number): PictureMotion {
    this.largest.now = Math.max(this.largest.now, bytes);
    if (bytes > slices * emptySliceBytes + this.blocks * emptyBlockBytes) this.emptySinceMs = undefined;
    else this.emptySinceMs ??= nowMs;
    if (this.frozen) {
      this.lively = bytes > this.calm ? this.lively + 1 : 0;
      if (this.lively >= livelyPictures) {
        this.frozen = false;
        this.streak = 0;
      }
      return this.frozen ? 'frozen' : 'moving';
    }
    const emptyMs = this.emptyForMs(nowMs);
    if (emptyMs >= emptyAloneMs) {
      this.freeze();
      return 'frozen';
    }
    return emptyMs >= suspiciousMs ? 'suspicious' : 'moving';
  }

  private emptyForMs(nowMs: number): number {
    return this.emptySinceMs === undefined ? 0 : nowMs - this.emptySinceMs;
  }

  private freeze(): void {
    if (this.frozen) return;
    this.frozen = true;
    this.lively = 0;
    // What the pictures of a frozen encoder need, with a margin; more is news.
    const usual = Math.max(this.largest.before, this.largest.now, emptySliceBytes + this.blocks * emptyBlockBytes);
    this.calm = usual * 1.5 + emptySliceBytes;
  }
}

function recordOf(slices: readonly Buffer[]): KeyRecord {
  const chosen =
    slices.length <= maxSlices ? slices : [slices[0]!, slices[slices.length >> 1]!, slices[slices.length - 1]!];
  const windows = chosen.flatMap((slice) => {
    const last = slice.length - windowBytes;
    if (last <= headerBytes) return [slice.subarray(Math.min(headerBytes, slice.length >> 1))];
    return [headerBytes + ((last - headerBytes) >> 1), headerBytes, last].map((at) =>
      slice.subarray(at, at + windowBytes),
    );
  });
  return { lengths: slices.slice(0, 64).map(({ length }) => length), windows: Buffer.concat(windows) };
}

function isSame(a: KeyRecord, b: KeyRecord): boolean {
  return (
    a.lengths.length === b.lengths.length &&
    a.lengths.every((length, index) => length === b.lengths[index]) &&
    a.windows.equals(b.windows)
  );
}
