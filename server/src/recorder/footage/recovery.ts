// Brings files that were not closed in order into the catalogue: those that were being written when the recorder ended,
// those that could not be finished, and those that the catalogue does not know. Works beside recording; what fails is
// tried again.
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { CatalogueRow } from './catalogue-database.js';
import type { Catalogue } from './catalogue.js';
import { parseFootagePath } from './footage-paths.js';

const atOnce = 4;
const firstRetryMs = 2000;
const longestRetryMs = 60_000;
/** Beyond this the search for files that the catalogue does not know finds them again. */
const maxPaths = 20_000;

export interface Recovery {
  /** Does nothing for paths that are not footage, and those that it has. */
  add(paths: Iterable<string>): void;
  /** Works off what is due. */
  run(): Promise<void>;
  /** Of one camera: named in its marker, so that another crash does not lose them. */
  pathsOf(cameraId: string): string[];
  cameraIds(): Set<string>;
  readonly count: number;
}

export function createRecovery(options: {
  catalogue: Pick<Catalogue, 'recover' | 'isRunning'>;
  clock: Clock;
  logger: Logger;
  /** Being written or finished now. */
  isBusy: (cameraId: string, path: string) => boolean;
  epochOf: () => number;
  /** `found`: what is in it; undefined: nothing whole. */
  onRecovered: (path: string, found: { row: CatalogueRow; mended: boolean } | undefined) => Promise<void>;
}): Recovery {
  const { catalogue, clock, logger } = options;
  const waiting = new Map<string, { cameraId: string; dueAt: number; retryMs: number }>();
  let running: Promise<void> | undefined;

  async function recover(path: string): Promise<void> {
    const entry = waiting.get(path)!;
    try {
      if (!options.isBusy(entry.cameraId, path)) {
        const found = await catalogue.recover(path, true, options.epochOf());
        await options.onRecovered(path, found);
      }
      waiting.delete(path);
    } catch (error) {
      logger.warn({ path, reason: errorMessage(error) }, 'a footage file could not be recovered yet');
      entry.dueAt = clock.monotonicMs() + entry.retryMs;
      entry.retryMs = Math.min(longestRetryMs, entry.retryMs * 2);
    }
  }

  async function runNow(): Promise<void> {
    if (!catalogue.isRunning()) return;
    const due = [...waiting].filter(([, { dueAt }]) => dueAt <= clock.monotonicMs()).map(([path]) => path);
    const worker = async () => {
      for (let path = due.shift(); path !== undefined; path = due.shift()) await recover(path);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  return {
    add(paths) {
      for (const path of paths) {
        const named = parseFootagePath(path);
        if (named === undefined || waiting.has(path) || waiting.size >= maxPaths) continue;
        waiting.set(path, { cameraId: named.cameraId, dueAt: clock.monotonicMs(), retryMs: firstRetryMs });
      }
    },
    run() {
      running ??= runNow().finally(() => (running = undefined));
      return running;
    },
    pathsOf: (cameraId) => [...waiting].filter(([, entry]) => entry.cameraId === cameraId).map(([path]) => path),
    cameraIds: () => new Set([...waiting.values()].map((entry) => entry.cameraId)),
    get count() {
      return waiting.size;
    },
  };
}
