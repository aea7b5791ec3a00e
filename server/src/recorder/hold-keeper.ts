import type { DesiredHold } from '@choi-canh/shared/recorder-api';
import { msFromInstant } from '@choi-canh/shared/common';

interface Hold {
  id: string;
  cameraId: string;
  fromMs: number;
  toMs: number;
}

/** What is kept from retention, as footage wants it. */
export interface HoldsSink {
  setHolds(holds: readonly Hold[], complete: boolean): Promise<void>;
}

/**
 * Two hands keep footage from retention: the console's holds, and the extractions that still need their range. Footage knows
 * one list; this joins them. Nothing is released before the console's complete list has come once, since a list that was
 * lost must not cost footage.
 */
export class HoldKeeper {
  private console: readonly Hold[] | undefined;
  private readonly jobs = new Map<string, Hold>();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly footage: HoldsSink) {}

  /** The console's complete list; durable when it resolves. */
  setConsoleHolds(holds: readonly DesiredHold[]): Promise<void> {
    this.console = holds.map(({ id, cameraId, from, to }) => ({
      id,
      cameraId,
      fromMs: msFromInstant(from),
      toMs: msFromInstant(to),
    }));
    return this.pass(() => this.footage.setHolds([...(this.console ?? []), ...this.jobs.values()], true));
  }

  /** Durable when it resolves. */
  protect(id: string, cameraId: string, fromMs: number, toMs: number): Promise<void> {
    const hold = { id, cameraId, fromMs, toMs };
    this.jobs.set(id, hold);
    return this.pass(() => this.footage.setHolds([hold], false));
  }

  unprotect(id: string): Promise<void> {
    if (!this.jobs.delete(id) || this.console === undefined) return Promise.resolve();
    return this.pass(() => this.footage.setHolds([...(this.console ?? []), ...this.jobs.values()], true));
  }

  /** One after the other, so that an older list never comes last. */
  private pass(work: () => Promise<void>): Promise<void> {
    const done = this.running.then(work);
    this.running = done.catch(() => undefined);
    return done;
  }
}
