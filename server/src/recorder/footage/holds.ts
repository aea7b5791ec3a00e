// Which footage retention must not touch. A hold leaves only by its own release: no list releases what it does not name.
// Kept in a log of its own beside the footage, so that a hold outlives the loss of the catalogue.
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../../lib/errors.js';
import { HoldDigest, holdHash } from '../../lib/hold-digest.js';
import type { Logger } from '../../lib/logger.js';
import { DeletionGate, type FootageRange } from './deletion-gate.js';
import type { Hold } from './footage-types.js';
import { HeldRanges } from './held-ranges.js';
import { HoldLog, putRecord, type HoldRecord } from './hold-log.js';

/** The list of earlier versions, rewritten whole at each change. It is taken over once. */
const formerList = z.object({
  version: z.literal(1),
  holds: z.array(z.object({ id: z.string(), cameraId: z.string(), fromMs: z.number(), toMs: z.number() })),
});

/** Appended changes beyond as many as there are holds, and this, are worth writing the log again. */
const compactBeyond = 1000;

export class Holds {
  readonly #log: HoldLog;
  readonly #formerPath: string;
  readonly #logger: Logger;
  readonly #gate = new DeletionGate();
  readonly #byId = new Map<string, Hold>();
  readonly #ranges = new HeldRanges();
  readonly #digest = new HoldDigest();
  #known = false;
  #revision = 0;
  #records = 0;
  #writing: Promise<void> = Promise.resolve();
  #sortedIds: string[] | undefined;
  readonly #releasing = new Set<string>();
  readonly #warn = (error: unknown): void =>
    this.#logger.warn({ reason: errorMessage(error) }, 'the list of holds could not be written');

  constructor(options: { directory: string; logger: Logger }) {
    this.#log = new HoldLog(join(options.directory, 'holds.log'));
    this.#formerPath = join(options.directory, 'holds.json');
    this.#logger = options.logger;
  }

