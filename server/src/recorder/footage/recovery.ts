// Brings files that were not closed in order into the catalogue: those that were being written when the recorder ended,
// those that could not be finished, and those that the catalogue does not know. Works beside recording; what fails is
// tried again. Only a file of which it is known that it was being written is cut, and none that the chain has.
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
  /** `open`: these were being written. Does nothing for paths that are not footage. */
  add(paths: Iterable<string>, state: 'open' | 'found'): void;
  /** Works off what is due. */
  run(): Promise<void>;
  /** Of one camera, those that were being written: named in its marker, so that another crash does not lose them. */
  pathsOf(cameraId: string): string[];
  cameraIds(): Set<string>;
  readonly count: number;
}

interface Waiting {
  readonly cameraId: string;
  state: 'open' | 'found';
  dueAt: number;
  retryMs: number;
}

export function createRecovery(options: {
  catalogue: Pick<Catalogue, 'recover' | 'isRunning'>;
  clock: Clock;
  logger: Logger;
  /** Being written or finished now. */
  isBusy: (cameraId: string, path: string) => boolean;
  epochOf: () => number;
  /** Whether the chain has an entry for it: then it was closed in order. @throws when that cannot be told now */
  isChained: (cameraId: string, path: string) => Promise<boolean>;
  /** `found`: what is in it; undefined: nothing whole. */
  onRecovered: (path: string, found: { row: CatalogueRow; mended: boolean } | undefined) => Promise<void>;
}): Recovery {
  const { catalogue, clock, logger } = options;
  const waiting = new Map<string, Waiting>();
  let running: Promise<void> | undefined;

  async function recover(path: string): Promise<void> {
    const entry = waiting.get(path)!;
    try {
      if (!options.isBusy(entry.cameraId, path)) {
        const state = (await options.isChained(entry.cameraId, path)) ? 'closed' : entry.state;
        const found = await catalogue.recover(path, state, options.epochOf());
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
    add(paths, state) {
      for (const path of paths) {
        const named = parseFootagePath(path);
        const known = waiting.get(path);
        if (known !== undefined && state === 'open') known.state = 'open';
        if (named === undefined || known !== undefined || waiting.size >= maxPaths) continue;
        waiting.set(path, { cameraId: named.cameraId, state, dueAt: clock.monotonicMs(), retryMs: firstRetryMs });
      }
    },
    run() {
      running ??= runNow().finally(() => (running = undefined));
      return running;
    },
    pathsOf: (cameraId) =>
      [...waiting].filter(([, one]) => one.cameraId === cameraId && one.state === 'open').map(([path]) => path),
    cameraIds: () => new Set([...waiting.values()].map((entry) => entry.cameraId)),
    get count() {
      return waiting.size;
    },
  };
}
