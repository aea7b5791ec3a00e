import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Clock } from './lib/clock.js';
import { errorMessage } from './lib/errors.js';
import type { Logger } from './lib/logger.js';
import { backoffMs } from './lib/retry.js';

/** From the console to the recorder it forked: secrets go this way and never by argument or environment. */
export const recorderSecretsMessage = z.object({
  type: z.literal('secrets'),
  token: z.string().min(20),
  /** 32 bytes, hex: encrypts what the recorder keeps about its cameras. */
  stateKey: z.string().regex(/^[0-9a-f]{64}$/),
});
export const recorderReadyMessage = z.object({ type: z.literal('recorder-ready'), url: z.url() });

/** What can only be said before a process starts; server/design/performance.md has the measurements. */
export const recorderRuntime = {
  environment: {
    // File calls share one pool of threads, of 4 by default: too few for hundreds of cameras.
    UV_THREADPOOL_SIZE: '16',
    // Arenas of the C library, by default eight a core: each of those threads would keep its own free memory.
    MALLOC_ARENA_MAX: '2',
    // Blocks of media from here on, bytes, are the kernel's own: among others what is given back would leave holes that
    // nothing else fits into.
    MALLOC_MMAP_THRESHOLD_: '65536',
  },
  // A young generation of 8 MB instead of 16: hardly anything of the streams is on the heap. What is collected takes a few
  // milliseconds; to wake other threads for it costs more than they help.
  nodeArgs: ['--max-semi-space-size=8', '--single-threaded-gc'],
};

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 8000;
/** Alive for so long, the next death counts as the first again. */
const STABLE_MS = 60_000;

export interface RecorderProcess {
  start(): void;
  stop(): Promise<void>;
}

/** Keeps one recorder running beside the console: starts it, and again with growing pauses when it dies. */
export function createRecorderProcess(options: {
  token: string;
  stateKey: Buffer;
  onReady(url: string): Promise<void>;
  clock: Clock;
  logger: Logger;
}): RecorderProcess {
  const { clock, logger } = options;
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let running: Promise<void> | undefined;

  async function runOnce(): Promise<void> {
    const main = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));
    const started = fork(main, ['recorder', '--embedded'], {
      env: { ...recorderRuntime.environment, ...process.env },
      execArgv: [...process.execArgv, ...recorderRuntime.nodeArgs],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child = started;
    const timer = setTimeout(() => {
      logger.error({}, 'the recorder did not get ready in time and is started anew');
      started.kill('SIGKILL');
    }, START_DEADLINE_MS);
    started.on('message', (message) => {
      const ready = recorderReadyMessage.safeParse(message);
      if (!ready.success) return;
      clearTimeout(timer);
      options.onReady(ready.data.url).catch((error: unknown) => {
        logger.error({ err: errorMessage(error) }, 'the recorder could not be registered');
      });
    });
    const exited = new Promise<string>((resolve) => {
      started.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      started.once('error', (error) => resolve(error.message));
    });
    started.send({
      type: 'secrets',
      token: options.token,
      stateKey: options.stateKey.toString('hex'),
    } satisfies z.infer<typeof recorderSecretsMessage>);
    const reason = await exited;
    clearTimeout(timer);
    child = undefined;
    if (!stopping.signal.aborted) logger.error({ reason }, 'the recorder ended and is started anew');
  }

  async function run(): Promise<void> {
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const startedAtMs = clock.monotonicMs();
      await runOnce();
      deaths = clock.monotonicMs() - startedAtMs > STABLE_MS ? 0 : deaths + 1;
      // The first time at once: every second without a recorder is a second without footage.
      if (deaths > 1) await clock.sleep(backoffMs(deaths - 2, 500, 30_000), stopping.signal).catch(() => {});
    }
  }

  return {
    start: () => {
      running = run();
    },
    stop: async () => {
      stopping.abort(new Error('stopping'));
      const ending = child;
      ending?.kill('SIGTERM');
      const timer = setTimeout(() => ending?.kill('SIGKILL'), STOP_DEADLINE_MS);
      await running;
      clearTimeout(timer);
    },
  };
}
