import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** It also ends when this process is gone without having stopped it. */
const endWithParent = join(import.meta.dirname, 'end-with-parent.mjs');

/** A long-running process of the demo or a test: its last lines are kept so that a failure can be told in its own words. */
export class ManagedChild {
  readonly process: ChildProcess;
  private readonly lastLines: string[] = [];

  constructor(
    readonly name: string,
    args: string[],
    options: { env?: NodeJS.ProcessEnv; cwd: string },
  ) {
    // Its own process group: Ctrl-C reaches only the parent, which then stops its parts in order.
    this.process = spawn(process.execPath, ['--import', endWithParent, ...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.lastLines.push(...text.split('\n').filter((line) => line.trim() !== ''));
        this.lastLines.splice(0, Math.max(0, this.lastLines.length - 20));
      });
    }
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** The sentence it died with: its last line that is not a log record. */
  lastWords(): string {
    return this.lastLines.findLast((line) => !line.startsWith('{')) ?? `${this.name} stopped without a word`;
  }

  /** Resolves with the first IPC message of the given type; rejects when the process ends or `timeoutMs` pass. */
  message<T>(type: string, timeoutMs: number): Promise<T> {
    return this.first(timeoutMs, (settle) => {
      const onMessage = (message: unknown) => {
        if (typeof message === 'object' && message !== null && 'type' in message && message.type === type) {
          settle(message as T);
        }
      };
      this.process.on('message', onMessage);
      return () => this.process.off('message', onMessage);
    });
  }

  /** Resolves with the first line of its output that is a JSON object with `key`; rejects like `message`. */
  jsonLine<T>(key: string, timeoutMs: number): Promise<T> {
    return this.first(timeoutMs, (settle) => {
      if (this.process.stdout === null) return () => undefined;
      const lines = createInterface({ input: this.process.stdout });
      lines.on('line', (line) => {
        if (!line.startsWith('{')) return;
        const value = JSON.parse(line) as T & object;
        if (key in value) settle(value);
      });
      return () => lines.removeAllListeners('line');
    });
  }

  private first<T>(timeoutMs: number, listen: (settle: (value: T) => void) => () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(`${this.name} was not ready after ${timeoutMs / 1000} s`), timeoutMs);
      const onExit = () => fail(this.lastWords());
      const end = () => {
        clearTimeout(timer);
        this.process.off('exit', onExit);
        forget();
      };
      const fail = (words: string) => {
        end();
        reject(new Error(words));
      };
      const forget = listen((value) => {
        end();
        resolve(value);
      });
      this.process.on('exit', onExit);
      if (!this.running) onExit();
    });
  }

  /** SIGTERM, and SIGKILL to its whole group after `graceMs`. */
  async stop(graceMs = 15_000): Promise<void> {
    if (!this.running || this.process.pid === undefined) return;
    const pid = this.process.pid;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        this.process.kill('SIGKILL');
      }
    }, graceMs);
    await exited;
    clearTimeout(timer);
  }
}
