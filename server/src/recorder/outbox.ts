import { randomInt } from 'node:crypto';
import { instantFromMs } from '@choi-canh/shared/common';
import { recorderEvent, type EventPage, type RecorderEvent } from '@choi-canh/shared/recorder-api';
import type { Database } from 'better-sqlite3';
import type { Clock } from '../lib/clock.js';
import { errorMessage } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { isDamage, openReplaceable, setAside } from '../platform/db/sqlite-file.js';

type WithoutEnvelope<E> = E extends unknown ? Omit<E, 'sequence' | 'at'> : never;
/** An event before it has its number. */
export type NewRecorderEvent = WithoutEnvelope<RecorderEvent>;
type UnnumberedEvent = NewRecorderEvent & { at: string };

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
/** Of so many subjects the newest event is kept in memory. */
const maxUnwritten = 10_000;
/**
 * Left out at each opening, and up to as many more at random: more than are given between two writes that reach the disk,
 * and another start than before where the disk forgot even what it had confirmed.
 */
const sequenceJump = 1_000_000;

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
 * cost the last events, which the next states make good; that their numbers are not given again, each opening leaves a
 * wide gap. Nothing here throws because of the file: what it does not take is kept in memory and written with the next
 * event, or when the console asks.
 */
export class Outbox {
  private database: Database | undefined;
  private closed = false;
  /** What the file does not take now, the newest of each subject; told to the console once it is written. */
  private readonly unwritten = new Map<string, UnnumberedEvent>();
  private failing = false;
  private readonly waiters = new Set<() => void>();
  private readonly coalesceAbove: number;
  private readonly maxEvents: number;
  private lastSequence = 0;
  private count = 0;
  private coalescedAt = 0;

  constructor(private readonly options: OutboxOptions) {
    this.coalesceAbove = options.coalesceAbove ?? 20_000;
    this.maxEvents = options.maxEvents ?? 100_000;
    this.attempt(() => undefined);
  }

  /** Sequence of the newest event; 0 as long as the file could not be opened. */
  get sequence(): number {
    return this.lastSequence;
  }

  /** `durably` waits for the disk: for what no later event makes good. */
  append(events: readonly NewRecorderEvent[], durably = false): void {
    if (events.length === 0) return;
    const at = instantFromMs(this.options.clock.nowMs());
    this.write(
      events.map((event) => ({ ...event, at })),
      durably,
    );
  }

  /**
   * Events after `after`; waits up to `waitMs` (at most 25 s) for the first. What is not after it has been applied and is
   * forgotten. A console that is ahead of us (our file was lost, or an old one put back) makes us go on from its number, what
   * it has not read included: then `onBehind` is called; so it is where it lacks what another console has read.
   */
  async page(after: number, waitMs: number, signal: AbortSignal, onBehind: () => void): Promise<EventPage> {
    this.write([], false);
    if (after > this.lastSequence && this.goOnFrom(after)) onBehind();
    if (after <= this.lastSequence)
      this.attempt((database) => {
        this.count -= database.prepare('DELETE FROM event WHERE sequence <= ?').run(after).changes;
      });
    // Another console has read what this one lacks, and it is gone: what is so now is said again.
    if (after < this.lastSequence && this.count === 0) onBehind();
    let events = this.read(after);
    if (events.length === 0 && waitMs > 0) {
      await this.wait(Math.min(waitMs, maxWaitMs), signal);
      events = this.read(after);
    }
    return { events, sequence: this.lastSequence };
  }

  close(): void {
    this.write([], false);
    this.closed = true;
    for (const wake of this.waiters) wake();
    this.database?.close();
  }

  private open(): Database {
    return openReplaceable(this.options.path, this.options.logger, (database) => {
      database.exec(
        `CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY, subject TEXT NOT NULL, body TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), last_sequence INTEGER NOT NULL);
         INSERT OR IGNORE INTO counter VALUES (1, 0);`,
      );
      const found = database
        .prepare(
          `SELECT (SELECT last_sequence FROM counter) AS last, count(*) AS count, max(sequence) AS newest FROM event`,
        )
        .get() as { last: number; count: number; newest: number | null };
      // On the disk (synchronous=FULL) before the first number is given.
      const last = Math.max(found.last, found.newest ?? 0, this.lastSequence) + sequenceJump + randomInt(sequenceJump);
      database.prepare('UPDATE counter SET last_sequence = ?').run(last);
      this.lastSequence = last;
      this.count = found.count;
    });
  }

