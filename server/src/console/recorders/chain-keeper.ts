import type { ChainHeadsRecord, ChainRecordPage, ChainTrouble, RecorderChainResponse } from '@choi-canh/shared/chain';
import { instantFromMs, msFromInstant } from '@choi-canh/shared/common';
import { sha256Hex } from '../../lib/chain/chain-line.js';
import { parseHeadsRecord, type HeadsRecord } from '../../lib/chain/heads-record.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { Transaction } from '../../platform/db/database.js';
import { judgeRecord, type ChainStanding, type Judgement } from './chain-judgement.js';
import type { ChainPinRow, ChainRecordRow } from './chain-record.entity.js';
import type { ChainRecordsRepository, ChainRecordSummary } from './chain-records.repository.js';

export interface ChainKeeperDeps {
  repository: ChainRecordsRepository;
  clock: Clock;
  logger: Logger;
  /** Asks a recorder for its records. @throws AppError unavailable */
  recordsOf(recorderId: string, after: number, signal: AbortSignal): Promise<ChainRecordPage>;
}

const listed = 200;
const downloadPage = 50;

/**
 * Keeps the signed records of every recorder where the recorder cannot reach them, and holds it to its key and to what it
 * signed before. What does not fit is kept too, and is a trouble until an administrator settles it.
 */
