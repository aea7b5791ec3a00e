const firstReturnMs = 5 * 60_000;
const latestReturnMs = 60 * 60_000;

/** How many of the streams worth trying, best first, were given up. */
export interface GivenUpStreams {
  readonly count: number;
  /** The first so many of them for good: the server knows that this browser cannot play them. */
  readonly forGood: number;
  /** How often the others were tried again. */
  readonly returns: number;
}
export const noneGivenUp: GivenUpStreams = { count: 0, forGood: 0, returns: 0 };

/** One more of `streams` is given up; the last one never is. */
export function oneMoreGivenUp(before: GivenUpStreams, forGood: boolean, streams: number): GivenUpStreams {
  if (before.count >= streams - 1) return before;
  const count = before.count + 1;
  return { ...before, count, forGood: forGood && before.forGood === before.count ? count : before.forGood };
}

/** A decoder may have failed for a reason that is gone: what only failed is tried again. */
export function triedAgain({ forGood, returns }: GivenUpStreams): GivenUpStreams {
  return { count: forGood, forGood, returns: returns + 1 };
}

/** When, in ms; each time later, for it takes away a picture that is there. Undefined: never. */
export function triedAgainAfterMs({ count, forGood, returns }: GivenUpStreams): number | undefined {
  return count === forGood ? undefined : Math.min(latestReturnMs, firstReturnMs * 2 ** returns);
}
