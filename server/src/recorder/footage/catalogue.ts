// The catalogue as the rest of the recorder sees it: promises over calls to the thread in which its SQLite lives.
import type { Worker } from 'node:worker_threads';
import { AppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { startWorker } from '../../lib/start-worker.js';
import type { CatalogueDatabase } from './catalogue-database.js';
import type { CatalogueCall, CatalogueEvent, CatalogueTasks, CatalogueWorkerData } from './catalogue.worker.js';

type Methods = Omit<CatalogueDatabase, 'close'> & CatalogueTasks;
/** Every method of the database and every task of its thread, answered later. */
export type Catalogue = {
  [Name in keyof Methods]: (...args: Parameters<Methods[Name]>) => Promise<Awaited<ReturnType<Methods[Name]>>>;
} & {
  /** Starts the thread; what becomes of it is told through the listener. Does nothing while it runs. */
  start(): void;
  stop(): Promise<void>;
  isRunning(): boolean;
};

export interface CatalogueListener {
  /** It answers questions. `rebuilding`: it was missing or damaged and is being made anew from the folder. */
  opened(state: { rebuilding: boolean }): void;
  rebuilt(): void;
  /** Footage files that it does not know and that were not closed in order; some may be being written. */
  orphans(paths: readonly string[]): void;
  /** Its thread ended by itself; `start` brings it back. */
  ended(): void;
}

const unavailable = (reason: string) => new AppError('unavailable', 'catalogue_unavailable', reason);

export function createCatalogue(options: {
  directory: string;
  path: string;
  logger: Logger;
  listener: CatalogueListener;
}): Catalogue {
  const { listener, logger } = options;
  const pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let lastCall = 0;

  function failAll(reason: string): void {
    for (const { reject } of pending.values()) reject(unavailable(reason));
    pending.clear();
  }

  function call(method: string, args: unknown[]): Promise<never> {
    const running = worker;
    if (running === undefined) return Promise.reject(unavailable('the footage catalogue is not open'));
    const message: CatalogueCall = { call: ++lastCall, method, args };
    return new Promise<never>((resolve, reject) => {
      pending.set(message.call, { resolve, reject });
      running.postMessage(message);
    });
  }

  const ask =
    <Name extends keyof Methods>(method: Name) =>
    (...args: Parameters<Methods[Name]>): Promise<Awaited<ReturnType<Methods[Name]>>> =>
      call(method, args);

  function onEvent(event: CatalogueEvent): void {
    if (event.type === 'opened') return listener.opened(event);
    if (event.type === 'orphans') return listener.orphans(event.paths);
    if (event.type === 'rebuilt') {
      logger.info({ files: event.files }, 'footage catalogue rebuilt');
      return listener.rebuilt();
    }
    const waiting = pending.get(event.call);
    pending.delete(event.call);
    if (event.type === 'result') waiting?.resolve(event.result as never);
    else waiting?.reject(unavailable(`footage catalogue: ${event.message}`));
  }

  function start(): void {
    if (worker !== undefined) return;
    const workerData: CatalogueWorkerData = {
      directory: options.directory,
      path: options.path,
      logLevel: (logger as { level?: string }).level ?? 'info',
    };
    const started = startWorker('./catalogue.worker', import.meta.url, { workerData });
    worker = started;
    const onEnd = (reason: string) => {
      if (worker !== started) return;
      worker = undefined;
      failAll(reason);
      logger.error({ reason }, 'the thread of the footage catalogue ended');
      listener.ended();
    };
    started.on('message', onEvent);
    started.on('error', (error) => onEnd(error.message));
    started.on('exit', () => onEnd('the footage catalogue ended'));
  }

  return {
    insert: ask('insert'),
    insertAll: ask('insertAll'),
    remove: ask('remove'),
    has: ask('has'),
    byId: ask('byId'),
    overlapping: ask('overlapping'),
    before: ask('before'),
    bounds: ask('bounds'),
    oldest: ask('oldest'),
    expired: ask('expired'),
    cameras: ask('cameras'),
    totals: ask('totals'),
    facts: ask('facts'),
    bytesTouched: ask('bytesTouched'),
    newestEpoch: ask('newestEpoch'),
    getMeta: ask('getMeta'),
    setMeta: ask('setMeta'),
    recover: ask('recover'),
    search: ask('search'),
    start,
    isRunning: () => worker !== undefined,
    async stop() {
      if (worker === undefined) return;
      const ending = worker;
      const exited = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      await call('close', []).catch(() => undefined); // it is gone already
      worker = undefined;
      await exited;
      failAll('the footage catalogue is closed');
    },
  };
}