export class ChainKeeper {
  readonly #repository: ChainRecordsRepository;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #recordsOf: ChainKeeperDeps['recordsOf'];
  readonly #troubles = new Map<string, number>();
  readonly #filling = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: ChainKeeperDeps) {
    this.#repository = deps.repository;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#recordsOf = deps.recordsOf;
  }

  async start(): Promise<void> {
    for (const pin of await this.#repository.pins()) this.#troubles.set(pin.recorderId, pin.troubleCount);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await Promise.all(this.#filling.values());
  }

  /** Troubles since the last settlement. */
  refused(recorderId: string): number {
    return this.#troubles.get(recorderId) ?? 0;
  }

  /** Another console on the same database may have judged records. */
  async refresh(recorderId: string): Promise<void> {
    this.#troubles.set(recorderId, (await this.#repository.pin(recorderId))?.troubleCount ?? 0);
  }

  /** The public key that a recorder is held to; null before its first record. */
  async keyOf(recorderId: string): Promise<string | null> {
    return (await this.#repository.pin(recorderId))?.publicKey ?? null;
  }

  /** Takes a record that an event brought; what it returns runs after the commit. */
  async apply(recorderId: string, record: ChainHeadsRecord, manager: Transaction): Promise<() => void> {
    await this.#keep(recorderId, record, manager);
    const pin = await this.#advance(recorderId, manager, 0);
    const waits = (await this.#repository.nextWaiting(recorderId, manager)) !== null;
    return () => {
      this.#troubles.set(recorderId, pin?.troubleCount ?? 0);
      if (waits) this.fill(recorderId);
    };
  }

  /** The recorder says how far its records go; those that did not come are asked for. */
  async found(recorderId: string, sequence: number): Promise<void> {
    const pin = await this.#repository.pin(recorderId);
    if (sequence > (pin?.sequence ?? 0)) this.fill(recorderId);
  }

  /** Asks for what is missing, in the background; one at a time a recorder. */
  fill(recorderId: string): void {
    if (this.#filling.has(recorderId) || this.#stop.signal.aborted) return;
    const filling = this.#fill(recorderId)
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted) return;
        // Asked again with the next record, and when the recorder is found again.
        const isFact = isAppError(error, 'unavailable') || (isAppError(error) && error.code === 'recorder_not_found');
        this.#logger[isFact ? 'debug' : 'error'](
          { recorderId, err: errorMessage(error) },
          'signed records could not be asked for',
        );
      })
      .finally(() => this.#filling.delete(recorderId));
    this.#filling.set(recorderId, filling);
  }

  async #fill(recorderId: string): Promise<void> {
    let after = (await this.#repository.pin(recorderId))?.sequence ?? 0;
    for (;;) {
      const { records } = await this.#recordsOf(recorderId, after, this.#stop.signal);
      const newest = records.at(-1);
      const pin = await this.#repository.write(async (manager) => {
        for (const record of records) await this.#keep(recorderId, record, manager);
        // What the recorder has not sent now it does not have.
        return this.#advance(recorderId, manager, newest?.sequence ?? Infinity);
      });
      this.#troubles.set(recorderId, pin?.troubleCount ?? 0);
      if (newest === undefined || newest.sequence <= after) return;
      after = newest.sequence;
    }
  }

  async #keep(recorderId: string, { line, ...record }: ChainHeadsRecord, manager: Transaction): Promise<void> {
    const parsed = parseHeadsRecord(line);
    const hash = parsed?.hash ?? sha256Hex(line);
    if ((await this.#repository.byHash(recorderId, hash, manager)) !== null) return;
    const { body } = parsed ?? {};
    const generation = (await this.#repository.pin(recorderId, manager))?.generation ?? 1;
    const row: ChainRecordRow = {
      id: newId(),
      recorderId,
      generation,
      sequence: body?.sequence ?? record.sequence,
      hash,
      at: msFromInstant(body?.at ?? record.at),
      receivedAt: this.#clock.nowMs(),
      kind: body?.kind ?? record.kind,
      keyId: body?.key ?? '',
      cameras: body?.kind === 'heads' ? body.cameras.length : 0,
      state: 'waiting',
      trouble: null,
      line,
    };
    await this.#repository.add(row, manager);
  }

  /** Judges what waits, in order, until one must go on waiting; `askedUpTo`: the recorder told all it has up to there. */
  async #advance(recorderId: string, manager: Transaction, askedUpTo: number): Promise<ChainPinRow | null> {
    let pin = await this.#repository.pin(recorderId, manager);
    for (;;) {
      const row = await this.#repository.nextWaiting(recorderId, manager);
      if (row === null) return pin;
      const record = parseHeadsRecord(row.line);
      const judgement: Judgement =
        record === undefined
          ? { state: 'refused', trouble: 'bad_signature', cameraIds: [] }
          : judgeRecord(record, await this.#standing(pin, manager), row.sequence <= askedUpTo);
      if (judgement.state === 'waiting') return pin;
      await this.#repository.judge({ ...row, ...judgement }, manager);
      pin = pinAfter(pin, row, record, judgement, this.#clock.nowMs());
      if (pin !== null) await this.#repository.savePin(pin, manager);
      if (judgement.trouble !== null) {
        const { sequence } = row;
        this.#logger.error(
          { recorderId, sequence, trouble: judgement.trouble },
          'a signed record of a recorder does not fit',
        );
      }
    }
  }

  async #standing(pin: ChainPinRow | null, manager: Transaction): Promise<ChainStanding | undefined> {
    if (pin === null || pin.sequence === 0) return undefined;
    const { publicKey, sequence, hash, recorderId, headsHash } = pin;
    const row = headsHash === null ? null : await this.#repository.byHash(recorderId, headsHash, manager);
    const body = row === null ? undefined : parseHeadsRecord(row.line)?.body;
    return { publicKey, sequence, hash, heads: body?.kind === 'heads' ? body.cameras : [] };
  }

  async view(recorderId: string, before: number | undefined): Promise<RecorderChainResponse> {
    const { records, firstAt, lastAt } = await this.#repository.summary(recorderId);
    const rows = await this.#repository.list(recorderId, before, listed);
    // Last: a record that came between is then never shown without what was found about it.
    const pin = await this.#repository.pin(recorderId);
    const instant = (ms: number | null) => (ms === null ? null : instantFromMs(ms));
    return {
      keyId: pin === null || pin.keyId === '' ? null : pin.keyId,
      publicKey: pin === null || pin.publicKey === '' ? null : pin.publicKey,
      records,
      firstAt: instant(firstAt),
      lastAt: instant(lastAt),
      trouble:
        pin === null || pin.trouble === null
          ? null
          : {
              code: pin.trouble,
              sinceAt: instantFromMs(pin.troubleAt ?? 0),
              sequence: pin.troubleSequence ?? 0,
              cameraIds: pin.troubleCameras ?? [],
            },
      items: rows.map((row) => ({
        sequence: row.sequence,
        at: instantFromMs(row.at),
        receivedAt: instantFromMs(row.receivedAt),
        kind: row.kind,
        keyId: row.keyId,
        hash: row.hash,
        cameras: row.cameras,
        trouble: row.trouble,
      })),
    };
  }

  /** The accepted records as they were sent, one a line, in order. */
  async *lines(recorderId: string): AsyncGenerator<string> {
    const pin = await this.#repository.pin(recorderId);
    if (pin === null) return;
    let after = 0;
    for (;;) {
      const rows = await this.#repository.accepted(recorderId, pin.generation, after, downloadPage);
      for (const row of rows) yield `${row.line}\n`;
      const last = rows.at(-1);
      if (last === undefined || rows.length < downloadPage) return;
      after = last.sequence;
    }
  }

  /**
   * The cause of a trouble is known: goes on from the newest record that the recorder signed, also with another key or from
   * the beginning. Returns the trouble that was settled. @throws AppError conflict `no_chain_trouble`
   */
  async settle(
    recorderId: string,
    manager: Transaction,
  ): Promise<{ code: ChainTrouble; count: number; keyId: string }> {
    const pin = await this.#repository.pin(recorderId, manager);
    if (pin === null || pin.trouble === null)
      throw new AppError('conflict', 'no_chain_trouble', 'there is nothing to settle');
    const settled = { code: pin.trouble, count: pin.troubleCount };
    const run = await this.#newestRun(pin, manager);
    const first = run.at(-1);
    const newest = run[0];
    let next: ChainPinRow = { ...pin, ...noTrouble };
    if (first !== undefined && newest !== undefined) {
      const follows = first.body.sequence === pin.sequence + 1 && first.body.previous === pin.hash;
      const generation = follows ? pin.generation : pin.generation + 1;
      for (const { row } of run) await this.#repository.judge({ ...row, state: 'accepted', generation }, manager);
      const heads = run.find(({ body }) => body.kind === 'heads');
      next = {
        ...next,
        generation,
        keyId: newest.body.key,
        publicKey: newest.body.publicKey,
        sequence: newest.body.sequence,
        hash: newest.row.hash,
        headsHash: heads?.row.hash ?? (follows ? pin.headsHash : null),
      };
    }
    await this.#repository.savePin(next, manager);
    return { ...settled, keyId: next.keyId };
  }

  settledNow(recorderId: string): void {
    this.#troubles.set(recorderId, 0);
    this.fill(recorderId);
  }

  write<T>(work: (manager: Transaction) => Promise<T>): Promise<T> {
    return this.#repository.write(work);
  }

  /** The refused records that hang together up to the newest one, newest first. */
  async #newestRun(pin: ChainPinRow, manager: Transaction): Promise<RunPart[]> {
    const refused = await this.#repository.refused(pin.recorderId, pin.generation, manager);
    const byHash = new Map(refused.map((row) => [row.hash, row]));
    const run: RunPart[] = [];
    let next: ChainRecordSummary | undefined = refused.find(({ trouble }) => trouble !== 'bad_signature');
    while (next !== undefined) {
      const row = await this.#repository.byHash(pin.recorderId, next.hash, manager);
      const body = row === null ? undefined : parseHeadsRecord(row.line)?.body;
      if (body === undefined) break;
      run.push({ row: next, body });
      byHash.delete(next.hash);
      next = byHash.get(body.previous);
    }
    return run;
  }
}

