import { instantFromMs } from '@choi-canh/shared/common';
import type { CameraRuntime, RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { RecorderAlert, RecorderResponse } from '@choi-canh/shared/recorders';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { SecretBox } from '../../lib/secret-box.js';
import type { Transaction } from '../../platform/db/database.js';
import type { KeyCertificate } from '../../platform/http/key-certificate.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { alertsOf } from './recorder-alerts.js';
import { recorderOnWire } from './recorder-response.js';
import { createRecorderClient, type RecorderClient } from './recorder-client.js';
import { accessOf, sealToken, tokenOf } from './recorder-token.js';
import type { RecorderRow } from './recorder.entity.js';
import type { RecorderParts } from './recorder-parts.js';
import { RecorderSync } from './recorder-sync.js';
import { usualSyncTimes, type SyncTimes } from './sync-times.js';
import type { RecorderLeases } from './recorder-leases.js';
import type { RecordersRepository } from './recorders.repository.js';
import type { SetAsideEvents } from './set-aside-events.js';

export interface EmbeddedRecorder {
  /** Where it listens now, e.g. `http://127.0.0.1:40123`. */
  url: string;
  token: string;
  name: string;
}

const nothingNoticed: { dropped: readonly string[]; unknownRanges: number } = { dropped: [], unknownRanges: 0 };

/** The recorders this console knows, each with its client and its synchronisation. */
export class RecordersService {
  readonly #repository: RecordersRepository;
  readonly #secretBox: SecretBox;
  readonly #parts: RecorderParts;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #addressRules: AddressRules;
  readonly #broadcaster: Broadcaster;
  readonly #refusedRecords: (recorderId: string) => number;
  readonly #refresh: (recorderId: string) => Promise<void>;
  readonly #setAside: SetAsideEvents;
  readonly #leases: RecorderLeases;
  readonly #identity: () => KeyCertificate;
  readonly #times: SyncTimes;
  readonly #syncs = new Map<string, RecorderSync>();
  /** What people were told last. */
  readonly #alerts = new Map<string, RecorderAlert[]>();
  /** Recorders that people know as silent. */
  readonly #silent = new Set<string>();
  /** Known recorders that nobody has told the address of yet, and when each was seen the last time. */
  readonly #awaited = new Map<string, number | null>();
  /** Of these, those that were awaited too long. */
  readonly #lostAwaited = new Set<string>();
  readonly #notices = new Map<string, typeof nothingNoticed>();
  #consoleId = '';
  readonly #stop = new AbortController();
  #waiting: Promise<void> = Promise.resolve();
  /** Synchronisations begin and end one at a time. */
  #turn: Promise<void> = Promise.resolve();
  #registered: string | undefined;
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  #startedAt = 0;

  constructor(options: {
    repository: RecordersRepository;
    secretBox: SecretBox;
    parts: RecorderParts;
    clock: Clock;
    logger: Logger;
    /** Which addresses recorders on other machines may have. */
    addressRules: AddressRules;
    broadcaster: Broadcaster;
    /** Signed records of its chains that the console does not accept. */
    refusedRecords(recorderId: string): number;
    /** Another console keeps it in step: what is kept of it in memory is read again. */
    refresh(recorderId: string): Promise<void>;
    setAside: SetAsideEvents;
    leases: RecorderLeases;
    /** How recorders on other machines know this console. */
    identity(): KeyCertificate;
    times?: Partial<SyncTimes> | undefined;
  }) {
    this.#repository = options.repository;
    this.#secretBox = options.secretBox;
    this.#parts = options.parts;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#addressRules = options.addressRules;
    this.#broadcaster = options.broadcaster;
    this.#refusedRecords = options.refusedRecords;
    this.#refresh = options.refresh;
    this.#setAside = options.setAside;
    this.#leases = options.leases;
    this.#identity = () => options.identity();
    this.#times = { ...usualSyncTimes, ...options.times };
  }

  /**
   * Begins to keep every known recorder in step. The console's own one waits until it is registered: the address that
   * it had the last time may be somebody else's by now, who must not be shown its token.
   */
  async start(): Promise<void> {
    await this.#identify();
    this.#state = 'running';
    this.#startedAt = this.#clock.nowMs();
    for (const row of await this.#repository.list()) {
      if (this.#syncs.has(row.id)) continue;
      if (row.embedded && row.id !== this.#registered) this.#awaited.set(row.id, row.lastSeenAt);
      else this.#begin(row);
    }
    this.#waiting = this.#loseAwaited();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#stop.abort(new Error('stopped'));
    await this.#waiting;
    await this.#turn;
    await Promise.all([...this.#syncs.values()].map((sync) => sync.stop()));
    this.#syncs.clear();
  }

  /** How many recorders on other machines have a token that does not open with the key of this installation. */
  async unreadableTokens(): Promise<number> {
    const rows = await this.#repository.list();
    return rows.filter(
      (row) =>
        !row.embedded && row.keyPin === null && row.tokenBox !== '' && tokenOf(this.#secretBox, row) === undefined,
    ).length;
  }

  /** Where the recorder listens that this console started itself; again whenever that was restarted. */
  async registerEmbedded(recorder: EmbeddedRecorder): Promise<string> {
    const saved = await this.#repository.saveEmbedded(
      {
        id: newId(),
        name: recorder.name,
        url: recorder.url,
        tokenBox: '',
        embedded: true,
        createdAt: this.#clock.nowMs(),
        scanRanges: [],
      },
      await this.#embeddedRowOf(recorder.token),
    );
    const row = { ...saved, tokenBox: sealToken(this.#secretBox, saved.id, recorder.token) };
    await this.#repository.setToken(row.id, row.tokenBox);
    this.#registered = row.id;
    await this.#inTurn(() => this.#restart(row.id));
    return row.id;
  }

  /** Its row by its token; else one of a recorder whose token was lost, unless another console has that beside itself. */
  async #embeddedRowOf(token: string): Promise<string | undefined> {
    const rows = await this.#repository.embedded();
    const same = rows.find((row) => tokenOf(this.#secretBox, row) === token);
    if (same !== undefined) return same.id;
    for (const { id } of rows) if (await this.#leases.of(id).take()) return id;
    return undefined;
  }

  /** Recorders that another console on this database entered, changed or removed. */
  async followOthers(): Promise<void> {
    if (this.#state !== 'running') return;
    const rows = await this.#repository.list();
    const ids = new Set(rows.map(({ id }) => id));
    for (const row of rows) {
      const known = this.#syncs.get(row.id)?.row;
      if (row.embedded && row.id !== this.#registered) continue;
      const reached = ({ url, tokenBox, keyPin }: RecorderRow) => [url, tokenBox, keyPin].join(' ');
      if (known === undefined || reached(known) !== reached(row)) await this.#inTurn(() => this.#restart(row.id));
      else if (known.name !== row.name) this.#syncs.get(row.id)?.rename(row.name);
    }
    for (const [id, { row }] of this.#syncs) if (!ids.has(id)) await this.unfollow(row);
    for (const id of ids) {
      if (this.#syncs.get(id)?.leads === true) this.#parts.keptHere(id);
      else await this.#refresh(id);
    }
  }

  /** A recorder was entered, or something of it: goes on as it is entered now. `reconnect`: it is reached in another way. */
  async follow(row: RecorderRow, { reconnect }: { reconnect: boolean }): Promise<RecorderResponse> {
    await this.#inTurn(() => (reconnect ? this.#restart(row.id) : this.#syncs.get(row.id)?.rename(row.name)));
    this.#broadcast(row, this.#alerts.get(row.id) ?? []);
    return this.#onWire(row);
  }

  /** A recorder was removed: nothing more is asked of it, and nothing is wrong with it any more. */
  async unfollow(row: RecorderRow): Promise<void> {
    await this.#inTurn(() => this.#restart(row.id));
    this.#alerts.delete(row.id);
    this.#broadcast(row, []);
  }

  /** Names of those of the ids that are recorders. */
  async namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    const wanted = new Set(ids);
    const rows = await this.#repository.list();
    return new Map(rows.filter(({ id }) => wanted.has(id)).map(({ id, name }) => [id, name]));
  }

  /** IPv4 networks that a recorder may search for cameras, in CIDR: its own, and what administrators added. */
  async searchable(recorderId: string): Promise<{ own: string[]; added: string[] }> {
    const { scanRanges } = await this.require(recorderId);
    return { own: this.statusOf(recorderId)?.networks ?? [], added: scanRanges };
  }

  async list(): Promise<RecorderResponse[]> {
    return Promise.all((await this.#repository.list()).map((row) => this.#onWire(row)));
  }

  /** @throws AppError not_found `recorder_not_found`. */
  async require(recorderId: string, manager?: Transaction): Promise<RecorderRow> {
    return present(await this.#repository.find(recorderId, manager));
  }

  /** Also one that was removed: what is kept of it can still be read. @throws AppError not_found `recorder_not_found`. */
  async requireEver(recorderId: string): Promise<RecorderRow> {
    return present(await this.#repository.findEver(recorderId));
  }

  /** What the recorder told of itself last; undefined before it answered once. */
  statusOf(recorderId: string): RecorderStatus | undefined {
    return this.#syncs.get(recorderId)?.status;
  }

  /** What a recorder said of a camera a moment ago; null while it is lost or does not know the camera. */
  runtimeOf(recorderId: string, cameraId: string): { askedAt: string; runtime: CameraRuntime | null } {
    const sync = this.#syncs.get(recorderId);
    const status = sync?.reachable === true && sync.silentSince === undefined ? sync.status : undefined;
    return {
      askedAt: instantFromMs(sync?.lastSeenAt ?? this.#clock.nowMs()),
      runtime: status?.cameras.find((camera) => camera.cameraId === cameraId) ?? null,
    };
  }

  /**
   * Since when nothing is known of a recorder's cameras because it is silent, or was not heard since this console
   * started; undefined where what is kept of them holds. Unix milliseconds.
   */
  unheardSince(recorderId: string): number | undefined {
    const sync = this.#syncs.get(recorderId);
    if (sync === undefined) return this.#lostAwaited.has(recorderId) ? undefined : this.#seenBefore(recorderId);
    return sync.judged ? sync.silentSince : (sync.lastSeenAt ?? this.#startedAt);
  }

  /** Whether a recorder is known to be out of reach, and when it was heard last; null: never. Unix milliseconds. */
  reachOf(recorderId: string): { away: boolean; heardAt: number | null } {
    const sync = this.#syncs.get(recorderId);
    if (sync === undefined) return { away: true, heardAt: this.#awaited.get(recorderId) ?? null };
    return { away: sync.lost, heardAt: sync.lastSeenAt ?? null };
  }

  unheardRecorderIds(): string[] {
    return [...this.#awaited.keys(), ...this.#syncs.keys()].filter((id) => this.unheardSince(id) !== undefined);
  }

  #seenBefore(recorderId: string): number | undefined {
    const seenAt = this.#awaited.get(recorderId);
    return seenAt === undefined ? undefined : (seenAt ?? this.#startedAt);
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

  /** These cameras of a recorder have changed; without ids all may have. */
  markChanged(recorderId: string, cameraIds?: readonly string[]): void {
    const sync = this.#syncs.get(recorderId);
    sync?.markChanged(cameraIds);
    if (sync?.leads === false) this.#passOn([recorderId]);
  }

  /** Holds of its footage have changed. */
  markHoldsChanged(recorderId: string): void {
    const sync = this.#syncs.get(recorderId);
    sync?.markHoldsChanged();
    if (sync?.leads === false) this.#passOn([recorderId]);
    this.refreshAlerts(recorderId);
  }

  /** Whom it follows where that is another console; undefined: it follows this one, or has not said. */
  foreignConsoleOf(recorderId: string): string | undefined {
    const sync = this.#syncs.get(recorderId);
    return sync?.foreign === true ? (sync.status?.consoleId ?? undefined) : undefined;
  }

  /** What people should know of a recorder is worked out again. */
  refreshAlerts(recorderId: string): void {
    const sync = this.#syncs.get(recorderId);
    if (sync !== undefined) void this.#notice(sync.row);
  }

  /** What is known of a recorder only by asking the database. */
  async #notice(row: RecorderRow): Promise<void> {
    try {
      const [stored, unknownRanges] = [await this.#repository.find(row.id), await this.#parts.unknownHolds(row.id)];
      const notice = { dropped: stored?.droppedCameras ?? [], unknownRanges };
      if (JSON.stringify(notice) === JSON.stringify(this.#notices.get(row.id) ?? nothingNoticed)) return;
      this.#notices.set(row.id, notice);
      this.#tellAlerts(row);
    } catch (error) {
      this.#logger.warn({ err: errorMessage(error) }, 'what should be known of a recorder could not be looked up');
    }
  }

  get consoleId(): string {
    return this.#consoleId;
  }

  /** Something changed that concerns every recorder. */
  markAllChanged(): void {
    for (const sync of this.#syncs.values()) sync.markChanged();
    this.#passOn([...this.#syncs].filter(([, sync]) => !sync.leads).map(([id]) => id));
  }

  /** As `markChanged`, at another console. */
  changedElsewhere(recorderId: string): void {
    this.#syncs.get(recorderId)?.markChanged();
    this.#syncs.get(recorderId)?.markHoldsChanged();
  }

  /** To the consoles that keep these in step. */
  #passOn(recorderIds: readonly string[]): void {
    if (recorderIds.length === 0) return;
    this.#leases.noteChange(recorderIds).catch((error: unknown) => {
      // Whoever takes the lease next sends the desired state anyway.
      this.#logger.warn({ err: errorMessage(error) }, 'a change could not be passed on to another console');
    });
  }

  /** Works out the alerts of a recorder again. @throws AppError not_found `recorder_not_found` */
  async reportAlerts(recorderId: string): Promise<void> {
    this.#tellAlerts(await this.requireEver(recorderId));
  }

  /** A recorder that is not registered in time is lost, as one that does not answer. */
  async #loseAwaited(): Promise<void> {
    try {
      await this.#clock.sleep(this.#times.lostAfterMs, this.#stop.signal);
      for (const recorderId of this.#awaited.keys()) {
        // Another console's own recorder is that console's matter.
        if (!(await this.#leases.of(recorderId).take())) continue;
        await this.#parts.lost(recorderId, this.#clock.nowMs());
        this.#lostAwaited.add(recorderId);
        const row = await this.require(recorderId);
        this.#tellAlerts(row);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#logger.error({ err: errorMessage(error) }, 'a missing recorder could not be noted');
      }
    }
  }

  /** Works out what people should know of a recorder, and tells them where that changed. */
  #tellAlerts(row: RecorderRow): void {
    const sync = this.#syncs.get(row.id);
    const before = this.#alerts.get(row.id) ?? [];
    const alerts = alertsOf(
      {
        status: sync?.status,
        lost: sync?.lost ?? this.#lostAwaited.has(row.id),
        lastSeenAtMs: sync?.lastSeenAt ?? row.lastSeenAt,
        refusedRecords: this.#refusedRecords(row.id),
        isForeign: sync?.foreign ?? false,
        refusal: sync?.refusal,
        ...(this.#notices.get(row.id) ?? nothingNoticed),
        row,
        trouble: sync?.trouble,
        incompatible: sync?.incompatible,
        misfits: sync?.misfits ?? [],
        setAside: this.#setAside.counts(row.id),
        eventsFailedSinceMs: sync?.eventsFailedSince,
      },
      before,
      this.#clock.nowMs(),
    );
    this.#alerts.set(row.id, alerts);
    const silent = sync?.silentSince !== undefined;
    const silenceChanged = silent !== this.#silent.has(row.id);
    if (silent) this.#silent.add(row.id);
    else this.#silent.delete(row.id);
    if (silenceChanged || JSON.stringify(alerts) !== JSON.stringify(before)) this.#broadcast(row, alerts);
  }

  #broadcast({ id, name }: RecorderRow, alerts: RecorderAlert[]): void {
    this.#broadcaster.toPermission('recorder.view', 'recorder.alerts', [
      { recorderId: id, recorderName: name, alerts },
    ]);
  }

  async #onWire(row: RecorderRow): Promise<RecorderResponse> {
    const cameras = await this.#parts.cameraCount(row.id);
    return recorderOnWire(row, this.#syncs.get(row.id), this.#alerts.get(row.id) ?? [], cameras);
  }

  /** Ends what is under way with a recorder and goes on as it is entered now; not where it was removed. */
  async #restart(recorderId: string): Promise<void> {
    // The old one stays in its place until it has ended: it is still the way to the recorder.
    await this.#syncs.get(recorderId)?.stop();
    const row = await this.#repository.find(recorderId);
    if (row === null) this.#syncs.delete(recorderId);
    else if (this.#state === 'running') this.#begin(row);
  }

  async #identify(): Promise<void> {
    if (this.#consoleId === '') this.#consoleId = await this.#repository.consoleId();
  }

  #inTurn(work: () => Promise<void> | void): Promise<void> {
    const turn = this.#turn.then(() => this.#identify()).then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #begin(row: RecorderRow): void {
    const access = accessOf(this.#secretBox, row, this.#identity());
    const sync: RecorderSync = new RecorderSync({
      row,
      client: createRecorderClient({
        ...{ url: row.url, access, consoleId: this.#consoleId },
        rules: row.embedded ? undefined : this.#addressRules,
      }),
      repository: this.#repository,
      parts: {
        ...this.#parts,
        setAside: (...given) => this.#setAside.keep(...given),
        applyUnderstood: (recorderId) => this.#setAside.applyUnderstood(recorderId),
      },
      lease: this.#leases.of(row.id),
      clock: this.#clock,
      logger: this.#logger,
      times: this.#times,
      consoleId: this.#consoleId,
      changed: () => this.#tellAlerts(sync.row),
      delivered: () => void this.#notice(sync.row),
    });
    this.#syncs.set(row.id, sync);
    this.#awaited.delete(row.id);
    this.#lostAwaited.delete(row.id);
    sync.start();
    void this.#notice(row);
  }
}

function present(row: RecorderRow | null): RecorderRow {
  if (row === null) throw new AppError('not_found', 'recorder_not_found', 'no such recorder');
  return row;
}
