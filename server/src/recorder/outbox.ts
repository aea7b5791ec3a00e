import { instantFromMs } from '@choi-canh/shared/common';
import { recorderEvent, type EventPage, type RecorderEvent } from '@choi-canh/shared/recorder-api';
import Database from 'better-sqlite3';
import type { Clock } from '../lib/clock.js';
import { errorMessage } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';

type WithoutEnvelope<E> = E extends unknown ? Omit<E, 'sequence' | 'at'> : never;
/** An event before it has its number. */
export type NewRecorderEvent = WithoutEnvelope<RecorderEvent>;

export interface OutboxOptions {
  path: string;
  clock: Clock;
  logger: Logger;
  /** Beyond this many unread events, states that were superseded are dropped; default 20 000. */
  coalesceAbove?: number;
  /** Never more than this many; default 100 000. */
  maxEvents?: number;
}

const pageSize = 500;
/** A page is a little longer at most; the console takes 16 MB. */
const pageBytes = 4 * 1024 * 1024;
export const maxWaitMs = 25_000;

/** What an event replaces: the earlier one of the same subject. */
function subjectOf(event: NewRecorderEvent): string {
  if (event.type === 'camera.state') return `camera ${event.status.cameraId}`;
  if (event.type === 'extraction.state') return `extraction ${event.extraction.id}`;
  // None replaces another.
  if (event.type === 'recorder.stopped') return `stopped ${event.from}`;
  // Of the signed records the newest is kept: the console asks for those before it.
  if (event.type === 'chain.heads') return 'chain heads';
  return `hold ${event.holdId}`;
}

/**
 * Events for the console, numbered, kept until it says that it has them. Owns a small SQLite file; a transaction of one
 * batch takes well under a millisecond, because WAL with synchronous=NORMAL does not wait for the disk. A power cut may
 * cost the last events, which the next states make good.
 */
export class Outbox {
  private readonly database: Database.Database;
  private readonly waiters = new Set<() => void>();
  private readonly coalesceAbove: number;
  private readonly maxEvents: number;
  private lastSequence: number;
  private count: number;
  private coalescedAt = 0;

  constructor(private readonly options: OutboxOptions) {
    this.coalesceAbove = options.coalesceAbove ?? 20_000;
    this.maxEvents = options.maxEvents ?? 100_000;
    this.database = new Database(options.path);
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = NORMAL');
    this.database.exec(
      `CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY, subject TEXT NOT NULL, body TEXT NOT NULL);
       CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), last_sequence INTEGER NOT NULL);
       INSERT OR IGNORE INTO counter VALUES (1, 0);`,
    );
    const counter = this.database.prepare('SELECT last_sequence AS last FROM counter').get() as { last: number };
    const row = this.database.prepare('SELECT count(*) AS count, max(sequence) AS newest FROM event').get() as {
      count: number;
      newest: number | null;
    };
    this.lastSequence = Math.max(counter.last, row.newest ?? 0);
    this.count = row.count;
  }

  /** Sequence of the newest event; 0 before the first. */
  get sequence(): number {
    return this.lastSequence;
  }

  /** `durably` waits for the disk: for what no later event makes good. */
  append(events: readonly NewRecorderEvent[], durably = false): void {
    if (events.length === 0) return;
    this.database.pragma(`synchronous = ${durably ? 'FULL' : 'NORMAL'}`);
    const at = instantFromMs(this.options.clock.nowMs());
    const insert = this.database.prepare('INSERT INTO event (sequence, subject, body) VALUES (?, ?, ?)');
    let next = this.lastSequence;
    this.database.transaction(() => {
      for (const event of events) {
        next += 1;
        insert.run(next, subjectOf(event), JSON.stringify({ ...event, at, sequence: next }));
      }
      this.database.prepare('UPDATE counter SET last_sequence = ?').run(next);
    })();
    this.lastSequence = next;
    this.count += events.length;
    this.bound();
    for (const wake of this.waiters) wake();
  }

  /**
   * Events after `after`; waits up to `waitMs` (at most 25 s) for the first. What is not after it has been applied and is
   * forgotten. A console that is ahead of us (our file was lost) makes us go on from its number: then `onBehind` is called.
   */
  async page(after: number, waitMs: number, signal: AbortSignal, onBehind: () => void): Promise<EventPage> {
    if (after > this.lastSequence) {
      this.options.logger.warn({ after, own: this.lastSequence }, 'the console knows more events than this recorder');
      this.database.prepare('UPDATE counter SET last_sequence = ?').run(after);
      this.lastSequence = after;
      onBehind();
    }
    const removed = this.database.prepare('DELETE FROM event WHERE sequence <= ?').run(after).changes;
    this.count -= removed;
    let events = this.read(after);
    if (events.length === 0 && waitMs > 0) {
      await this.wait(Math.min(waitMs, maxWaitMs), signal);
      events = this.read(after);
    }
    return { events, sequence: this.lastSequence };
  }

  close(): void {
    for (const wake of this.waiters) wake();
    this.database.close();
  }

  private read(after: number): RecorderEvent[] {
    if (!this.database.open) return [];
    const rows: { sequence: number; body: string }[] = [];
    let bytes = 0;
    const found = this.database
      .prepare('SELECT sequence, body FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?')
      .iterate(after, pageSize) as IterableIterator<{ sequence: number; body: string }>;
    for (const row of found) {
      rows.push(row);
      bytes += row.body.length;
      if (bytes > pageBytes) break;
    }
    return rows.flatMap((row) => {
      try {
        return [recorderEvent.parse(JSON.parse(row.body))];
      } catch (error) {
        this.options.logger.error({ sequence: row.sequence, error: errorMessage(error) }, 'an event cannot be read');
        return [];
      }
    });
  }

  private async wait(ms: number, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const wake = () => ended.abort();
    this.waiters.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    try {
      if (!signal.aborted) await this.options.clock.sleep(ms, ended.signal);
    } catch {
      // woken by an event, by the end of the request, or by close
    } finally {
      this.waiters.delete(wake);
      signal.removeEventListener('abort', wake);
    }
  }

  /** No console reads: keep the newest state of each subject, then at any rate not more than the bound. */
  private bound(): void {
    if (this.count <= this.coalesceAbove || this.lastSequence - this.coalescedAt < this.coalesceAbove / 4) return;
    this.coalescedAt = this.lastSequence;
    const superseded = this.database
      .prepare('DELETE FROM event WHERE sequence NOT IN (SELECT max(sequence) FROM event GROUP BY subject)')
      .run().changes;
    this.count -= superseded;
    let dropped = 0;
    if (this.count > this.maxEvents) {
      dropped = this.database
        .prepare('DELETE FROM event WHERE sequence IN (SELECT sequence FROM event ORDER BY sequence LIMIT ?)')
        .run(this.count - this.maxEvents).changes;
      this.count -= dropped;
    }
    this.options.logger.warn({ superseded, dropped, kept: this.count }, 'no console reads: old events were dropped');
  }
}