interface RunPart {
  readonly row: ChainRecordSummary;
  readonly body: HeadsRecord['body'];
}

const noTrouble = {
  trouble: null,
  troubleAt: null,
  troubleSequence: null,
  troubleCameras: null,
  troubleCount: 0,
} as const;

function pinAfter(
  pin: ChainPinRow | null,
  row: ChainRecordRow,
  record: HeadsRecord | undefined,
  { state, trouble, cameraIds }: Judgement,
  nowMs: number,
): ChainPinRow {
  let next: ChainPinRow = pin ?? {
    recorderId: row.recorderId,
    generation: row.generation,
    keyId: '',
    publicKey: '',
    sequence: 0,
    hash: '',
    headsHash: null,
    ...noTrouble,
  };
  if (state === 'accepted' && record !== undefined) {
    const { key: keyId, publicKey, sequence, kind } = record.body;
    const headsHash = kind === 'heads' ? record.hash : next.headsHash;
    next = { ...next, keyId, publicKey, sequence, hash: record.hash, headsHash };
  }
  if (trouble === null) return next;
  const troubleCount = next.troubleCount + 1;
  if (next.trouble !== null) return { ...next, troubleCount };
  return {
    ...next,
    trouble,
    troubleAt: nowMs,
    troubleSequence: row.sequence,
    troubleCameras: cameraIds,
    troubleCount,
  };
}
