// Rows of closed files on their way into the catalogue. While it does not take any (another process holds it, its disk is
// full, its thread is starting) they wait here and readers find them here; recording does not notice.
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { CatalogueRow } from './catalogue-database.js';
import type { Catalogue } from './catalogue.js';

/** Three hours of 515 cameras; what is beyond is found again by the search for files that the catalogue does not know. */
const maxRows = 10_000;
const batchRows = 200;
const retryMs = 1000;

export interface WaitingRows {
  /** Resolves when the catalogue has it, or when it waits. Never rejects. */
  enter(row: CatalogueRow): Promise<void>;
  /** Tries again, now and then. */
  flush(): Promise<void>;
  of(cameraId: string): CatalogueRow[];
  byId(fileId: string): CatalogueRow | undefined;
  readonly count: number;
  /** How many rows found no room since it was asked last; their files must be searched for. */
  takeLost(): number;
}

export function createWaitingRows(options: {
  catalogue: Pick<Catalogue, 'insert' | 'insertAll'>;
  clock: Clock;
  logger: Logger;
}): WaitingRows {
  const { catalogue, clock, logger } = options;
  const rows = new Map<string, CatalogueRow>();
  let lost = 0;
  let triedAt = -Infinity;
  let failing = false;
  let flushing: Promise<void> | undefined;

  function failed(error: unknown): void {
    if (!failing) logger.error({ reason: errorMessage(error) }, 'closed footage files wait for the catalogue');
    failing = true;
    triedAt = clock.monotonicMs();
    for (const oldest of rows.keys()) {
      if (rows.size <= maxRows) break;
      rows.delete(oldest);
      lost += 1;
    }
  }

  function entered(batch: readonly CatalogueRow[]): void {
    for (const row of batch) if (rows.get(row.id) === row) rows.delete(row.id);
    if (failing && rows.size === 0) {
      failing = false;
      logger.info('all closed footage files are in the catalogue');
    }
  }

  async function flushNow(): Promise<void> {
    while (rows.size > 0) {
      const batch = [...rows.values()].slice(0, batchRows);
      try {
        await catalogue.insertAll(batch);
      } catch (error) {
        return failed(error);
      }
      entered(batch);
    }
  }

  return {
    async enter(row) {
      rows.set(row.id, row);
      if (failing) return failed(undefined);
      try {
        await catalogue.insert(row);
        entered([row]);
      } catch (error) {
        failed(error);
      }
    },
    async flush() {
      if (rows.size === 0 || !failing || clock.monotonicMs() - triedAt < retryMs) return;
      flushing ??= flushNow().finally(() => (flushing = undefined));
      await flushing;
    },
    of: (cameraId) => [...rows.values()].filter((row) => row.cameraId === cameraId),
    byId: (fileId) => rows.get(fileId),
    get count() {
      return rows.size;
    },
    takeLost() {
      const taken = lost;
      lost = 0;
      return taken;
    },
  };
}
