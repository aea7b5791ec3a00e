// The signed records of the folder and those that the console kept: are they signed, do they follow each other, do the two
// tell the same? What they say of each camera's chain is what the chain is then held to.
import { open, type FileHandle } from 'node:fs/promises';
import { maxHeadsLineBytes } from '@choi-canh/shared/chain';
import { linesFrom } from '../../server/src/lib/chain/line-file.js';
import {
  firstPrevious,
  isSelfSigned,
  isVouchedBy,
  parseHeadsRecord,
  type HeadsRecord,
} from '../../server/src/lib/chain/heads-record.js';
import type { Failure, NoteCode } from './finding.js';

/** A chain had this entry at this place when the record was signed. */
export interface Checkpoint {
  readonly count: number;
  readonly hash: string;
  readonly sequence: number;
  readonly at: string;
}

export interface SignedHeads {
  /** Public keys (SPKI, DER, base64) by their id. */
  readonly keys: ReadonlyMap<string, string>;
  /** Of one camera, by place. */
  checkpoints(cameraId: string): Checkpoint[];
  readonly cameraIds: ReadonlySet<string>;
  readonly records: number;
  readonly consoleRecords: number;
  readonly firstAt: string | undefined;
  readonly lastAt: string | undefined;
  /** The key that the records begin with. */
  readonly firstKeyId: string | undefined;
}

/** More of one camera are thinned; since each covers all entries before it, the newest tells most. */
const keptCheckpoints = 256;

class Checkpoints {
  readonly #byCamera = new Map<string, Checkpoint[]>();

  add(cameraId: string, checkpoint: Checkpoint): void {
    const known = this.#byCamera.get(cameraId);
    if (known === undefined) {
      this.#byCamera.set(cameraId, [checkpoint]);
      return;
    }
    const last = known.at(-1)!;
    if (last.count === checkpoint.count && last.hash === checkpoint.hash) return;
    known.push(checkpoint);
    if (known.length > keptCheckpoints)
      this.#byCamera.set(
        cameraId,
        known.filter((_, index) => index % 2 === 1 || index > known.length - keptCheckpoints / 4),
      );
  }
  get(cameraId: string): Checkpoint[] {
    return [...(this.#byCamera.get(cameraId) ?? [])].sort((one, other) => one.count - other.count);
  }
  ids(): Set<string> {
    return new Set(this.#byCamera.keys());
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

export interface ReadHeadsOptions {
  /** The folder's heads.jsonl. */
  readonly folderPath: string;
  /** The console's copy. @throws when it is named and cannot be read */
  readonly consolePath?: string | undefined;
  /** SPKI, DER, base64: the first record must be signed with one of them, and a change to one of them is right. */
  readonly publicKeys?: readonly string[] | undefined;
  /** Only this camera's heads are kept. */
  readonly cameraId?: string | undefined;
  readonly fail: (failure: Failure) => void;
  readonly note: (code: NoteCode) => void;
}

export async function readHeads(options: ReadHeadsOptions): Promise<SignedHeads> {
  const { fail, note } = options;
  const checkpoints = new Checkpoints();
  const keys = new Map<string, string>();
  const hashOf = new Map<number, string>();
  const trusted = options.publicKeys ?? [];
  let pinned: string | undefined;
  let firstKeyId: string | undefined;
  let firstAt: string | undefined;
  let lastAt: string | undefined;

  async function readOne(
    path: string,
    file: FileHandle,
    mayHaveGaps: boolean,
    each: (record: HeadsRecord) => void,
  ): Promise<number> {
    let before: HeadsRecord | undefined;
    let key = pinned;
    let count = 0;
    for await (const { bytes, offset, whole } of linesFrom(file, 0, maxHeadsLineBytes + 100)) {
      const text = bytes.toString('utf8');
      const record = parseHeadsRecord(text);
      const place = { path, bytes: [offset, offset + bytes.length] as const };
      if (!whole && !mayHaveGaps) {
        note('chain_unfinished'); // being written, or torn by a power cut: the recorder cuts it off at its next start
        continue;
      }
      if (record === undefined) {
        if (bytes.length > 0) fail({ code: 'record_damaged', ...place, sequence: (before?.body.sequence ?? 0) + 1 });
        continue;
      }
      const { body } = record;
      const facts = { ...place, sequence: body.sequence, recordAt: body.at };
      count += 1;
      if (!isSelfSigned(record)) {
        fail({ code: 'record_unsigned', ...facts });
        continue;
      }
      const follows =
        before === undefined
          ? mayHaveGaps || (body.sequence === 1 && body.previous === firstPrevious)
          : body.sequence === before.body.sequence + 1
            ? body.previous === before.hash
            : mayHaveGaps && body.sequence > before.body.sequence;
      if (!follows) fail({ code: 'record_broken', ...facts });
      if (before === undefined && trusted.length > 0) {
        if (!trusted.includes(body.publicKey)) fail({ code: 'key_unexpected', ...facts });
        key = body.publicKey;
      } else if (key === undefined) key = body.publicKey;
      else if (body.publicKey !== key) {
        const vouched = body.kind === 'key' && isVouchedBy(record, key);
        if (vouched || trusted.includes(body.publicKey)) note('key_rotated');
        else fail({ code: 'key_changed', ...facts });
        key = body.publicKey;
      }
      keys.set(body.key, body.publicKey);
      firstKeyId ??= body.key;
      firstAt = firstAt === undefined || body.at < firstAt ? body.at : firstAt;
      lastAt = lastAt === undefined || body.at > lastAt ? body.at : lastAt;
      before = record;
      each(record);
      if (body.kind !== 'heads') continue;
      for (const [cameraId, entries, hash] of body.cameras)
        if (options.cameraId === undefined || options.cameraId === cameraId)
          checkpoints.add(cameraId, { count: entries, hash, sequence: body.sequence, at: body.at });
    }
    return count;
  }

  // The console's copy first: it lies where nobody at the footage folder can change it.
  let consoleRecords = 0;
  let newestOfConsole: HeadsRecord | undefined;
  if (options.consolePath !== undefined) {
    const file = await open(options.consolePath, 'r');
    try {
      consoleRecords = await readOne(options.consolePath, file, true, (record) => {
        hashOf.set(record.body.sequence, record.hash);
        newestOfConsole = record;
        pinned ??= record.body.publicKey;
      });
    } finally {
      await file.close();
    }
  }
  const missing = new Set(hashOf.keys());
  let records = 0;
  const file = await openIfThere(options.folderPath);
  if (file !== undefined) {
    try {
      records = await readOne('heads.jsonl', file, false, ({ body, hash }) => {
        const kept = hashOf.get(body.sequence);
        missing.delete(body.sequence);
        if (kept !== undefined && kept !== hash)
          fail({ code: 'record_differs', path: 'heads.jsonl', sequence: body.sequence, recordAt: body.at });
      });
    } finally {
      await file.close();
    }
  }
  if (missing.size > 0)
    fail({
      code: 'records_missing',
      path: 'heads.jsonl',
      sequence: Math.min(...missing),
      recordAt: newestOfConsole?.body.at,
    });
  if (trusted.length === 0 && options.consolePath === undefined) note('key_from_folder');
  return {
    keys,
    checkpoints: (cameraId) => checkpoints.get(cameraId),
    cameraIds: checkpoints.ids(),
    records,
    consoleRecords,
    firstAt,
    lastAt,
    firstKeyId,
  };
}
