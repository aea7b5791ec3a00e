// Puts chunks (CMAF) together to partial segments whose lengths RFC 8216bis allows (4.4.4.9): none is longer than the part
// target, and each but the last of its segment has at least 85 % of it. Pure.

/** moof+mdat that can be shown when all before it are there. */
export interface LiveChunk {
  readonly bytes: Buffer;
  readonly durationMs: number;
  /** Begins with a keyframe. */
  readonly independent: boolean;
  readonly sampleCount: number;
}

/** A partial segment. */
export type LivePart = Pick<LiveChunk, 'bytes' | 'durationMs' | 'independent'>;

const leastShare = 0.85;
/** Sums of durations are rounded. */
const toleranceMs = 0.01;

export const durationOf = (some: readonly { durationMs: number }[]): number =>
  some.reduce((sum, { durationMs }) => sum + durationMs, 0);

export function joinChunks(chunks: readonly LiveChunk[]): LivePart {
  const [first] = chunks;
  const bytes =
    chunks.length === 1 && first !== undefined ? first.bytes : Buffer.concat(chunks.map((one) => one.bytes));
  return { bytes, durationMs: durationOf(chunks), independent: first?.independent === true };
}

/** The parts of one segment. */
export class PartAssembler {
  readonly #targetMs: number;
  readonly #parts: LivePart[] = [];
  #chunks: LiveChunk[] = [];
  #collectedMs = 0;

  constructor(targetMs: number) {
    this.#targetMs = targetMs;
  }

  /** Those that are complete. */
  get parts(): readonly LivePart[] {
    return this.#parts;
  }

  /** Whether the chunk can belong to this segment; otherwise what was collected must be its last part. */
  accepts({ durationMs }: LiveChunk): boolean {
    if (durationMs > this.#targetMs + toleranceMs) return false;
    return this.#chunks.length === 0 || this.#isLongEnough || this.#fits(durationMs);
  }

  /** Takes the next chunk, which `accepts` allowed. Returns whether a part is complete by it. */
  push(chunk: LiveChunk): boolean {
    const before = this.#parts.length;
    if (this.#chunks.length > 0 && !this.#fits(chunk.durationMs)) this.#endPart();
    this.#chunks.push(chunk);
    this.#collectedMs += chunk.durationMs;
    // The next chunk is probably as long as this one: where it would be too much, nobody need wait for it.
    if (this.#isLongEnough && !this.#fits(chunk.durationMs)) this.#endPart();
    return this.#parts.length > before;
  }

  /** The segment is complete: what was collected is its last part, however short. */
  finish(): readonly LivePart[] {
    if (this.#chunks.length > 0) this.#endPart();
    return this.#parts;
  }

  get #isLongEnough(): boolean {
    return this.#collectedMs >= leastShare * this.#targetMs;
  }

  #fits(durationMs: number): boolean {
    return this.#collectedMs + durationMs <= this.#targetMs + toleranceMs;
  }

  #endPart(): void {
    this.#parts.push(joinChunks(this.#chunks));
    this.#chunks = [];
    this.#collectedMs = 0;
  }
}

/** Players stay three part targets behind the live edge. */
export const usualPartTargetMs = 334;
const shortestPartTargetMs = 200;
const longestPartTargetMs = 1000;
/** Part targets are tried with some margin: time stamps are not exact. */
const marginMs = 2;
const leastShareWanted = 0.853;
/** Below this share it is tight: what uneven time stamps take from a part would end segments. */
const easyShare = 0.88;
const tightCost = 300;
/** A chunk is as long as a pause of the camera when it is so many times longer than usual. */
const pauseFactor = 3;
const foreseenMs = 4000;
/** Longer parts than usual are worse than shorter ones: a player that has just begun runs dry before the second comes. */
const longerWeight = 3;

/** How many parts, but the last, of a segment of these chunks would break the rule. */
function violations(durationsMs: readonly number[], targetMs: number, leastShare: number): number {
  let count = 0;
  let collectedMs = 0;
  for (const durationMs of durationsMs) {
    if (collectedMs > 0 && collectedMs + durationMs > targetMs - marginMs) {
      if (collectedMs < leastShare * targetMs) count += 1;
      collectedMs = 0;
    }
    collectedMs += durationMs;
  }
  return count;
}

/**
 * The part target that suits a stream, whole milliseconds: close to a third of a second, and such that whole chunks make
 * parts that the rule allows. `stretches`: chunks as they came, each stretch from the beginning of a segment.
 */
export function choosePartTargetMs(stretches: readonly (readonly LiveChunk[])[]): number {
  const all = stretches.flat();
  const sorted = all.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const last = all.at(-1);
  if (median === undefined || last === undefined) return usualPartTargetMs;
  const usual = (durationMs: number) => durationMs <= pauseFactor * median;
  const usualMs = usual(last.durationMs) ? last.durationMs : median;
  // A stretch goes on as it ended, and a segment may begin with a keyframe alone, or in the midst of a group.
  const goesOn = Array.from<number>({ length: Math.ceil(foreseenMs / usualMs) }).fill(usualMs);
  const foreseen = [
    ...stretches.map((chunks) => [...chunks.map(({ durationMs }) => durationMs).filter(usual), ...goesOn]),
    goesOn,
    [usualMs / last.sampleCount, ...goesOn],
  ];
  const leastMs = Math.max(shortestPartTargetMs, Math.ceil(Math.max(...sorted.filter(usual))) + marginMs);
  let best = { targetMs: leastMs, cost: Infinity };
  for (let targetMs = leastMs; targetMs <= Math.max(leastMs, longestPartTargetMs); targetMs += 1) {
    const broken = foreseen.reduce((sum, one) => sum + violations(one, targetMs, leastShareWanted), 0);
    const isTight = foreseen.some((one) => violations(one, targetMs, easyShare) > 0);
    const longerMs = targetMs - usualPartTargetMs;
    const cost =
      broken * longerWeight * longestPartTargetMs +
      Math.max(longerWeight * longerMs, -longerMs) +
      (isTight ? tightCost : 0);
    if (cost < best.cost) best = { targetMs, cost };
  }
  return best.targetMs;
}
