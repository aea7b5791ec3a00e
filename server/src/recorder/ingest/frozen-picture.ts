// Notices a picture that stands still although the stream goes on, without decoding: a sensor or an encoder that hangs.
// Two signs: keyframes that are the same bit for bit (noise alone makes two of a living sensor differ), and pictures
// between them that say nothing but "as before". The second alone proves nothing, since a coarse encoder skips the noise
// of a quiet night; it makes one pair of keyframes enough, and is a reason to ask for a keyframe. Nor does the first: what
// repeats (a film, a scene in a loop) has equal keyframes with movement between. How large the pictures between are does
// not tell, since an encoder with bits to spare refines a still picture with them; then a few seconds are decoded.
import type { StillVerdict } from './still-proof.js';

/** Bytes compared of a slice of a keyframe, at three places behind its header. */
const windowBytes = 96;
const headerBytes = 24;
const maxSlices = 3;
/** The header may count the keyframes (idr_pic_id), and so be a little longer or shorter. */
const headerChangeBytes = 2;
/** So many keyframes in a row like their forerunners, over so long a time. */
const sameKeyframes = 2;
const sameForMs = 3500;
/** One keyframe like its forerunner is enough when the pictures were empty for so long. */
const emptyWithKeyMs = 5000;
const suspiciousMs = 8000;
/** What was found to move between equal keyframes is not decoded again for so long; what could not be decoded … */
const movedForMs = 60_000;
const unknownForMs = 20_000;
/** Bytes of a slice, header included, in which every block is skipped … */
const emptySliceBytes = 32;
/** … and what its blocks add. */
const emptyBlockBytes = 0.006;
const pixelsOfBlock = 256;
/** So many pictures in a row with news end it. */
const livelyPictures = 3;

interface Window {
  readonly slice: number;
  /** From the end of the slice. */
  readonly endOffset: number;
  readonly bytes: Buffer;
}

interface KeyRecord {
  readonly lengths: readonly number[];
  readonly windows: readonly Window[];
}

export type PictureMotion = 'moving' | 'suspicious' | 'frozen';

export class FrozenPicture {
  /** Of the last two keyframes: some encoders go to and fro between two ways to code one picture. */
  private records: readonly KeyRecord[] = [];
  private keyAtMs: number | undefined;
  private streak = 0;
  private streakSinceMs = 0;
  private emptySinceMs: number | undefined;
  private blocks = 0;
  private largest = { before: 0, now: 0 };
  private calm = 0;
  private lively = 0;
  private frozen = false;
  private proving = false;
  private provenUntilMs = -Infinity;

  /** `prove`: decides by decoding the next pictures; absent: equal keyframes alone then prove nothing. */
  constructor(private readonly prove?: () => Promise<StillVerdict>) {}

  setSize(width: number, height: number): void {
    this.blocks = (width * height) / pixelsOfBlock;
  }

  /** A keyframe with these slices (no SEI, no parameter sets) came at `nowMs`, monotonic. */
  key(slices: readonly Buffer[], nowMs: number): PictureMotion {
    const isEmpty = this.emptyForMs(nowMs) >= emptyWithKeyMs;
    const [last, older] = this.records;
    const same =
      (last !== undefined && isSame(last, slices)) || (isEmpty && older !== undefined && isSame(older, slices));
    if (same) {
      if (this.streak === 0) this.streakSinceMs = this.keyAtMs ?? nowMs;
      this.streak += 1;
      const alone = this.streak >= sameKeyframes && nowMs - this.streakSinceMs >= sameForMs;
      const nothingBetween = this.largest.before === 0 && this.largest.now === 0;
      if (isEmpty || (alone && (nothingBetween || this.emptyForMs(nowMs) >= sameForMs))) this.freeze();
      else if (alone) this.askForProof(nowMs);
    } else {
      this.streak = 0;
      this.frozen = false;
    }
    this.records = [recordOf(slices), ...(last === undefined ? [] : [last])];
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
    return this.emptyForMs(nowMs) >= suspiciousMs ? 'suspicious' : 'moving';
  }

  private emptyForMs(nowMs: number): number {
    return this.emptySinceMs === undefined ? 0 : nowMs - this.emptySinceMs;
  }

  private askForProof(nowMs: number): void {
    if (this.frozen || this.proving || this.prove === undefined || nowMs < this.provenUntilMs) return;
    this.proving = true;
    void this.prove().then((verdict) => {
      this.proving = false;
      // Another keyframe came meanwhile: it is over.
      if (verdict === 'still' && this.streak >= sameKeyframes) this.freeze();
      this.provenUntilMs = verdict === 'still' ? -Infinity : nowMs + (verdict === 'moved' ? movedForMs : unknownForMs);
    });
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
  const chosen = [...new Set([0, slices.length >> 1, slices.length - 1])].slice(0, maxSlices);
  const windows = chosen.flatMap((index) => {
    const slice = slices[index];
    if (slice === undefined) return [];
    const farthest = Math.max(0, slice.length - headerBytes - windowBytes);
    return [...new Set([0, farthest >> 1, farthest])].map((endOffset) => ({
      slice: index,
      endOffset,
      bytes: windowOf(slice, endOffset),
    }));
  });
  return { lengths: slices.slice(0, 64).map(({ length }) => length), windows };
}

/**
 * Up to `windowBytes` bytes that end `endOffset` before the slice's last bit, put on byte boundaries counted from there:
 * without arithmetic coding a longer header shifts all behind it by bits (H.264 7.3.2.11).
 */
function windowOf(slice: Buffer, endOffset: number): Buffer {
  let last = slice.length - 1;
  while (last > 0 && slice[last] === 0) last -= 1;
  const shift = 31 - Math.clz32(slice[last]! & -slice[last]!);
  const end = last - endOffset;
  const count = Math.max(0, Math.min(windowBytes, end - Math.min(headerBytes, slice.length >> 1)));
  const bytes = Buffer.allocUnsafe(count);
  for (let index = 0; index < count; index++)
    bytes[index] = ((slice[end - index]! | (slice[end - index - 1]! << 8)) >> shift) & 255;
  return bytes;
}

function isSame(before: KeyRecord, slices: readonly Buffer[]): boolean {
  return (
    slices.slice(0, 64).length === before.lengths.length &&
    before.lengths.every((length, index) => Math.abs(length - slices[index]!.length) <= headerChangeBytes) &&
    before.windows.every(({ slice, endOffset, bytes }) => {
      const now = windowOf(slices[slice]!, endOffset);
      // The farthest window of a shorter slice may lack a byte or two of its beginning.
      const count = Math.min(now.length, bytes.length);
      return bytes.length - count <= headerChangeBytes && now.compare(bytes, 0, count, 0, count) === 0;
    })
  );
}
