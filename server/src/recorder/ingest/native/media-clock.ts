// RTP timestamps to ticks of 90 kHz, also of a camera whose clock runs at another rate than it says.
import { timescale } from './mp4-writer.js';

export class MediaClock {
  #from = 0;
  #to = 0;
  #factor = 1;

  /** `clockRate`: what the camera says, ticks a second. */
  constructor(private readonly clockRate: number) {}

  /** Of an unwrapped timestamp. */
  ticksOf(timestamp: number): number {
    const stated = this.clockRate === timescale ? timestamp : Math.round((timestamp * timescale) / this.clockRate);
    const since = stated - this.#from;
    return this.#to + (this.#factor === 1 ? since : Math.round(since * this.#factor));
  }

  /** From this timestamp on ticks are `rate` times as far apart as they were. */
  rescale(timestamp: number, rate: number): void {
    const ticks = this.ticksOf(timestamp);
    this.#from = this.clockRate === timescale ? timestamp : Math.round((timestamp * timescale) / this.clockRate);
    this.#to = ticks;
    this.#factor *= rate;
  }
}
