/**
 * Keeps a live picture near the newest: what is loaded beyond the picture shown must last for the pauses between two
 * arrivals and no more. Somewhat more is worked off by playing faster, much more by a jump; too little is built up by
 * playing slower. It looks at what there is and not at clocks, and so it needs to know neither the length of segments
 * nor the way that they came. hls.js adapts the rate in its low latency mode alone, and from other quantities.
 */
export interface PaceLook {
  /** Media that is loaded beyond the picture shown, seconds. */
  readonly aheadSeconds: number;
  /** Monotonic. */
  readonly nowMs: number;
}
export interface Pace {
  readonly rate: number;
  /** Seconds to jump forward at once; 0: none. */
  readonly jumpSeconds: number;
}

/** The least of so long is what can be spared. */
const windowMs = 2500;
/** What should be left just before the next segment arrives. */
const usualCushion = 0.7;
const cushionStep = 0.3;
const mostCushion = 1.6;
/** A calm stretch so long takes back one step. */
const calmMs = 30_000;
/** Further beyond the cushion than this it jumps. */
const jumpBeyond = 1.6;
const fast = { from: 0.2, until: 0.05, least: 1.05, most: 1.25 };
const slow = { from: -0.35, until: -0.1, rate: 0.94 };

export class LivePace {
  #looks: PaceLook[] = [];
  #cushion = usualCushion;
  #calmSinceMs: number | undefined;
  #rate = 1;

  get cushionSeconds(): number {
    return this.#cushion;
  }

  look(look: PaceLook): Pace {
    this.#calmSinceMs ??= look.nowMs;
    if (this.#cushion > usualCushion && look.nowMs - this.#calmSinceMs > calmMs) {
      this.#cushion = Math.max(usualCushion, this.#cushion - cushionStep);
      this.#calmSinceMs = look.nowMs;
    }
    this.#looks.push(look);
    const since = look.nowMs - windowMs;
    const isWhole = (this.#looks[0]?.nowMs ?? look.nowMs) <= since + windowMs / 5;
    this.#looks = this.#looks.filter(({ nowMs }) => nowMs >= since);
    if (!isWhole) return { rate: this.#rate, jumpSeconds: 0 };
    const surplus = Math.min(...this.#looks.map(({ aheadSeconds }) => aheadSeconds)) - this.#cushion;
    if (surplus > jumpBeyond) {
      this.moved();
      return { rate: 1, jumpSeconds: surplus };
    }
    this.#rate = rateFor(surplus, this.#rate);
    return { rate: this.#rate, jumpSeconds: 0 };
  }

  /** The picture stood still because nothing was there to go on with: more is kept from now on, for a while. */
  ranDry(nowMs: number): void {
    this.#cushion = Math.min(mostCushion, this.#cushion + cushionStep);
    this.#calmSinceMs = nowMs;
    this.moved();
  }

  /** The picture went elsewhere: what was seen before says nothing any more. */
  moved(): void {
    this.#looks = [];
    this.#rate = 1;
  }
}

function rateFor(surplus: number, before: number): number {
  if (surplus > fast.from || (before > 1 && surplus > fast.until))
    return Math.min(fast.most, Math.max(fast.least, Math.round((1 + surplus * 0.25) * 20) / 20));
  if (surplus < slow.from || (before < 1 && surplus < slow.until)) return slow.rate;
  return 1;
}
