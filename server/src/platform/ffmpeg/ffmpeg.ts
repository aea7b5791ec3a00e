// The only room that knows fluent-ffmpeg. It runs ffmpeg as a child process: arguments in, bytes out, stderr bounded
// and redacted. What the arguments are is left to ffmpeg-arguments.ts, what the bytes mean to whoever asked.
import type { ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import { Readable, Writable } from 'node:stream';
import fluentFfmpeg from 'fluent-ffmpeg';
import { AppError, errorMessage } from '../../lib/errors.js';
import { redactUrls } from '../../lib/logger.js';
import { ffmpegVersion, oldestVersion, isNewEnough } from './ffmpeg-version.js';

export interface FfmpegExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines of stderr, redacted, at most 4 kB. */
  readonly stderr: string;
  /** `stop` was called: however it ended, it is no failure. */
  readonly stopped: boolean;
}

export interface FfmpegStart {
  /** The whole command line, `-i pipe:0` and `pipe:1` included; visible to every user of the machine: never a secret. */
  readonly args: readonly string[];
  /** What ffmpeg reads from stdin; here secrets may stand. */
  readonly stdin?: Readable | Buffer | string;
  /** Texts that must never leave in stderr, besides `user:password@` of URLs. */
  readonly secrets?: readonly string[];
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderrLine?: (line: string) => void;
  /** How much it stands back for everything else, 0 … 19; default 0. */
  readonly niceness?: number;
}

export interface FfmpegProcess {
  /** Resolves when the process has ended and its output was handed over. @throws AppError unavailable ffmpeg_missing */
  readonly exited: Promise<FfmpegExit>;
  /** Ends the process: SIGTERM, after two seconds SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface FfmpegRun {
  /** As of FfmpegStart. */
  readonly args: readonly string[];
  readonly stdin?: Readable | Buffer | string;
  readonly maxOutputBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly niceness?: number;
}

export interface Ffmpeg {
  /** The version found. @throws AppError unavailable `ffmpeg_missing`, `ffmpeg_too_old` (older than 5.1) */
  check(): Promise<string>;
  start(options: FfmpegStart): FfmpegProcess;
  /**
   * Runs to the end and returns what came out. @throws AppError unavailable: ffmpeg_missing, ffmpeg_timeout,
   * ffmpeg_stopped (aborted); invalid: ffmpeg_failed (it did not accept the input), ffmpeg_output_too_large
   */
  run(options: FfmpegRun): Promise<Buffer>;
}

const stderrBytes = 4096;
const killAfterMs = 2000;

function toStream(stdin: Readable | Buffer | string): Readable {
  return stdin instanceof Readable ? stdin : Readable.from([stdin], { objectMode: false });
}

/** Splits a flat command line into what fluent-ffmpeg wants: options before the input, options before the output. */
function splitArguments(args: readonly string[]): { input: string[]; source: string; output: string[] } {
  const at = args.indexOf('-i');
  const source = args[at + 1];
  if (at < 0 || source === undefined || args.at(-1) !== 'pipe:1')
    throw new AppError('internal', 'bad_ffmpeg_arguments', 'ffmpeg arguments need one -i and end with pipe:1');
  return { input: args.slice(0, at), source, output: args.slice(at + 2, -1) };
}

/** It may be gone already, or the system may not allow it: then it runs as others do. */
function standBack({ pid }: ChildProcess, niceness: number): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, niceness);
  } catch {
    return;
  }
}

function missing(reason: string): AppError {
  return new AppError('unavailable', 'ffmpeg_missing', reason);
}

export function createFfmpeg(options: { path: string }): Ffmpeg {
  function start({ args, stdin, secrets = [], onStdout, onStderrLine, niceness = 0 }: FfmpegStart): FfmpegProcess {
    const { input, source, output } = splitArguments(args);
    let stopped = false;
    let child: ChildProcess | undefined;
    let stderr = '';
    const redact = (line: string): string =>
      secrets.reduce((text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')), redactUrls(line));

    // Never destroyed by itself: fluent-ffmpeg takes the close of its output for a failure and kills the child.
    const sink = new Writable({
      autoDestroy: false,
      write(chunk: Buffer, _encoding, done) {
        try {
          onStdout(chunk);
          done();
        } catch (error) {
          done(error as Error);
        }
      },
    });
    const command = fluentFfmpeg({ source: source === 'pipe:0' ? toStream(stdin ?? '') : source, stdoutLines: 20 });
    command.setFfmpegPath(options.path).inputOptions(input).outputOptions(output).output(sink, { end: true });

    const exited = new Promise<FfmpegExit>((resolve, reject) => {
      const finish = (code: number | null, signal: string | null) => {
        resolve({ code, signal, stderr: stderr.trim(), stopped });
      };
      command.on('start', () => {
        child = (command as unknown as { ffmpegProc: ChildProcess }).ffmpegProc;
        if (source !== 'pipe:0') child.stdin?.end();
        child.on('close', finish);
        if (niceness !== 0) standBack(child, niceness);
        if (stopped) child.kill('SIGKILL');
      });
      command.on('stderr', (line: string) => {
        const clean = redact(line.slice(0, 1000));
        stderr = `${stderr}${clean}\n`.slice(-stderrBytes);
        onStderrLine?.(clean);
      });
      command.on('error', (error: Error) => {
        if (child?.pid === undefined) reject(missing(`ffmpeg does not start: ${redact(error.message)}`));
        else child.kill('SIGTERM');
      });
      command.on('end', () => undefined);
    });
    exited.catch(() => undefined);
    command.run();

    return {
      exited,
      async stop() {
        stopped = true;
        child?.kill('SIGTERM');
        const timer = setTimeout(() => child?.kill('SIGKILL'), killAfterMs);
        await exited.catch(() => undefined);
        clearTimeout(timer);
      },
    };
  }

  async function run(options: FfmpegRun): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const failed: { error?: AppError } = {};
    const process = start({
      args: options.args,
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      ...(options.niceness === undefined ? {} : { niceness: options.niceness }),
      onStdout: (chunk) => {
        bytes += chunk.length;
        if (bytes > options.maxOutputBytes)
          fail(new AppError('invalid', 'ffmpeg_output_too_large', `ffmpeg wrote over ${options.maxOutputBytes} bytes`));
        else chunks.push(chunk);
      },
    });
    function fail(error: AppError): void {
      failed.error ??= error;
      void process.stop();
    }
    const onAbort = () => fail(new AppError('unavailable', 'ffmpeg_stopped', 'ffmpeg was stopped on request'));
    const timer = setTimeout(
      () => fail(new AppError('unavailable', 'ffmpeg_timeout', `ffmpeg ran over ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    if (options.signal?.aborted) onAbort();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const exit = await process.exited;
      if (failed.error !== undefined) throw failed.error;
      if (exit.code !== 0)
        throw new AppError('invalid', 'ffmpeg_failed', `ffmpeg failed: ${exit.stderr.slice(-300) || exit.signal}`);
      return Buffer.concat(chunks, bytes);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  return {
    start,
    run,
    async check() {
      const version = await ffmpegVersion(options.path).catch((error: unknown) => {
        throw missing(`ffmpeg cannot be run: ${errorMessage(error)}`);
      });
      if (!isNewEnough(version))
        throw new AppError('unavailable', 'ffmpeg_too_old', `ffmpeg ${version} is older than ${oldestVersion}`);
      return version;
    },
  };
}