  /** The list is complete. While it is not nothing may be deleted. */
  get known(): boolean {
    return this.#known;
  }
  /** Changes whenever what is held may have changed. */
  get revision(): number {
    return this.#revision;
  }
  /** Of the console's holds; those of running extractions are no business of its. */
  get summary(): { count: number; digest: string } {
    return { count: this.#digest.count, digest: this.#digest.text };
  }

  /**
   * Reads what there is. What is damaged is kept as far as it can be read, and the list counts as incomplete; so does one
   * that is missing, but where there is no footage either: nothing can have been held of that.
   */
  async load(hasFootage: () => Promise<boolean>): Promise<void> {
    let shouldRewrite = true;
    let former: string | undefined;
    try {
      const loaded = await this.#log.load((record) => this.#apply(record));
      former = loaded === undefined ? await readIfThere(this.#formerPath) : undefined;
      if (loaded === undefined && former === undefined) this.#known = !(await hasFootage());
      if (former !== undefined) {
        for (const hold of formerList.parse(JSON.parse(former)).holds) this.#take(wholeMs(hold));
        this.#known = true;
      } else if (loaded !== undefined) {
        this.#known = loaded.known;
        this.#records = loaded.records;
        shouldRewrite = loaded.damaged;
        if (loaded.damaged) throw new Error(`${this.#byId.size} of them can be read`);
      }
    } catch (error) {
      this.#known = false;
      this.#logger.error({ reason: errorMessage(error) }, 'the list of holds is damaged: nothing is deleted');
    }
    if (shouldRewrite) await this.#begin(former !== undefined).catch(this.#warn);
  }

  async #begin(replacesFormer: boolean): Promise<void> {
    const holds = [...this.#byId.values()];
    await this.#log.rewrite(holds, this.#known);
    this.#records = holds.length;
    // A list that lies there for good would one day be taken for the present one.
    if (replacesFormer) await rename(this.#formerPath, `${this.#formerPath}.${this.#known ? 'taken' : 'damaged'}`);
  }

  /**
   * Works at once, and is durable when it resolves. A hold of a known id never becomes narrower. Returns the ids of which
   * footage is gone: its deletion was under way, or had just ended.
   */
  async put(holds: readonly Hold[]): Promise<string[]> {
    // What is being released is taken anew behind that.
    if (holds.some(({ id }) => this.#releasing.has(id))) await this.#writing;
    const changed = holds.flatMap((given) => this.#take(wholeMs(given)) ?? []);
    const gone = await this.#gate.goneOf(holds);
    if (changed.length > 0) await this.#append(changed.map(putRecord));
    return gone;
  }

  /** Durable when it resolves; until then they hold. Ids that are not here are released already. */
  async release(ids: readonly string[]): Promise<void> {
    const here = ids.filter((id) => this.#byId.has(id));
    if (here.length === 0) return;
    for (const id of here) this.#releasing.add(id);
    try {
      await this.#append(
        here.map((id): HoldRecord => ['-', id]),
        () => here.forEach((id) => this.#drop(id)),
      );
    } finally {
      for (const id of here) this.#releasing.delete(id);
    }
  }

  /** Whoever knows all holds has seen to it that all are here. Durable when it resolves. */
  async confirm(): Promise<void> {
    if (this.#known) return;
    await this.#append([['known']], () => {
      this.#known = true;
      this.#revision += 1;
    });
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  jobIds(): string[] {
    return [...this.#byId.values()].filter(({ job }) => job === true).map(({ id }) => id);
  }

  /** The console's holds behind `after`, by id. */
  page(after: string, limit: number): Hold[] {
    this.#sortedIds ??= [...this.#byId.values()]
      .filter(({ job }) => job !== true)
      .map(({ id }) => id)
      .sort();
    const ids = this.#sortedIds;
    const from = firstBehind(ids, after);
    return ids.slice(from, from + limit).flatMap((id) => this.#byId.get(id) ?? []);
  }

  /** Whether any hold touches [fromMs, toMs] of the camera. */
  isHeld(cameraId: string, fromMs: number, toMs: number): boolean {
    return this.#ranges.touches(cameraId, fromMs, toMs);
  }

  /** What is held of a camera, without overlap, by time. */
  ofCamera(cameraId: string): readonly { fromMs: number; toMs: number }[] {
    return this.#ranges.ofCamera(cameraId);
  }

  /**
   * Deletes what is not held. From the look at the holds to the end of `work` a hold that touches the range waits, and
   * learns whether it was in time. `work` says whether the footage is gone. False where it is held or stays.
   */
  async deleteUnheld(range: FootageRange, work: () => Promise<boolean>): Promise<boolean> {
    if (!this.#known || this.isHeld(range.cameraId, range.startAtMs, range.endAtMs)) return false;
    return this.#gate.during(range, work);
  }

  #apply(record: HoldRecord): void {
    if (record[0] === '-') this.#drop(record[1]);
    if (record[0] !== '+') return;
    const [, id, cameraId, fromMs, toMs, incidentId, number, job] = record;
    const incident = incidentId === null ? {} : { incident: { id: incidentId, number } };
    this.#take({ id, cameraId, fromMs, toMs, ...incident, ...(job ? { job } : {}) });
  }

  /** Returns what is new of it. */
  #take(given: Hold): Hold | undefined {
    const known = this.#byId.get(given.id);
    if (known !== undefined && known.cameraId !== given.cameraId) {
      this.#logger.warn({ holdId: given.id }, 'a hold cannot change its camera');
      return undefined;
    }
    const hold: Hold = {
      ...given,
      fromMs: Math.min(given.fromMs, known?.fromMs ?? Infinity),
      toMs: Math.max(given.toMs, known?.toMs ?? -Infinity),
    };
    const same =
      known !== undefined &&
      known.fromMs === hold.fromMs &&
      known.toMs === hold.toMs &&
      known.job === hold.job &&
      known.incident?.id === hold.incident?.id;
    if (same) return undefined;
    if (known !== undefined) this.#drop(known.id);
    this.#byId.set(hold.id, hold);
    this.#ranges.add(hold);
    this.#changed();
    if (hold.job !== true) this.#digest.add(holdHash(hold));
    return hold;
  }

  #drop(id: string): void {
    const hold = this.#byId.get(id);
    if (hold === undefined) return;
    this.#byId.delete(id);
    this.#ranges.remove(hold);
    this.#changed();
    if (hold.job !== true) this.#digest.remove(holdHash(hold));
  }

  #changed(): void {
    this.#revision += 1;
    this.#sortedIds = undefined;
  }

  /** One after the other. A log that does not take it is written again as a whole: it may be that it is not there. */
  #append(records: readonly HoldRecord[], done?: () => void): Promise<void> {
    const write = this.#writing.then(async () => {
      try {
        await this.#log.append(records);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        await this.#begin(false);
        await this.#log.append(records);
      }
      this.#records += records.length;
      done?.();
    });
    // Compaction that fails costs nothing but room: it is due again with the next change.
    this.#writing = write.then(() => this.#compact()).catch(this.#warn);
    return write;
  }

  async #compact(): Promise<void> {
    if (this.#records <= 2 * this.#byId.size + compactBeyond) return;
    await this.#begin(false);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const wholeMs = <T extends Hold>(hold: T): T => ({
  ...hold,
  fromMs: Math.floor(hold.fromMs),
  toMs: Math.ceil(hold.toMs),
});

function firstBehind(ids: readonly string[], after: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
