import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts the worker beside a module, from TypeScript in development and from the built JavaScript else.
 * `name` without its ending, e.g. `./catalogue.worker`; `base` is the caller's `import.meta.url`.
 *
 * In a process that itself runs through tsx, a worker whose entry is a `.ts` file fails with "unknown file extension",
 * whatever it is given to preload; so there it begins with a line of JavaScript that registers tsx and then imports it.
 */
export function startWorker(
  name: string,
  base: string,
  options: Pick<WorkerOptions, 'workerData' | 'name' | 'resourceLimits'>,
): Worker {
  if (!base.endsWith('.ts')) return new Worker(new URL(`${name}.js`, base), { ...options, execArgv: [] });
  const entry = JSON.stringify(new URL(`${name}.ts`, base).href);
  const boot = `import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}); })`;
  return new Worker(boot, { ...options, eval: true, execArgv: ['--conditions=source'] });
}
