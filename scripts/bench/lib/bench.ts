/**
 * The frame of every benchmark: what was started is stopped in reverse order, by process id, whether the run succeeds,
 * fails, takes too long or is interrupted; human lines first, with `--json` one object as the last line.
 */
import { mkdtempSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './arguments.js';

export interface Bench {
  /** Aborts when the run is interrupted or out of time. */
  readonly signal: AbortSignal;
  /** Removed at the end. */
  readonly folder: string;
  say(line: string): void;
  /** To be done at the end, the latest first. */
  onEnd(what: string, stop: () => Promise<void> | void): void;
  /** Runs the stops registered since `mark()` was called with its result. */
  endSince(mark: number): Promise<void>;
  mark(): number;
  /** @throws when the disk of the folder has less room. */
  needBytes(bytes: number): void;
  sleep(ms: number): Promise<void>;
  /** Polls until `probe` gives something. @throws after `timeoutMs`, naming `what` */
  until<T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined> | T | undefined): Promise<T>;
}

export interface BenchResult {
  /** One object, the last line with `--json`. */
  readonly json: Record<string, unknown>;
  /** The figures do not count, e.g. because frames are missing: exit code 1. */
  readonly invalid?: string | undefined;
}

const spareBytes = 2e9;
const pollMs = 500;

/** Runs `main` in a folder of its own under `parent` (default: the system's temporary folder), for at most `limitMs`. */
export async function runBench(
  options: { name: string; json: boolean; limitMs: number; parent?: string | undefined },
  main: (bench: Bench) => Promise<BenchResult>,
): Promise<void> {
  const stops: { what: string; stop: () => Promise<void> | void }[] = [];
  const abort = new AbortController();
  const folder = mkdtempSync(join(options.parent ?? tmpdir(), `choi-canh-bench-${options.name}-`));
  const say = (line: string) => void process.stdout.write(`${line}\n`);

  async function endSince(mark: number): Promise<void> {
    while (stops.length > mark) {
      const { what, stop } = stops.pop()!;
      try {
        await stop();
      } catch (error) {
        say(`! ${what} did not stop: ${(error as Error).message}`);
      }
    }
  }

  const sleep = (ms: number) =>
    new Promise<void>((resolve, reject) => {
      const end = (error?: unknown) => {
        clearTimeout(timer);
        abort.signal.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error as Error);
      };
      const onAbort = () => end(abort.signal.reason);
      const timer = setTimeout(end, ms);
      abort.signal.addEventListener('abort', onAbort, { once: true });
      if (abort.signal.aborted) onAbort();
    });

  const bench: Bench = {
    signal: abort.signal,
    folder,
    say,
    onEnd: (what, stop) => void stops.push({ what, stop }),
    mark: () => stops.length,
    endSince,
    sleep,
    needBytes(bytes) {
      const { bavail, bsize } = statfsSync(folder);
      const free = bavail * bsize;
      if (free < bytes + spareBytes)
        throw new UsageError(
          `${folder} has ${gb(free)} GB free and ${gb(bytes + spareBytes)} GB are needed; choose another place with --folder or a smaller run`,
        );
    },
    async until(what, timeoutMs, probe) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const found = await probe();
        if (found !== undefined) return found;
        if (performance.now() > deadline) throw new Error(`${what}: not within ${Math.round(timeoutMs / 1000)} s`);
        await sleep(pollMs);
      }
    },
  };

  const limit = setTimeout(
    () => abort.abort(new Error(`not finished after ${options.limitMs / 1000} s`)),
    options.limitMs,
  );
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (++signals > 1) process.exit(130);
      abort.abort(new Error('interrupted'));
    });
  let result: BenchResult | undefined;
  try {
    result = await withAbort(abort.signal, main(bench));
  } catch (error) {
    const known = error instanceof UsageError || abort.signal.aborted;
    process.stderr.write(`bench:${options.name}: ${known ? (error as Error).message : (error as Error).stack}\n`);
  }
  clearTimeout(limit);
  abort.abort(new Error('ended'));
  await endSince(0);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  if (result?.invalid !== undefined) say(`! The figures do not count: ${result.invalid}`);
  if (result !== undefined && options.json) say(JSON.stringify(result.json));
  process.exit(result === undefined || result.invalid !== undefined ? 1 : 0);
}

const gb = (bytes: number): string => (bytes / 1e9).toFixed(1);

/** What runs on after an abort is left to the stops. */
function withAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
  return Promise.race([work, aborted]);
}
