// The catalogue as the rest of the recorder sees it: promises over calls to the thread in which its SQLite lives.
import type { Worker } from 'node:worker_threads';
import { AppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { startWorker } from '../../lib/start-worker.js';
import type { CatalogueDatabase } from './catalogue-database.js';
import type { CatalogueCall, CatalogueEvent, CatalogueWorkerData } from './catalogue.worker.js';

type Methods = Omit<CatalogueDatabase, 'close'>;
/** Every method of the database, answered later. */
export type Catalogue = {
  [Name in keyof Methods]: (...args: Parameters<Methods[Name]>) => Promise<ReturnType<Methods[Name]>>;
} & {
  /** Resolves when it answers; true: it was missing or damaged and is being rebuilt in the background. */
  start(): Promise<boolean>;
  stop(): Promise<void>;
  /** False when its thread ended by itself; `start` brings it back. */
  isRunning(): boolean;
  /** Resolves when the rebuilding is done; at once when there is none. */
  rebuilt(): Promise<void>;
};

const unavailable = (reason: string) => new AppError('unavailable', 'catalogue_unavailable', reason);

export function createCatalogue(options: { directory: string; path: string; logger: Logger }): Catalogue {
  const pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let lastCall = 0;
  let markRebuilt: () => void = () => undefined;
  const rebuilt = new Promise<void>((resolve) => (markRebuilt = resolve));

  function failAll(error: Error): void {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
    markRebuilt();
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
    (...args: Parameters<Methods[Name]>): Promise<ReturnType<Methods[Name]>> =>
      call(method, args);

  function start(): Promise<boolean> {
    const workerData: CatalogueWorkerData = {
      directory: options.directory,
      path: options.path,
      logLevel: (options.logger as { level?: string }).level ?? 'info',
    };
    const started = startWorker('./catalogue.worker', import.meta.url, { workerData });
    worker = started;
    return new Promise<boolean>((resolve, reject) => {
      started.on('message', (event: CatalogueEvent) => {
        if (event.type === 'opened') {
          if (!event.rebuilding) markRebuilt();
          resolve(event.rebuilding);
        } else if (event.type === 'failed') {
          reject(unavailable(event.message));
          failAll(unavailable(event.message));
          options.logger.error({ reason: event.message }, 'the footage catalogue failed');
        } else if (event.type === 'rebuilt') {
          options.logger.info({ files: event.files }, 'footage catalogue rebuilt');
          markRebuilt();
        } else {
          const waiting = pending.get(event.call);
          pending.delete(event.call);
          if (event.type === 'result') waiting?.resolve(event.result as never);
          else waiting?.reject(unavailable(`footage catalogue: ${event.message}`));
        }
      });
      const onEnd = (reason: string) => {
        if (worker !== started) return;
        worker = undefined;
        reject(unavailable(reason));
        failAll(unavailable(reason));
      };
      started.on('error', (error) => onEnd(error.message));
      started.on('exit', () => onEnd('the footage catalogue ended'));
    });
  }

  return {
    insert: ask('insert'),
    remove: ask('remove'),
    byId: ask('byId'),
    overlapping: ask('overlapping'),
    before: ask('before'),
    bounds: ask('bounds'),
    oldest: ask('oldest'),
    expired: ask('expired'),
    cameras: ask('cameras'),
    totals: ask('totals'),
    getMeta: ask('getMeta'),
    setMeta: ask('setMeta'),
    start,
    isRunning: () => worker !== undefined,
    rebuilt: () => rebuilt,
    async stop() {
      if (worker === undefined) return;
      const ending = worker;
      const exited = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      await call('close', []).catch(() => undefined); // it is gone already
      worker = undefined;
      await exited;
      failAll(unavailable('the footage catalogue is closed'));
    },
  };
}
