import type { EntityManager } from 'typeorm';
import type { DatabaseChannel } from './postgres-channel.js';

/** The console's database as repositories see it. */
export interface Database {
  readonly kind: 'sqlite' | 'postgres';
  /** For reading outside a transaction. Never write through it. */
  readonly read: EntityManager;
  /**
   * The same for lists, searches and reports, whose statements may be long: on SQLite they run in threads of their own,
   * so that this one goes on forwarding video. Sees what was committed when it is asked.
   */
  readonly longRead: EntityManager;
  /**
   * Runs `work` in a transaction. On SQLite all writes pass one mutex, because TypeORM's better-sqlite3 driver shares
   * one query runner: without it a rollback in one request erases another's insert that had reported success. Only the
   * given manager works inside; nested calls of `write` are a programming error and throw.
   */
  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** To the other consoles on the same database; undefined where there can be none. */
  readonly channel: DatabaseChannel | undefined;
  close(): Promise<void>;
}

/** What repositories and services hand each other inside one `write`. */
export type Transaction = EntityManager;
