import type { RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { RecorderCreateRequest, RecorderPatchRequest, RecorderResponse } from '@choi-canh/shared/recorders';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import { addedNetwork } from '../../lib/ipv4-networks.js';
import type { KeyCertificate } from '../../platform/http/key-certificate.js';
import type { Transaction } from '../../platform/db/database.js';
import { createRecorderClient } from './recorder-client.js';
import { pairRecorder } from './pair-recorder.js';
import type { RecorderParts } from './recorder-parts.js';
import type { RecorderRow } from './recorder.entity.js';
import type { RecordersRepository } from './recorders.repository.js';
import type { RecordersService } from './recorders.service.js';

export interface RecorderAdministrationDeps {
  repository: RecordersRepository;
  service: Pick<
    RecordersService,
    | 'require'
    | 'statusOf'
    | 'follow'
    | 'unfollow'
    | 'clientOf'
    | 'consoleId'
    | 'foreignConsoleOf'
    | 'markChanged'
    | 'markHoldsChanged'
    | 'refreshAlerts'
  >;
  parts: Pick<RecorderParts, 'usedBy' | 'removed' | 'adoptCameras'>;
  clock: Clock;
  addressRules: AddressRules;
  /** How recorders know this console. */
  identity(): KeyCertificate;
  /** The public key that a recorder is held to; null: it has signed nothing yet. */
  keyOf(recorderId: string): Promise<string | null>;
}

export interface RecorderChange {
  before: RecorderRow;
  after: RecorderRow;
  /** It was paired again. */
  paired: boolean;
}

/**
 * Who the recorders are: people enter, change and remove them here. What is given as `work` runs in the transaction of that,
 * so that the audit trail has it or it did not happen. Keeping in step with them is the service's.
 */
export class RecorderAdministration {
  readonly #deps: RecorderAdministrationDeps;

  constructor(deps: RecorderAdministrationDeps) {
    this.#deps = deps;
  }

  /**
   * Takes in a recorder on another machine, once it is paired and has answered. One that follows another database goes on
   * as that one said until it is taken over.
   * @throws AppError invalid `address_not_allowed`, conflict `recorder_known`, and as `pairRecorder`
   */
  async register(
    request: RecorderCreateRequest,
    work: (row: RecorderRow, manager: Transaction) => Promise<void>,
  ): Promise<RecorderResponse> {
    const { repository, service, clock } = this.#deps;
    const { name } = request;
    const url = await this.#usableUrl(request.url);
    const id = newId();
    if (await repository.hasOtherAt(url, id)) throw knownAlready();
    const keyPin = await this.#pair(url, request.code, request.takeOver);
    const { revision } = await this.#askOnce(url, keyPin);
    const row: RecorderRow = {
      ...{ id, url, name, keyPin, tokenBox: '', embedded: false },
      ...{ lastSequence: 0, desiredRevision: revision, droppedCameras: [], lastSeenAt: null },
      ...{ createdAt: clock.nowMs(), deletedAt: null },
      scanRanges: [],
    };
    await repository.write(async (manager) => {
      if (await repository.hasOtherAt(url, id, manager)) throw knownAlready();
      await repository.insert(manager, row);
      await work(row, manager);
    });
    return service.follow(row, { reconnect: true });
  }

  /**
   * Renames a recorder, pairs it again, or goes on with the same one at another address, once it has answered there. `work`
   * does not run where nothing changes.
   * @throws AppError conflict `recorder_embedded` (it can only be renamed), `recorder_known`, `recorder_other` (not the same
   * one), invalid `pairing_code_needed`, and as `pairRecorder`
   */
  async change(
    recorderId: string,
    request: RecorderPatchRequest,
    work: (change: RecorderChange, manager: Transaction) => Promise<void>,
  ): Promise<RecorderResponse> {
    const { repository, service } = this.#deps;
    const known = await service.require(recorderId);
    const { code } = request;
    if (known.embedded && (request.url !== undefined || code !== undefined)) throw runsBeside();
    const url = request.url === undefined ? known.url : await this.#usableUrl(request.url);
    const moves = url !== known.url;
    if (moves && (await repository.hasOtherAt(url, recorderId))) throw knownAlready();
    let { keyPin } = known;
    if (code !== undefined) {
      if (!url.startsWith('https:')) throw codeNeeded();
      keyPin = await this.#pair(url, code, true);
    } else if (moves && keyPin === null) throw codeNeeded();
    if (code !== undefined || moves) await this.#requireSame(recorderId, await this.#askOnce(url, keyPin));

    const { before, after } = await repository.write(async (manager) => {
      const before = await service.require(recorderId, manager);
      const change: RecorderChange = {
        before,
        after: {
          ...before,
          name: request.name ?? before.name,
          // The embedded one may have started at another address meanwhile.
          url: request.url === undefined ? before.url : url,
          keyPin,
          tokenBox: keyPin === null ? before.tokenBox : '',
        },
        paired: code !== undefined,
      };
      const { name, url: newUrl, tokenBox } = change.after;
      if (name === before.name && newUrl === before.url && code === undefined) return change;
      if (newUrl !== before.url && (await repository.hasOtherAt(newUrl, recorderId, manager))) throw knownAlready();
      await repository.update(manager, recorderId, { name, url: newUrl, tokenBox, keyPin });
      await work(change, manager);
      return change;
    });
    return service.follow(after, { reconnect: code !== undefined || after.url !== before.url });
  }

  /**
   * Which IPv4 networks beside its own a recorder may search for cameras. `work` does not run where nothing changes.
   * @throws AppError invalid `bad_range`, `address_not_allowed`
   */
  async setScanRanges(
    recorderId: string,
    ranges: readonly string[],
    work: (change: { before: RecorderRow; after: RecorderRow }, manager: Transaction) => Promise<void>,
  ): Promise<RecorderResponse> {
    const { repository, service, addressRules } = this.#deps;
    const scanRanges = [...new Set(ranges.map((range) => addedNetwork(range, addressRules)))].sort();
    const row = await repository.write(async (manager) => {
      const before = await service.require(recorderId, manager);
      const after = { ...before, scanRanges };
      if (before.scanRanges.join() === scanRanges.join()) return after;
      await repository.update(manager, recorderId, { scanRanges });
      await work({ before, after }, manager);
      return after;
    });
    return service.follow(row, { reconnect: false });
  }

  /**
   * Lets go of a recorder on another machine. It and its footage stay as they are there; what is kept of it here stays too.
   * @throws AppError conflict `recorder_embedded`, `recorder_has_cameras`, `recorder_has_holds`
   */
  async remove(recorderId: string, work: (row: RecorderRow, manager: Transaction) => Promise<void>): Promise<void> {
    const { repository, service, parts, clock } = this.#deps;
    const { row, told } = await repository.write(async (manager) => {
      const row = await service.require(recorderId, manager);
      if (row.embedded) throw runsBeside();
      const { cameras, holds } = await parts.usedBy(recorderId, manager);
      if (cameras > 0) {
        throw new AppError('conflict', 'recorder_has_cameras', 'cameras belong to it', { details: { count: cameras } });
      }
      if (holds > 0) {
        throw new AppError('conflict', 'recorder_has_holds', 'it holds footage', { details: { count: holds } });
      }
      const told = await parts.removed(recorderId, manager);
      await repository.update(manager, recorderId, { deletedAt: clock.nowMs(), tokenBox: '', keyPin: null });
      await work(row, manager);
      return { row, told };
    });
    await service.unfollow(row);
    told();
  }

  /** Nothing is sent to an address that no recorder may have. @throws AppError invalid */
  async #usableUrl(text: string): Promise<string> {
    const url = new URL(text);
    await this.#deps.addressRules.checkResolved(url.hostname);
    return url.origin;
  }

  /**
   * Makes a recorder this console's that follows another one, or one from before this database. Its cameras come into the
   * area, with their ids, so that what they recorded can be reached; their passwords stay on the recorder. What it holds is
   * taken over afterwards, by itself. `work` runs in the transaction of that.
   * @throws AppError conflict `recorder_ours` (it follows this console), `console_changed`; unavailable as `register`
   */
  async takeOver(
    recorderId: string,
    areaId: string,
    work: (
      row: RecorderRow,
      taken: { previous: string | null; adopted: string[]; skipped: number },
      manager: Transaction,
    ) => Promise<void>,
  ): Promise<{ adopted: number; skipped: number }> {
    const { repository, service, parts } = this.#deps;
    const client = service.clientOf(recorderId);
    const { consoleId: previous } = (await client.status()).status;
    if (previous === service.consoleId) {
      throw new AppError('conflict', 'recorder_ours', 'the recorder follows this console');
    }
    const cameras = await client.knownCameras();
    const { adopted, skipped } = await repository.write(async (manager) => {
      const row = await service.require(recorderId, manager);
      const taken = await parts.adoptCameras(recorderId, areaId, cameras, manager);
      await work(row, { previous, ...taken }, manager);
      return taken;
    });
    // Known here first: what the console does not know when it is followed is dropped.
    await client.takeOver(service.consoleId, previous);
    service.markChanged(recorderId);
    service.markHoldsChanged(recorderId);
    return { adopted: adopted.length, skipped };
  }

  /** A person has read which cameras a restored database does not know. */
  async confirmDropped(
    recorderId: string,
    work: (row: RecorderRow, manager: Transaction) => Promise<void>,
  ): Promise<void> {
    const { repository, service } = this.#deps;
    await repository.write(async (manager) => {
      const row = await service.require(recorderId, manager);
      await work(row, manager);
      await repository.update(manager, recorderId, { droppedCameras: [] });
    });
    service.refreshAlerts(recorderId);
  }

  #pair(url: string, code: string, takeOver: boolean): Promise<string> {
    const { identity, addressRules: rules } = this.#deps;
    return pairRecorder({ url, code, takeOver, identity: identity(), rules });
  }

  /** @throws AppError conflict `recorder_other` where another key answers */
  async #askOnce(url: string, keyPin: string | null): Promise<RecorderStatus> {
    const { identity, addressRules: rules } = this.#deps;
    if (keyPin === null) throw codeNeeded();
    const access = { kind: 'key', pin: keyPin, identity: identity() } as const;
    const client = createRecorderClient({ url, access, rules, statusTimeoutMs: 5000 });
    try {
      return (await client.status()).status;
    } catch (error) {
      if (isAppError(error) && error.code === 'recorder_key_changed') throw otherRecorder();
      throw error;
    } finally {
      client.close();
    }
  }

  /** Whether it is the recorder that the console knows by its key, as far as it knows one. */
  async #requireSame(recorderId: string, { chain }: RecorderStatus): Promise<void> {
    const { service, keyOf } = this.#deps;
    const told = service.statusOf(recorderId)?.chain.publicKey;
    const keys = [await keyOf(recorderId), told].filter((key) => key !== null && key !== undefined && key !== '');
    if (keys.length > 0 && !keys.includes(chain.publicKey)) {
      throw otherRecorder();
    }
  }
}

const knownAlready = () => new AppError('conflict', 'recorder_known', 'a recorder with this address is known already');
const runsBeside = () =>
  new AppError('conflict', 'recorder_embedded', "the console's own recorder can only be renamed");
const otherRecorder = () => new AppError('conflict', 'recorder_other', 'another recorder answers there');
const codeNeeded = () =>
  new AppError('invalid', 'pairing_code_needed', 'the recorder is paired by a one-time code, over TLS');
