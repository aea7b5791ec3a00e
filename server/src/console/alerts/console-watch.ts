import { statfs } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { DatabaseTrouble } from '../../platform/db/database-errors.js';
import type { Database } from '../../platform/db/database.js';
import type { DatabaseObserver } from '../../platform/db/guarded-queries.js';
import type { AlertRaiser } from './console-alerts.js';

/** What became of backups. Instants are ISO 8601. */
export interface BackupFacts {
  lastAt: string | undefined;
  /** Code of the error of the newest one; undefined where it succeeded. */
  failure: string | undefined;
  /** Since when there is something to back up, Unix milliseconds. */
  installedAtMs: number;
}

export interface ConsoleWatchOptions {
  alerts: AlertRaiser;
  clock: Clock;
  logger: Logger;
  dataDir: string;
  backups?: (() => Promise<BackupFacts>) | undefined;
  /** 0: never. */
  backupAlertDays: number;
  unreadableSecrets(): Promise<{ cameras: number; recorders: number }>;
  /** Of the disk of `dataDir`; default: as the system says. */
  space?: () => Promise<{ freeBytes: number; totalBytes: number }>;
  everyMs?: number;
}

/** Below so much free space people are asked to act, and below the second nothing can be expected to work. */
const lowBytes = 1e9;
const fullBytes = 100e6;
const dayMs = 86_400_000;

/**
 * Raises and clears the alerts about the console itself: its database, the disk of its data, its keys, its backups. The
 * database is judged by what it answers to everybody; while it does not work, it is asked again and again.
 */
export class ConsoleWatch {
  readonly #options: ConsoleWatchOptions;
  readonly #stop = new AbortController();
  readonly #troubles = new Set<DatabaseTrouble>();
  #running: Promise<void> = Promise.resolve();
  #secretsUnreadable = true;

  constructor(options: ConsoleWatchOptions) {
    this.#options = options;
  }

  /** Hears of every statement. */
  readonly observer: DatabaseObserver = {
    failed: (_way, trouble) => {
      this.#troubles.add(trouble);
      this.#options.alerts.raise(alertOf[trouble]);
    },
    worked: (way) => {
      if (this.#troubles.size === 0) return;
      this.#over('database_unavailable');
      if (way === 'write') for (const trouble of [...this.#troubles]) this.#over(trouble);
    },
  };

  start(database: Database): void {
    this.#running = this.#run(database);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await this.#running;
  }

  async #run(database: Database): Promise<void> {
    const { clock, logger, everyMs = 10_000 } = this.#options;
    while (!this.#stop.signal.aborted) {
      for (const look of [() => this.#ask(database), () => this.#disk(), () => this.#keys(), () => this.#backups()]) {
        await look().catch((error: unknown) => {
          logger.debug({ err: errorMessage(error) }, 'the console could not look after itself');
        });
      }
      await clock.sleep(everyMs, this.#stop.signal).catch(() => undefined);
    }
  }

  /** What it answers is heard by `observer`. That it has room again is seen from the next change that is saved. */
  async #ask(database: Database): Promise<void> {
    if (this.#troubles.has('database_unavailable')) await database.read.query('SELECT 1');
    if (this.#troubles.has('database_locked') && !this.#troubles.has('database_full')) {
      await database.write((manager) => manager.query('SELECT 1'));
    }
  }

  async #disk(): Promise<void> {
    const { alerts, dataDir, space = () => spaceOf(dataDir) } = this.#options;
    const { freeBytes, totalBytes } = await space();
    // Of a small disk a part: all of it may be less than what is little on a large one.
    const isFull = freeBytes < Math.min(fullBytes, totalBytes / 100);
    const isLow = freeBytes < Math.min(lowBytes, totalBytes / 20);
    // In whole tens of MB: a figure that changes with each look would be sent with each look.
    const facts = { freeBytes: Math.floor(freeBytes / 1e7) * 1e7 };
    if (isFull) alerts.raise('data_disk_full', facts);
    else alerts.clear('data_disk_full');
    if (isLow && !isFull) alerts.raise('data_disk_low', facts);
    else alerts.clear('data_disk_low');
  }

  /** Once; and again while there are some, until each was entered again. */
  async #keys(): Promise<void> {
    if (!this.#secretsUnreadable) return;
    const { cameras, recorders } = await this.#options.unreadableSecrets();
    this.#secretsUnreadable = cameras + recorders > 0;
    if (this.#secretsUnreadable) this.#options.alerts.raise('keys_unreadable', { cameras, recorders });
    else this.#options.alerts.clear('keys_unreadable');
  }

  async #backups(): Promise<void> {
    const { alerts, backups, backupAlertDays: days, clock } = this.#options;
    if (backups === undefined) return;
    const { lastAt, failure, installedAtMs } = await backups();
    if (failure === undefined) alerts.clear('backup_failed');
    else alerts.raise('backup_failed', { reason: failure });
    const sinceMs = lastAt === undefined ? installedAtMs : Date.parse(lastAt);
    if (days > 0 && clock.nowMs() - sinceMs > days * dayMs) {
      alerts.raise('backup_overdue', { days, ...(lastAt === undefined ? {} : { lastAt }) });
    } else alerts.clear('backup_overdue');
  }

  #over(trouble: DatabaseTrouble): void {
    if (this.#troubles.delete(trouble)) this.#options.alerts.clear(alertOf[trouble]);
  }
}

const alertOf = {
  database_unavailable: 'database_unreachable',
  database_full: 'database_full',
  database_locked: 'database_locked',
  database_damaged: 'database_damaged',
} as const;

async function spaceOf(folder: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
