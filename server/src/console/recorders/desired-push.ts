import type { DesiredCamera } from '@choi-canh/shared/recorder-api';
import { AppError, isAppError } from '../../lib/errors.js';
import { keptDigest } from '../../lib/kept-digest.js';
import type { RecorderClient } from './recorder-client.js';
import type { RecordersRepository } from './recorders.repository.js';

/** What a recorder shall do, as the features that know it say it. */
export interface DesiredParts {
  readonly minFreeBytes: number;
  /** These of its cameras; those that it shall not record (any more) are left out. */
  cameras(recorderId: string, ids: readonly string[]): Promise<DesiredCamera[]>;
  /** Its cameras out of use, with the days that their footage is kept. */
  kept(recorderId: string): Promise<{ id: string; retentionDays: number }[]>;
  /** Marks of its cameras behind the id `after`, by id. */
  marks(recorderId: string, after: string, limit: number): Promise<{ id: string; mark: string }[]>;
}

/** So many cameras travel in one request. */
const camerasAtOnce = 250;

/**
 * Gives a recorder what it shall record. A camera's change travels as that camera's change; whole states are compared by
 * marks, and only what differs travels.
 */
export class DesiredPush {
  readonly #recorderId: string;
  readonly #consoleId: string;
  readonly #client: Pick<RecorderClient, 'desiredMarks' | 'putDesiredState'>;
  readonly #repository: Pick<RecordersRepository, 'setRevision' | 'addDropped'>;
  readonly #parts: DesiredParts;
  /** The newest number that was given to a state. */
  #revision: number;
  /** What the recorder has, as far as that is known to be what it should have. */
  #confirmed: number | undefined;

  constructor(options: {
    recorderId: string;
    consoleId: string;
    revision: number;
    client: Pick<RecorderClient, 'desiredMarks' | 'putDesiredState'>;
    repository: Pick<RecordersRepository, 'setRevision' | 'addDropped'>;
    parts: DesiredParts;
  }) {
    this.#recorderId = options.recorderId;
    this.#consoleId = options.consoleId;
    this.#revision = options.revision;
    this.#client = options.client;
    this.#repository = options.repository;
    this.#parts = options.parts;
  }

  /** Another console on the same database may have given it states meanwhile, up to this number. */
  startFrom(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.#confirmed = undefined;
  }

  /** Whether a recorder that has this revision has what it should have. */
  isConfirmed(revision: number): boolean {
    return this.#confirmed === revision;
  }

  async push(ids: 'all' | readonly string[], signal: AbortSignal): Promise<void> {
    let base = this.#confirmed;
    this.#confirmed = undefined;
    if (ids === 'all' || base === undefined) return this.#pushAll(signal);
    try {
      for (let at = 0; at < ids.length; at += camerasAtOnce) {
        await this.#give(base, ids.slice(at, at + camerasAtOnce), [], signal);
        base = this.#revision;
      }
      this.#confirmed = base;
    } catch (error) {
      if (!isAppError(error) || error.code !== 'desired_revision') throw error;
      await this.#pushAll(signal);
    }
  }

  async #pushAll(signal: AbortSignal): Promise<void> {
    const there = await this.#client.desiredMarks(signal);
    const isOurs = there.consoleId === this.#consoleId;
    if (there.consoleId !== null && !isOurs) throw followsAnother();
    // A database from before: what it does not know is dropped, and said.
    const isBehind = isOurs && there.revision > this.#revision;
    if (isOurs || there.cameras.length === 0) this.#revision = Math.max(this.#revision, there.revision);
    const marks = new Map(there.cameras.map(({ id, mark }) => [id, mark]));
    const changed: string[] = [];
    for (let after = ''; ;) {
      const page = await this.#parts.marks(this.#recorderId, after, camerasAtOnce);
      for (const { id, mark } of page) {
        if (marks.get(id) !== mark) changed.push(id);
        marks.delete(id);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < camerasAtOnce) break;
      after = last.id;
    }
    let removed = [...marks.keys()];
    const kept = await this.#parts.kept(this.#recorderId);
    const isSame = isOurs && there.minFreeBytes === this.#parts.minFreeBytes && there.keptDigest === keptDigest(kept);
    let base = there.revision;
    if (!isSame || changed.length > 0 || removed.length > 0) {
      for (let at = 0; at === 0 || at < changed.length; at += camerasAtOnce) {
        const dropped = await this.#give(base, changed.slice(at, at + camerasAtOnce), removed, signal, kept);
        if (isBehind && dropped.length > 0) await this.#repository.addDropped(this.#recorderId, dropped);
        base = this.#revision;
        removed = [];
      }
    }
    this.#confirmed = base;
  }

  /** Returns the names of cameras that it dropped. */
  async #give(
    base: number,
    ids: readonly string[],
    removed: readonly string[],
    signal: AbortSignal,
    knownKept?: readonly { id: string; retentionDays: number }[],
  ): Promise<string[]> {
    const cameras = ids.length === 0 ? [] : await this.#parts.cameras(this.#recorderId, ids);
    const wanted = new Set(cameras.map(({ id }) => id));
    // What is not recorded any more may be out of use.
    const isFewer = ids.some((id) => !wanted.has(id));
    const keptCameras = knownKept ?? (isFewer ? await this.#parts.kept(this.#recorderId) : undefined);
    const revision = this.#revision + 1;
    // Before it is sent: a number is given to one state only.
    await this.#repository.setRevision(this.#recorderId, revision);
    this.#revision = revision;
    const { dropped } = await this.#client.putDesiredState(
      {
        ...{ consoleId: this.#consoleId, revision, base, cameras, minFreeBytes: this.#parts.minFreeBytes },
        removed: [...removed, ...ids.filter((id) => !wanted.has(id))],
        ...(keptCameras === undefined ? {} : { keptCameras: [...keptCameras] }),
      },
      signal,
    );
    return dropped.map(({ name }) => name);
  }
}

const followsAnother = () => new AppError('conflict', 'console_unknown', 'the recorder follows another console');
