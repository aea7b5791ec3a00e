// A camera's sender reports judged together: which instant media time zero is, and how it drifts. Single
// reports are late, rounded to whole seconds, or wrong.

/** Of reports that are judged together. */
const remembered = 12;
/** So many in a row that agree with each other and not with those before: the clock stepped. */
const agreeing = 3;
const agreeMs = 50;
const stepMs = 250;
/** What is further off than this, and than four times what is usual, is left out. */
const usualMs = 20;
/** A drift counts from so many reports on, and where it explains most of their differences. */
const fewestForDrift = 4;
/** What counts as another rate of the clock, against 1. */
export const leastRateOff = 0.002;
/** A drift that is more than this is no drift of a clock that says what it is. */
const mostDrift = 0.005;
const explained = 0.5;
/** Reports state whole milliseconds at best: what is no further from the middle shows no drift. */
const leastDistanceMs = 1;

interface Report {
  /** Media time, ms, and what UTC the camera says it was, minus it. */
  readonly mediaMs: number;
  readonly offsetMs: number;
}

/** The lower one of the two in the middle: reports are late, never early. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}

export class ReportLine {
  #reports: Report[] = [];
  #drift = 0;
  #offsetAtZeroMs = 0;
  #spreadMs = 0;
  /** The reports say the same to within what they can. */
  #isLevel = false;

  get count(): number {
    return this.#reports.length;
  }

  /** Clock seconds that pass in a second of media, minus 1, however few reports say so; 0 of one. */
  get roughRate(): number {
    return this.#isLevel ? 0 : this.#slope();
  }

  /** How far the reports that count are from the line. */
  get spreadMs(): number {
    return this.#spreadMs;
  }

  /** Every one states a whole second. */
  get isWholeSeconds(): boolean {
    return this.#reports.every(
      ({ mediaMs, offsetMs }) => Math.abs(Math.round((mediaMs + offsetMs) / 1000) * 1000 - mediaMs - offsetMs) < 0.5,
    );
  }

  /** Of the newest report. Only where there is one. */
  get newestOffsetMs(): number {
    const { mediaMs } = this.#reports.at(-1)!;
    return this.#offsetAtZeroMs + this.#drift * mediaMs;
  }

  add(mediaMs: number, utcMs: number): void {
    this.#reports = [...this.#reports.slice(1 - remembered), { mediaMs, offsetMs: utcMs - mediaMs }];
    this.#fit();
    this.#noticeStep();
  }

  clear(): void {
    this.#reports = [];
  }

  /** Media time is counted otherwise from now on: `mediaMs` became what `place` gives. */
  rescale(place: (mediaMs: number) => number): void {
    this.#reports = this.#reports.map(({ mediaMs, offsetMs }) => {
      const placed = place(mediaMs);
      return { mediaMs: placed, offsetMs: offsetMs + mediaMs - placed };
    });
    if (this.count > 0) this.#fit();
  }

  #noticeStep(): void {
    const newest = this.#reports.slice(-agreeing);
    if (newest.length < agreeing || newest.length === this.count) return;
    const residuals = newest.map((report) => this.#residual(report));
    const agree = Math.max(...residuals) - Math.min(...residuals) <= agreeMs;
    if (!agree || Math.min(...residuals.map(Math.abs)) <= stepMs) return;
    this.#reports = newest;
    this.#fit();
  }

  #residual({ mediaMs, offsetMs }: Report): number {
    return offsetMs - this.#offsetAtZeroMs - this.#drift * mediaMs;
  }

  #fit(): void {
    const level = this.#fitWith(0);
    this.#isLevel = level <= leastDistanceMs;
    if (this.#isLevel || this.count < fewestForDrift) return;
    const drift = this.#slope();
    if (Math.abs(drift) > mostDrift) return;
    if (this.#fitWith(drift) > level * explained) this.#fitWith(0);
  }

  /** Puts the line through the middle; returns what is usual of the distances from it, ms. */
  #fitWith(drift: number): number {
    this.#drift = drift;
    this.#offsetAtZeroMs = median(this.#reports.map(({ mediaMs, offsetMs }) => offsetMs - drift * mediaMs));
    const distances = this.#reports.map((report) => Math.abs(this.#residual(report)));
    const usual = median(distances);
    this.#spreadMs = Math.max(...distances.filter((distance) => distance <= Math.max(usualMs, 4 * usual)), 0);
    return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  }

  /** Theil and Sen: the median of the slopes between any two. */
  #slope(): number {
    const slopes: number[] = [];
    this.#reports.forEach((later, index) => {
      for (const earlier of this.#reports.slice(0, index))
        if (later.mediaMs - earlier.mediaMs >= 1000)
          slopes.push((later.offsetMs - earlier.offsetMs) / (later.mediaMs - earlier.mediaMs));
    });
    return slopes.length === 0 ? 0 : median(slopes);
  }
}
