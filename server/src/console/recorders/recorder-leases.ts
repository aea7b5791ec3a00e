import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { RecorderLeasesRepository } from './recorder-leases.repository.js';

export interface LeaseTimes {
  /** A console that does not renew for so long has lost its leases. Default 12 s. */
  leaseMs: number;
  /** Pause between two renewals, and longest time until a change at another console is seen. Default 3 s. */
  renewEveryMs: number;
}
export const usualLeaseTimes: LeaseTimes = { leaseMs: 12_000, renewEveryMs: 3000 };

/** One recorder's lease, as its synchronisation sees it. */
export interface RecorderLease {
  /** Whether this console keeps the recorder in step now. */
  readonly held: boolean;
  /** Tries to get it, or to keep it; true where it has it then. */
  take(): Promise<boolean>;
  release(): Promise<void>;
}

export const ownLease: RecorderLease = {
  held: true,
  take: () => Promise.resolve(true),
  release: () => Promise.resolve(),
};

/**
 * Of several consoles on one PostgreSQL one keeps a recorder in step: it applies its events and gives it the desired state;
 * the others read. One that cannot reach the recorder gives the lease up, so that one that can takes it.
 */
export class RecorderLeases {
  readonly #repository: RecorderLeasesRepository;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #times: LeaseTimes;
  readonly #changed: (recorderId: string) => void;
  readonly #renewed: () => Promise<void>;
  readonly #holder = newId();
  /** Until when each is held, by the monotonic clock: earlier than the database thinks. */
  readonly #heldUntil = new Map<string, number>();
  #changes: ReadonlyMap<string, number> = new Map();
  readonly #stop = new AbortController();
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: {
    repository: RecorderLeasesRepository;
    clock: Clock;
    logger: Logger;
    times?: Partial<LeaseTimes> | undefined;
    /** Another console changed something that this recorder must know. */
    changed: (recorderId: string) => void;
    /** After each renewal: what else other consoles may have done. */
    renewed: () => Promise<void>;
  }) {
    this.#repository = options.repository;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#times = { ...usualLeaseTimes, ...options.times };
    this.#changed = options.changed;
    this.#renewed = options.renewed;
  }

  start(): void {
    if (this.#repository.shared) this.#renewing = this.#renewForEver();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await this.#renewing;
    const held = [...this.#heldUntil.keys()];
    this.#heldUntil.clear();
    if (held.length === 0) return;
    await this.#repository.release(this.#holder, held).catch((error: unknown) => {
      // They run out by themselves.
      this.#logger.debug({ err: errorMessage(error) }, 'leases could not be given up');
    });
  }

  of(recorderId: string): RecorderLease {
    if (!this.#repository.shared) return ownLease;
    const isHeld = () => (this.#heldUntil.get(recorderId) ?? 0) > this.#clock.monotonicMs();
    return {
      get held() {
        return isHeld();
      },
      take: async () => {
        if (!isHeld() && !this.#stop.signal.aborted) await this.#take([recorderId]);
        return isHeld();
      },
      release: async () => {
        if (!this.#heldUntil.delete(recorderId)) return;
        await this.#repository.release(this.#holder, [recorderId]);
      },
    };
  }

  /** For a recorder that another console keeps in step. */
  async noteChange(recorderIds: readonly string[]): Promise<void> {
    await this.#repository.noteChange(recorderIds);
  }

  async #renewForEver(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#take([]);
        await this.#renewed();
      } catch (error) {
        this.#logger.warn({ err: errorMessage(error) }, 'leases of recorders could not be renewed');
      }
      await this.#clock.sleep(this.#times.renewEveryMs, signal).catch(() => undefined);
    }
  }

  /** Those that are held already, and `more`. */
  async #take(more: readonly string[]): Promise<void> {
    const askedAtMs = this.#clock.monotonicMs();
    const wanted = [...new Set([...this.#heldUntil.keys(), ...more])];
    const { held, changes } = await this.#repository.take(this.#holder, wanted, this.#times.leaseMs);
    const now = new Set(held);
    for (const id of wanted) {
      if (now.has(id)) this.#heldUntil.set(id, askedAtMs + this.#times.leaseMs * 0.8);
      else this.#heldUntil.delete(id);
    }
    const before = this.#changes;
    this.#changes = changes;
    for (const [id, count] of changes) {
      if (now.has(id) && before.has(id) && before.get(id) !== count) this.#changed(id);
    }
  }
}
