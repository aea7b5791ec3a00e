// Whether the instants that ffmpeg gives are the camera's. Where no sender report came it gives the moment at which it
// writes, and says the same of it: what tells them apart is that they come when they say, and are not as even as media.

/** Fragments that are judged together. */
const remembered = 6;
/** Instants of the camera go with its media to within what both are rounded to. */
const evenMs = 3;
const fewest = 2;
const fewestEven = 5;

export class CaptureTimes {
  #seen: { isOfWriting: boolean; offsetMs: number }[] = [];

  /**
   * A fragment of `durationMs` came at `nowMs`; ffmpeg says that the media instant `mediaMs`, at its beginning, was at
   * `statedMs`. Whether to believe it.
   */
  believe(statedMs: number, mediaMs: number, durationMs: number, nowMs: number): boolean {
    const agoMs = nowMs - statedMs;
    // What was captured is older than its fragment is long.
    const isOfWriting = agoMs >= -evenMs && agoMs < durationMs / 2;
    this.#seen = [...this.#seen.slice(1 - remembered), { isOfWriting, offsetMs: statedMs - mediaMs }];
    if (this.#seen.length < fewest) return false;
    const offsets = this.#seen.map((one) => one.offsetMs);
    const isEven = Math.max(...offsets) - Math.min(...offsets) <= evenMs;
    if (isEven && this.#seen.length >= fewestEven) return true;
    return this.#seen.filter((one) => one.isOfWriting).length * 3 <= this.#seen.length;
  }
}
