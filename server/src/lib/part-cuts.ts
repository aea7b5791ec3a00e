/**
 * Says where a fragment may be cut into parts (low-latency HLS): only where every picture so far is shown before every
 * picture to come, so that decode times of a part are those of the whole. Pictures are told in decoding order.
 */
export class PartCutter {
  private firstTicks = 0;
  private newestTicks = 0;
  private count = 0;
  private lastSpanTicks = 0;

  /** `targetTicks`: the length that parts come close to but, with even frames, do not exceed. */
  constructor(private readonly targetTicks: number) {}

  /** Takes the next picture. True: a part ends before it. Never true for the first. */
  push(ticks: number): boolean {
    const cuts = this.mayCut(ticks);
    if (this.count === 0 || cuts) {
      this.firstTicks = ticks;
      this.newestTicks = ticks;
      this.count = 1;
      this.lastSpanTicks = 0;
      return cuts;
    }
    this.firstTicks = Math.min(this.firstTicks, ticks);
    this.newestTicks = Math.max(this.newestTicks, ticks);
    this.count += 1;
    return false;
  }

  reset(): void {
    this.count = 0;
    this.lastSpanTicks = 0;
  }

  private mayCut(ticks: number): boolean {
    if (this.count === 0 || ticks <= this.newestTicks) return false;
    const shownTicks = this.newestTicks - this.firstTicks;
    const frameTicks = this.count === 1 ? ticks - this.newestTicks : shownTicks / (this.count - 1);
    const spanTicks = shownTicks + frameTicks;
    const stepTicks = spanTicks - this.lastSpanTicks;
    this.lastSpanTicks = spanTicks;
    // The next place to cut is probably as far again.
    return spanTicks + stepTicks > this.targetTicks * 1.02;
  }
}
