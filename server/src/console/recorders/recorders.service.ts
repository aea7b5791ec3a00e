import type { RecorderResponse } from '@choi-canh/shared/recorders';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { SecretBox } from '../../lib/secret-box.js';
import { createRecorderClient, type RecorderClient } from './recorder-client.js';
import type { RecorderRow } from './recorder.entity.js';
import { RecorderSync, usualSyncTimes, type RecorderParts, type SyncTimes } from './recorder-sync.js';
import type { RecordersRepository } from './recorders.repository.js';

export interface EmbeddedRecorder {
  /** Where it listens now, e.g. `http://127.0.0.1:40123`. */
  url: string;
  token: string;
  name: string;
}

/** The recorders this console knows, each with its client and its synchronisation. */
export class RecordersService {
  readonly #repository: RecordersRepository;
  readonly #secretBox: SecretBox;
  readonly #parts: RecorderParts;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #times: SyncTimes;
  readonly #syncs = new Map<string, RecorderSync>();
  /** Known recorders that nobody has told the address of yet. */
  readonly #awaited = new Set<string>();
  readonly #stop = new AbortController();
  #waiting: Promise<void> = Promise.resolve();
  #registered: string | undefined;
  #state: 'idle' | 'running' | 'stopped' = 'idle';

  constructor(options: {
    repository: RecordersRepository;
    secretBox: SecretBox;
    parts: RecorderParts;
    clock: Clock;
    logger: Logger;
    times?: Partial<SyncTimes> | undefined;
  }) {
    this.#repository = options.repository;
    this.#secretBox = options.secretBox;
    this.#parts = options.parts;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#times = { ...usualSyncTimes, ...options.times };
  }

  /**
   * Begins to keep every known recorder in step. The console's own one waits until it is registered: the address that
   * it had the last time may be somebody else's by now, who must not be shown its token.
   */
  async start(): Promise<void> {
    this.#state = 'running';
    for (const row of await this.#repository.list()) {
      if (this.#syncs.has(row.id)) continue;
      if (row.embedded && row.id !== this.#registered) this.#awaited.add(row.id);
      else this.#begin(row);
    }
    this.#waiting = this.#loseAwaited();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#stop.abort(new Error('stopped'));
    await this.#waiting;
    await Promise.all([...this.#syncs.values()].map((sync) => sync.stop()));
    this.#syncs.clear();
  }

  /** Tells where the recorder listens that this console started itself; again whenever it was started anew. */
  async registerEmbedded(recorder: EmbeddedRecorder): Promise<string> {
    const saved = await this.#repository.saveEmbedded({
      id: newId(),
      name: recorder.name,
      url: recorder.url,
      tokenBox: '',
      embedded: true,
      createdAt: this.#clock.nowMs(),
    });
    const row = { ...saved, tokenBox: this.#secretBox.seal(recorder.token, contextOf(saved.id)) };
    await this.#repository.setToken(row.id, row.tokenBox);
    this.#registered = row.id;
    this.#awaited.delete(row.id);
    if (this.#state === 'running') {
      const before = this.#syncs.get(row.id);
      this.#syncs.delete(row.id);
      await before?.stop();
      this.#begin(row);
    }
    return row.id;
  }

  async list(): Promise<RecorderResponse[]> {
    const rows = await this.#repository.list();
    return rows.map((row) => {
      const sync = this.#syncs.get(row.id);
      const status = sync?.status;
      const lastSeenAt = sync?.lastSeenAt ?? row.lastSeenAt;
      return {
        id: row.id,
        name: row.name,
        reachable: sync?.reachable ?? false,
        lastSeenAt: lastSeenAt === null ? null : new Date(lastSeenAt).toISOString(),
        recordingCameras:
          sync?.reachable === true
            ? (status?.cameras.filter((camera) => camera.state === 'alive' || camera.state === 'degraded').length ?? 0)
            : 0,
        freeBytes: status?.freeBytes ?? null,
        footageBytes: status?.footageBytes ?? null,
        oldestAt: status?.oldestAt ?? null,
        version: status?.version ?? null,
      };
    });
  }

  /** @throws AppError not_found `recorder_not_found`, unavailable `recorder_unreachable` while it is not registered. */
  clientOf(recorderId: string): RecorderClient {
    const sync = this.#syncs.get(recorderId);
    if (this.#awaited.has(recorderId)) {
      throw new AppError('unavailable', 'recorder_unreachable', 'the recorder has not started yet');
    }
    if (sync === undefined) throw new AppError('not_found', 'recorder_not_found', 'no such recorder');
    return sync.client;
  }

  /** What this recorder shall do has changed. */
  markChanged(recorderId: string): void {
    this.#syncs.get(recorderId)?.markChanged();
  }

  /** A recorder that is not registered in time is lost, as one that does not answer. */
  async #loseAwaited(): Promise<void> {
    try {
      await this.#clock.sleep(this.#times.lostAfterMs, this.#stop.signal);
      for (const recorderId of this.#awaited) await this.#parts.lost(recorderId, this.#clock.nowMs());
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#logger.error({ err: errorMessage(error) }, 'a missing recorder could not be noted');
      }
    }
  }

  #begin(row: RecorderRow): void {
    const token = this.#secretBox.open(row.tokenBox, contextOf(row.id));
    const sync = new RecorderSync({
      row,
      client: createRecorderClient({ url: row.url, token }),
      repository: this.#repository,
      parts: this.#parts,
      clock: this.#clock,
      logger: this.#logger,
      times: this.#times,
    });
    this.#syncs.set(row.id, sync);
    sync.start();
  }
}

const contextOf = (recorderId: string) => `recorder:${recorderId}`;
