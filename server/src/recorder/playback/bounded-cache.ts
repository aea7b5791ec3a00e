/** Keeps the most recently used values up to a total cost. */
export class BoundedCache<V> {
  private readonly entries = new Map<string, { value: V; cost: number }>();
  private totalCost = 0;

  constructor(
    private readonly maxCost: number,
    private readonly costOf: (value: V) => number = () => 1,
  ) {}

  get(key: string): V | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    const cost = this.costOf(value);
    this.entries.set(key, { value, cost });
    this.totalCost += cost;
    for (const oldest of this.entries.keys()) {
      if (this.totalCost <= this.maxCost) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.totalCost -= entry.cost;
  }

  get cost(): number {
    return this.totalCost;
  }
}
