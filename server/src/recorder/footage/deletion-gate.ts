/** A stretch of one camera's footage, Unix milliseconds. */
export interface FootageRange {
  readonly cameraId: string;
  readonly startAtMs: number;
  readonly endAtMs: number;
}

interface Deletion extends FootageRange {
  /** Whether the footage is gone. */
  readonly done: Promise<boolean>;
}

/** So many of the newest deletions are remembered for holds that came a moment too late. */
const rememberedDeletions = 1000;

/**
 * Where holds and deletions meet. A deletion passes when no hold touches its file, and from then on nothing stops it; a
 * hold that comes meanwhile waits for its end and learns of it. So no file that stays is called deleted, and no hold is
 * confirmed over footage that vanishes afterwards.
 */
export class DeletionGate {
  readonly #underWay = new Set<Deletion>();
  readonly #ended: FootageRange[] = [];

  /** @throws what `work` throws */
  async during(range: FootageRange, work: () => Promise<boolean>): Promise<boolean> {
    const running = work();
    const deletion: Deletion = { ...range, done: running.catch(() => false) };
    this.#underWay.add(deletion);
    try {
      const isGone = await running;
      if (isGone) this.#ended.push(range);
      if (this.#ended.length > 2 * rememberedDeletions) this.#ended.splice(0, rememberedDeletions);
      return isGone;
    } finally {
      this.#underWay.delete(deletion);
    }
  }

  /** Ids of those holds of which footage is gone; waits for what is under way. */
  async goneOf(holds: readonly { id: string; cameraId: string; fromMs: number; toMs: number }[]): Promise<string[]> {
    const touching = (hold: (typeof holds)[number], range: FootageRange): boolean =>
      range.cameraId === hold.cameraId && hold.fromMs < range.endAtMs && hold.toMs > range.startAtMs;
    const underWay = [...this.#underWay];
    const gone = new Set<string>();
    for (const hold of holds) if (this.#ended.some((range) => touching(hold, range))) gone.add(hold.id);
    for (const deletion of underWay) {
      const touched = holds.filter((hold) => touching(hold, deletion));
      if (touched.length === 0 || !(await deletion.done)) continue;
      for (const { id } of touched) gone.add(id);
    }
    return [...gone];
  }
}
