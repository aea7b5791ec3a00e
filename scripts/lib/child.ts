import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

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
    this.process = spawn(process.execPath, args, {
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
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(new Error(`${this.name} was not ready after ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
      const onMessage = (message: unknown) => {
        if (typeof message === 'object' && message !== null && 'type' in message && message.type === type) {
          finish(undefined, message as T);
        }
      };
      const onExit = () => finish(new Error(this.lastWords()));
      const finish = (error?: Error, value?: T) => {
        clearTimeout(timer);
        this.process.off('message', onMessage).off('exit', onExit);
        if (error) reject(error);
        else resolve(value as T);
      };
      this.process.on('message', onMessage).on('exit', onExit);
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