  /** What comes of it; undefined where the file takes or gives nothing now. A damaged file is begun anew. */
  private attempt<T>(work: (database: Database) => T): T | undefined {
    if (this.closed) return undefined;
    const { logger, path } = this.options;
    try {
      return work((this.database ??= this.open()));
    } catch (error) {
      if (!this.failing) logger.error({ path, error: errorMessage(error) }, 'events for the console cannot be written');
      this.failing = true;
      if (isDamage(error) && this.database !== undefined) {
        this.database.close();
        this.database = undefined;
        setAside(path);
      }
      return undefined;
    }
  }

  /** Writes these, behind what could not be written before; else keeps them. */
  private write(events: readonly UnnumberedEvent[], durably: boolean): void {
    const waited = [...this.unwritten.values()];
    const all = [...waited, ...events];
    if (all.length === 0) return;
    const last = this.attempt((database) => {
      // Of what waited, some may be what no later event makes good.
      database.pragma(`synchronous = ${durably || waited.length > 0 ? 'FULL' : 'NORMAL'}`);
      const insert = database.prepare('INSERT INTO event (sequence, subject, body) VALUES (?, ?, ?)');
      let next = this.lastSequence;
      database.transaction(() => {
        for (const event of all) insert.run((next += 1), subjectOf(event), JSON.stringify(event));
        database.prepare('UPDATE counter SET last_sequence = ?').run(next);
      })();
      return next;
    });
    if (last === undefined) return this.keep(events);
    if (this.failing) this.options.logger.info({ waited: waited.length }, 'events for the console are written again');
    this.failing = false;
    this.unwritten.clear();
    this.lastSequence = last;
    this.count += all.length;
    this.attempt((database) => this.bound(database));
    for (const wake of this.waiters) wake();
  }

  private keep(events: readonly UnnumberedEvent[]): void {
    for (const event of events) {
      const subject = subjectOf(event);
      this.unwritten.delete(subject); // the order is that of the newest
      this.unwritten.set(subject, event);
      if (this.unwritten.size > maxUnwritten) this.unwritten.delete(this.unwritten.keys().next().value!);
    }
  }

  /** False where that cannot be written. */
  private goOnFrom(after: number): boolean {
    const last = this.attempt((database) => {
      const oldest = database.prepare('SELECT min(sequence) AS sequence FROM event').get() as {
        sequence: number | null;
      };
      const shift = after - (oldest.sequence === null ? this.lastSequence : oldest.sequence - 1);
      database.pragma('synchronous = FULL');
      database.transaction(() => {
        database.prepare('UPDATE event SET sequence = sequence + ?').run(shift);
        database.prepare('UPDATE counter SET last_sequence = last_sequence + ?').run(shift);
      })();
      return this.lastSequence + shift;
    });
    if (last === undefined) return false;
    this.options.logger.warn({ after, own: this.lastSequence }, 'the console knows more events than this recorder');
    this.lastSequence = last;
    return true;
  }

  private read(after: number): RecorderEvent[] {
    const rows = this.attempt((database) => {
      const page: { sequence: number; body: string }[] = [];
      let bytes = 0;
      const found = database
        .prepare('SELECT sequence, body FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?')
        .iterate(after, pageSize) as IterableIterator<{ sequence: number; body: string }>;
      for (const row of found) {
        page.push(row);
        bytes += row.body.length;
        if (bytes > pageBytes) break;
      }
      return page;
    });
    return (rows ?? []).flatMap((row) => {
      try {
        return [recorderEvent.parse({ ...(JSON.parse(row.body) as object), sequence: row.sequence })];
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
  private bound(database: Database): void {
    if (this.count <= this.coalesceAbove || this.lastSequence - this.coalescedAt < this.coalesceAbove / 4) return;
    this.coalescedAt = this.lastSequence;
    const superseded = database
      .prepare('DELETE FROM event WHERE sequence NOT IN (SELECT max(sequence) FROM event GROUP BY subject)')
      .run().changes;
    this.count -= superseded;
    let dropped = 0;
    if (this.count > this.maxEvents) {
      dropped = database
        .prepare('DELETE FROM event WHERE sequence IN (SELECT sequence FROM event ORDER BY sequence LIMIT ?)')
        .run(this.count - this.maxEvents).changes;
      this.count -= dropped;
    }
    this.options.logger.warn({ superseded, dropped, kept: this.count }, 'no console reads: old events were dropped');
  }
}
