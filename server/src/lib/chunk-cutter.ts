/**
 * Finds where a fragment may be cut into chunks (CMAF, ISO/IEC 23000-19 7.3.2.3): where every picture so far is shown
 * before every picture to come, so that the decode times of a chunk are those of the whole fragment. Pictures are pushed
 * in decoding order.
 */
export class ChunkCutter {
  #newestTicks = Infinity;

  /** Takes the presentation time of the next picture. True: a chunk ends before it. Never true for the first. */
  push(ticks: number): boolean {
    const cuts = ticks > this.#newestTicks;
    if (cuts || this.#newestTicks === Infinity) this.#newestTicks = ticks;
    return cuts;
  }
}
