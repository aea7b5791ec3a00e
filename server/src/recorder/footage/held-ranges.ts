interface HeldRange {
  readonly id: string;
  readonly cameraId: string;
  readonly fromMs: number;
  readonly toMs: number;
}
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Answers whether a range of a camera is held, whatever the number of holds. Both ends of a range belong to it. */
export class HeldRanges {
  readonly #byCamera = new Map<string, Map<string, HeldRange>>();
  /** Disjoint, by time; made when asked for. */
  readonly #spans = new Map<string, Span[]>();

  add(hold: HeldRange): void {
    const ofCamera = this.#byCamera.get(hold.cameraId) ?? new Map<string, HeldRange>();
    this.#byCamera.set(hold.cameraId, ofCamera.set(hold.id, hold));
    this.#spans.delete(hold.cameraId);
  }

  remove({ id, cameraId }: HeldRange): void {
    const ofCamera = this.#byCamera.get(cameraId);
    ofCamera?.delete(id);
    if (ofCamera?.size === 0) this.#byCamera.delete(cameraId);
    this.#spans.delete(cameraId);
  }

  touches(cameraId: string, fromMs: number, toMs: number): boolean {
    const spans = this.ofCamera(cameraId);
    let low = 0;
    let high = spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (spans[middle]!.toMs >= fromMs) high = middle;
      else low = middle + 1;
    }
    const first = spans[low];
    return first !== undefined && first.fromMs <= toMs;
  }

  ofCamera(cameraId: string): readonly Span[] {
    const known = this.#spans.get(cameraId);
    if (known !== undefined) return known;
    const spans: Span[] = [];
    const holds = [...(this.#byCamera.get(cameraId)?.values() ?? [])].sort((one, other) => one.fromMs - other.fromMs);
    for (const { fromMs, toMs } of holds) {
      const last = spans.at(-1);
      if (last !== undefined && fromMs <= last.toMs)
        spans[spans.length - 1] = { ...last, toMs: Math.max(last.toMs, toMs) };
      else spans.push({ fromMs, toMs });
    }
    if (spans.length > 0) this.#spans.set(cameraId, spans);
    return spans;
  }
}
