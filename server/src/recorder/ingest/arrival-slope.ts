// How fast a camera's media clock runs, from the arrival of its pictures alone: the least delayed one of each second lies
// on a line, as no network keeps one for long.

const bucketMs = 1000;
const remembered = 20;
/** Pictures that come ever later may also wait for the network; it does not make a line for so long. */
const fewestLate = 14;
const fewestEarly = 12;
const fewestRough = 4;
const few = 3;
/** Below this the instants are followed slowly. */
const leastRateOff = 0.004;
const mostRateOff = 0.5;
const leastDriftMs = 150;
/** Distances from the line, against what the line rises. */
const straightness = 0.1;

interface Second {
  readonly sinceMs: number;
  mediaMs: number;
  offsetMs: number;
}

export class ArrivalSlope {
  #seconds: Second[] = [];
  /** Of all seconds before those that are remembered. */
  #leastBeforeMs = Infinity;
  /** Of the newest pictures, with their media times. */
  readonly #few = new Float64Array(few).fill(Infinity);
  readonly #fewMediaMs = new Float64Array(few);
  #newestMediaMs = 0;
  #next = 0;

  /** The least offset of the newest second; undefined before the first picture. */
  get newestMs(): number | undefined {
    return this.#seconds.at(-1)?.offsetMs;
  }

  /** The slope of what there is, whatever made it; 0 before the fifth second. */
  get roughRate(): number {
    const seconds = this.#seconds.slice(0, -1);
    return seconds.length < fewestRough ? 0 : line(seconds).slope;
  }

  /** A picture of media time `mediaMs` came at `nowMs`. True: a second is over, and `rate` may be another. */
  add(mediaMs: number, nowMs: number): boolean {
    const offsetMs = nowMs - mediaMs;
    if (this.isYoung) {
      this.#few[this.#next] = offsetMs;
      this.#fewMediaMs[this.#next] = mediaMs;
      this.#newestMediaMs = mediaMs;
      this.#next = (this.#next + 1) % few;
    }
    const last = this.#seconds.at(-1);
    if (last !== undefined && nowMs - last.sinceMs < bucketMs && nowMs >= last.sinceMs) {
      if (offsetMs < last.offsetMs) {
        last.offsetMs = offsetMs;
        last.mediaMs = mediaMs;
      }
      return false;
    }
    this.#seconds.push({ sinceMs: nowMs, mediaMs, offsetMs });
    if (this.#seconds.length > remembered)
      this.#leastBeforeMs = Math.min(this.#leastBeforeMs, this.#seconds.shift()!.offsetMs);
    return true;
  }

  /** Too little came for a rate. */
  get isYoung(): boolean {
    return this.#seconds.length <= fewestLate;
  }

  /**
   * While it is young: the slope from the first second to the least delayed of the newest few pictures, whatever made it,
   * and the offset of the newest picture on it.
   */
  get drift(): { rate: number; newestMs: number } {
    const leastMs = Math.min(...this.#few);
    const mediaMs = this.#fewMediaMs[this.#few.indexOf(leastMs)]!;
    const first = this.#seconds[0];
    const sinceMs = first === undefined ? 0 : mediaMs - first.mediaMs;
    const rate = first === undefined || sinceMs <= 0 ? 0 : (leastMs - first.offsetMs) / sinceMs;
    return { rate, newestMs: leastMs + Math.max(0, rate * (this.#newestMediaMs - mediaMs)) };
  }

  clear(): void {
    this.#few.fill(Infinity);
    this.#seconds = [];
    this.#leastBeforeMs = Infinity;
  }

  /** Clock seconds that pass in a second of media, minus 1; undefined where that cannot be distinguished from a network's delays. */
  rate(): number | undefined {
    // The newest second is not over.
    const seconds = this.#seconds.slice(0, -1);
    if (seconds.length < fewestEarly) return undefined;
    const { slope, worstMs } = line(seconds);
    const first = seconds[0]!;
    const last = seconds.at(-1)!;
    const driftMs = slope * (last.mediaMs - first.mediaMs);
    if (Math.abs(slope) < leastRateOff || Math.abs(slope) > mostRateOff || Math.abs(driftMs) < leastDriftMs)
      return undefined;
    if (worstMs > Math.abs(driftMs) * straightness) return undefined;
    if (slope > 0) return seconds.length >= fewestLate ? slope : undefined;
    // What waited for the network catches up, but comes no earlier than others did before.
    return last.offsetMs < this.#leastBeforeMs ? slope : undefined;
  }
}

/** Least squares. */
function line(points: readonly Second[]): { slope: number; worstMs: number } {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanMediaMs = mean(points.map(({ mediaMs }) => mediaMs));
  const meanOffsetMs = mean(points.map(({ offsetMs }) => offsetMs));
  let products = 0;
  let squares = 0;
  for (const { mediaMs, offsetMs } of points) {
    products += (mediaMs - meanMediaMs) * (offsetMs - meanOffsetMs);
    squares += (mediaMs - meanMediaMs) ** 2;
  }
  const slope = squares === 0 ? 0 : products / squares;
  const worstMs = Math.max(
    ...points.map(({ mediaMs, offsetMs }) => Math.abs(offsetMs - meanOffsetMs - slope * (mediaMs - meanMediaMs))),
  );
  return { slope, worstMs };
}
