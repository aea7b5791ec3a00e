// What a page holds of one live stream: its newest segments and init segments, as a playlist that hls.js reads. Pure.
import type { MultiplexedSegment } from '@choi-canh/shared/live-multiplex';

interface HeldSegment {
  /** Of the playlist; without gaps, unlike the server's numbers. */
  readonly sequence: number;
  readonly head: MultiplexedSegment;
  readonly discontinuity: boolean;
  readonly bytes: Uint8Array;
}

/** So much is kept; with keyframes far apart back to the last but one. */
const keptMs = 10_000;
const mostKeptMs = 135_000;
const mostKeptBytes = 24 * 1024 * 1024;
const mostInits = 4;
/** A group of pictures longer than this needs a long buffer: what is removed from one reaches on to a keyframe. */
const farKeyframesMs = 4500;

export class LiveStore {
  #segments: HeldSegment[] = [];
  readonly #inits = new Map<string, Uint8Array>();
  readonly #waiting = new Set<() => void>();
  #nextSequence = 0;
  #discontinuitySequence = 0;
  #newestNumber: number | undefined;
  #answerBegins = true;
  #longestSeconds = 1;
  #grownAtMs = -Infinity;

  /** The server's number of the newest segment; undefined: begin at the newest keyframe. */
  get newestNumber(): number | undefined {
    return this.#newestNumber;
  }

  /** Keyframes are so far apart that a player needs all since the last but one. */
  get hasFarKeyframes(): boolean {
    let ms = 0;
    for (const { head } of this.#segments) {
      ms = head.independent ? head.durationMs : ms + head.durationMs;
      if (ms > farKeyframesMs) return true;
    }
    return false;
  }

  /** The next segments come from another answer, perhaps of a server that was started again. */
  beginAnswer(): void {
    this.#answerBegins = true;
  }

  /** The next answer begins at the newest keyframe, wherever the one before was. */
  forgetPlace(): void {
    this.#newestNumber = undefined;
  }

  init(id: string, bytes: Uint8Array): void {
    this.#inits.delete(id);
    this.#inits.set(id, bytes);
    for (const oldest of this.#inits.keys()) {
      if (this.#inits.size <= mostInits) break;
      this.#inits.delete(oldest);
    }
  }

  get followingSequence(): number {
    return this.#nextSequence;
  }

  /** Nothing of what is here is to be shown: it is old. */
  clear(): void {
    this.#discontinuitySequence += this.#segments.filter(({ discontinuity }) => discontinuity).length;
    this.#segments = [];
    this.#newestNumber = undefined;
  }

  /** When the newest segment arrived, monotonic ms. */
  get grownAtMs(): number {
    return this.#grownAtMs;
  }

  /** Takes the next segment. Returns false for one that is known already. */
  push(head: MultiplexedSegment, bytes: Uint8Array, nowMs: number): boolean {
    const before = this.#newestNumber;
    if (before !== undefined && head.number <= before && !this.#answerBegins) return false;
    const isFirst = this.#segments.length === 0;
    const discontinuity = !isFirst && (head.discontinuity || before === undefined || head.number !== before + 1);
    this.#answerBegins = false;
    this.#grownAtMs = nowMs;
    this.#newestNumber = head.number;
    this.#segments.push({ sequence: this.#nextSequence++, head, discontinuity, bytes });
    this.#longestSeconds = Math.max(this.#longestSeconds, Math.round(head.durationMs / 1000));
    this.#slide();
    for (const wake of this.#waiting) wake();
    return true;
  }

  /** @returns undefined before the first segment. `fresh`: for a player that has nothing, from the newest keyframe on */
  playlist(fresh: boolean): string | undefined {
    const from = fresh ? this.#segments.findLastIndex(({ head }) => head.independent) : 0;
    const listed = this.#segments.slice(Math.max(0, from));
    const [first] = listed;
    if (first === undefined) return undefined;
    const left = this.#segments.slice(0, Math.max(0, from)).filter(({ discontinuity }) => discontinuity).length;
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      `#EXT-X-TARGETDURATION:${this.#longestSeconds}`,
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES',
      `#EXT-X-MEDIA-SEQUENCE:${first.sequence}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${this.#discontinuitySequence + left}`,
      '#EXT-X-START:TIME-OFFSET=0',
    ];
    let initId: string | undefined;
    for (const [index, { sequence, head, discontinuity }] of listed.entries()) {
      if (discontinuity && index > 0) lines.push('#EXT-X-DISCONTINUITY');
      if (head.initId !== initId) lines.push(`#EXT-X-MAP:URI="init-${head.initId}.mp4"`);
      initId = head.initId;
      lines.push(
        `#EXT-X-PROGRAM-DATE-TIME:${new Date(head.shownFromMs).toISOString()}`,
        `#EXTINF:${(head.durationMs / 1000).toFixed(5)},`,
        `${sequence}.m4s`,
      );
    }
    return `${lines.join('\n')}\n`;
  }

  /** Resolves when segment `sequence` is there; undefined: any. Rejects with the signal's reason. */
  async until(sequence: number | undefined, signal: AbortSignal): Promise<void> {
    const isThere = () => (sequence === undefined ? this.#segments.length > 0 : sequence < this.#nextSequence);
    while (!isThere()) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const done = () => {
          this.#waiting.delete(done);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const end = () => {
          this.#waiting.delete(done);
          reject(signal.reason as Error);
        };
        this.#waiting.add(done);
        signal.addEventListener('abort', end, { once: true });
      });
    }
  }

  /** Bytes of what a playlist names: `<sequence>.m4s` or `init-<id>.mp4`. */
  file(name: string): Uint8Array | undefined {
    const init = /^init-([0-9a-f]+)\.mp4$/.exec(name)?.[1];
    if (init !== undefined) return this.#inits.get(init);
    const sequence = Number(/^(\d+)\.m4s$/.exec(name)?.[1]);
    return this.#segments.find((segment) => segment.sequence === sequence)?.bytes;
  }

  #slide(): void {
    const isKey = ({ head }: HeldSegment) => head.independent;
    const newest = this.#segments.findLastIndex(isKey);
    const before = this.#segments.slice(0, Math.max(0, newest)).findLastIndex(isKey);
    let keep = 0;
    let ms = 0;
    let bytes = 0;
    for (let index = this.#segments.length - 1; index >= 0; index -= 1) {
      const segment = this.#segments[index]!;
      ms += segment.head.durationMs;
      bytes += segment.bytes.length;
      const isWanted = ms <= keptMs || index >= Math.max(0, before);
      if (keep > 0 && (!isWanted || ms > mostKeptMs || bytes > mostKeptBytes)) break;
      keep += 1;
    }
    const leaving = this.#segments.splice(0, this.#segments.length - keep);
    this.#discontinuitySequence += leaving.filter(({ discontinuity }) => discontinuity).length;
  }
}
