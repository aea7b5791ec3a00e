// Checks a footage folder without changing anything in it: signed records, every camera's chain, every file. Works beside
// a recorder that writes: files being written are told apart, and what changes while it is looked at is looked at again.
import { readdir, readFile } from 'node:fs/promises';
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { errorMessage } from '../../server/src/lib/errors.js';
import { keyIdOf, publicKeyText } from '../../server/src/lib/chain/signed-json.js';
import {
  isCameraFolder,
  isDayFolder,
  isFootageName,
  openMarkerOf,
  parseFootagePath,
} from '../../server/src/recorder/footage/footage-paths.js';
import { markedPaths } from '../../server/src/recorder/footage/open-marker.js';
import type { ExpectedFile, Failure, FailureCode, FileVerdict, NoteCode } from './finding.js';
import { readHeads } from './read-heads.js';
import { deletedSince, verifyChain, type ChainFacts } from './verify-chain.js';
import type { VerifyPool } from './verify-pool.js';

export interface VerifyOptions {
  readonly folder: string;
  readonly cameraId?: string | undefined;
  /** Only files with footage in [fromMs, toMs) are read; chains are always read whole. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly consoleHeads?: string | undefined;
  /** SPKI, DER, base64; the recorder's, also former ones. */
  readonly publicKeys?: readonly string[] | undefined;
  readonly pool: VerifyPool;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Progress {
  /** Of the cameras, from 1. */
  readonly camera: number;
  readonly cameras: number;
  /** Of this camera's files. */
  readonly file: number;
  readonly files: number;
  /** Of all cameras so far. */
  readonly readBytes: number;
}

export interface Report {
  readonly whole: boolean;
  readonly failures: number;
  readonly byCode: Partial<Record<FailureCode, number>>;
  readonly notes: Partial<Record<NoteCode, number>>;
  /** The first in order of camera and time, then the others, at most 1000. */
  readonly findings: readonly Failure[];
  readonly cameras: number;
  readonly files: number;
  readonly openFiles: readonly string[];
  readonly fragments: number;
  readonly readBytes: number;
  readonly entries: number;
  readonly deletedByAge: number;
  readonly deletedForRoom: number;
  readonly records: number;
  readonly consoleRecords: number;
  readonly recordsFrom: string | undefined;
  readonly recordsTo: string | undefined;
  readonly keyId: string | undefined;
  readonly seconds: number;
}

const keptFindings = 1000;
/** Asked of the pool at once; a little more than its threads, so that none waits. */
const sideBySide = 8;
/** No file is longer. */
const longestFileMs = 3 * 3_600_000;

interface Found {
  readonly order: string;
  readonly failure: Failure;
}

/** Counts all, keeps the first ones. */
class Findings {
  readonly byCode: Partial<Record<FailureCode, number>> = {};
  readonly notes: Partial<Record<NoteCode, number>> = {};
  count = 0;
  #kept: Found[] = [];

  readonly fail = (failure: Failure, order?: string): void => {
    this.count += 1;
    this.byCode[failure.code] = (this.byCode[failure.code] ?? 0) + 1;
    this.#kept.push({ order: order ?? orderOf(failure), failure });
    if (this.#kept.length > 2 * keptFindings) this.#trim();
  };
  readonly note = (code: NoteCode, count = 1): void => {
    this.notes[code] = (this.notes[code] ?? 0) + count;
  };
  sorted(): Failure[] {
    this.#trim();
    return this.#kept.map(({ failure }) => failure);
  }
  #trim(): void {
    this.#kept = this.#kept.sort((one, other) => (one.order < other.order ? -1 : 1)).slice(0, keptFindings);
  }
}

/** Signed records first, then camera by camera: its chain, then its files in order of time. */
function orderOf({ cameraId, path, entry, fragment }: Failure): string {
  const rank = cameraId === undefined ? '0' : path?.endsWith('chain.jsonl') ? '1' : '2';
  return [
    cameraId === undefined ? '' : cameraId,
    rank,
    String(entry ?? 0).padStart(12, '0'),
    path ?? '',
    String(fragment ?? 0).padStart(8, '0'),
  ].join('\u0001');
}

async function footageOf(folder: string, cameraId: string): Promise<Set<string>> {
  const paths = new Set<string>();
  const days = await readdir(join(folder, cameraId)).catch(() => [] as string[]);
  for (const day of days.filter(isDayFolder).sort())
    for (const name of (await readdir(join(folder, cameraId, day))).filter(isFootageName).sort())
      paths.add(`${cameraId}/${day}/${name}`);
  return paths;
}

/** Being written, finished or recovered, as their marker says. */
async function openFilesOf(folder: string, cameraId: string): Promise<Set<string>> {
  const text = await readFile(join(folder, openMarkerOf(cameraId)), 'utf8').catch(() => '');
  return new Set(markedPaths(text));
}

interface Task {
  readonly cameraId: string;
  readonly path: string;
  readonly expected: ExpectedFile | undefined;
  /** A lawful deletion is noted, the file is there still. */
  readonly deleted: boolean;
  /** Its entry is damaged. */
  readonly uncertain: boolean;
}

/** @throws Error when the folder cannot be read or is none of footage */
export async function verifyFolder(options: VerifyOptions): Promise<Report> {
  const { folder, pool } = options;
  const startedMs = performance.now();
  const findings = new Findings();
  const { fail, note } = findings;

  const names = (await readdir(folder, { withFileTypes: true }))
    .filter((one) => one.isDirectory())
    .map((one) => one.name);
  const heads = await readHeads({
    folderPath: join(folder, 'heads.jsonl'),
    consolePath: options.consoleHeads,
    publicKeys: options.publicKeys,
    cameraId: options.cameraId,
    fail,
    note,
  });
  const keys = new Map(heads.keys);
  for (const publicKey of options.publicKeys ?? []) keys.set(keyIdOf(publicKey), publicKey);
  if (keys.size === 0) await addFolderKey(folder, keys);

  const known = new Set([...names.filter(isCameraFolder), ...heads.cameraIds]);
  if (options.cameraId !== undefined && !known.has(options.cameraId))
    throw new Error(`no camera ${options.cameraId} in ${folder}`);
  const cameraIds = [...known].filter((id) => options.cameraId === undefined || id === options.cameraId).sort();
  const openFiles: string[] = [];
  let cameras = 0;
  let files = 0;
  let fragments = 0;
  let readBytes = 0;
  let entries = 0;
  let deletedByAge = 0;
  let deletedForRoom = 0;
  const chainBytesOf = new Map<string, number>();

  for (const cameraId of cameraIds) {
    const present = await footageOf(folder, cameraId);
    const marked = await openFilesOf(folder, cameraId);
    const chain = await verifyChain({
      cameraId,
      file: join(folder, cameraId, 'chain.jsonl'),
      path: `${cameraId}/chain.jsonl`,
      checkpoints: heads.checkpoints(cameraId),
      keys,
      present,
      fail,
      note,
    });
    if (chain === undefined && present.size === 0 && !heads.cameraIds.has(cameraId)) continue; // a folder of somebody else
    cameras += 1;
    const open = new Set([...marked].filter((path) => present.has(path) && chain?.files.has(path) !== true));
    openFiles.push(...open);
    if (open.size > 0) note('file_open', open.size);
    if (chain === undefined) {
      const closed = [...present].filter((path) => !open.has(path));
      if (closed.length > 0 || heads.cameraIds.has(cameraId))
        fail({ code: 'chain_missing', cameraId, path: `${cameraId}/chain.jsonl` });
    } else {
      entries += chain.entries;
      deletedByAge += chain.deletedByAge;
      deletedForRoom += chain.deletedForRoom;
      chainBytesOf.set(cameraId, chain.chainBytes);
      if (
        chain.entries > 0 &&
        heads.records === 0 &&
        heads.consoleRecords === 0 &&
        findings.byCode.records_missing === undefined
      )
        fail({ code: 'records_missing', path: 'heads.jsonl' }, '');
    }
    await verifyFiles(tasksOf(cameraId, present, open, chain), cameraIds.indexOf(cameraId) + 1);
  }

  /** What is to be read: files in the folder, and entries whose file should be. In order of time. */
  function tasksOf(
    cameraId: string,
    present: Set<string>,
    open: ReadonlySet<string>,
    chain: ChainFacts | undefined,
  ): Task[] {
    const found: (Task & { startMs: number })[] = [];
    for (const path of new Set([...present, ...(chain?.files.keys() ?? [])])) {
      if (open.has(path)) continue;
      const expected = chain?.files.get(path);
      const startMs = expected?.startMs ?? parseFootagePath(path)?.startAtMs ?? 0;
      if (options.toMs !== undefined && startMs >= options.toMs) continue;
      const endMs = expected?.endMs ?? startMs + longestFileMs;
      if (options.fromMs !== undefined && endMs <= options.fromMs) continue;
      const deleted = chain?.deletedPaths.has(path) === true;
      if (deleted) note('deletion_pending');
      const uncertain = chain?.uncertainPaths.has(path) === true;
      found.push({ cameraId, path, expected, deleted, uncertain, startMs });
    }
    return found.sort((one, other) => one.startMs - other.startMs);
  }

  /** One camera at a time, so that millions of files need no memory. */
  async function verifyFiles(tasks: readonly Task[], camera: number): Promise<void> {
    const byContent = new Map<string, string>();
    for (const { expected, path } of tasks) if (expected !== undefined) byContent.set(expected.content, path);
    const queue = tasks.values();
    let file = 0;
    const work = async (): Promise<void> => {
      for (const task of queue) {
        await verifyOne(task, byContent);
        file += 1;
        options.onProgress?.({ camera, cameras: cameraIds.length, file, files: tasks.length, readBytes });
      }
    };
    await Promise.all(Array.from({ length: sideBySide }, work));
  }

  async function verifyOne(task: Task, byContent: Map<string, string>): Promise<void> {
    const { cameraId, path, expected } = task;
    let verdict: FileVerdict;
    try {
      verdict = await pool.verify({ directory: folder, cameraId, path, expected });
    } catch (error) {
      const reason = errorMessage(error);
      fail(
        { code: 'file_unreadable', cameraId, path, reason, fromMs: expected?.startMs, toMs: expected?.endMs },
        orderOfFile(cameraId, path),
      );
      return;
    }
    readBytes += verdict.readBytes;
    if (verdict.gone) {
      if (!task.deleted) await judgeGone(cameraId, path, expected);
      return;
    }
    files += 1;
    fragments += verdict.fragments;
    for (const code of verdict.notes) note(code);
    const other = byContent.get(verdict.content ?? '') ?? verdict.foreignCameraId;
    for (const failure of verdict.failures)
      fail(
        failure.code === 'content_changed' && other !== undefined
          ? { ...failure, code: 'file_swapped', other }
          : failure,
        `${orderOfFile(cameraId, path)}\u0001${String(failure.fragment ?? 0).padStart(8, '0')}`,
      );
    if (expected === undefined && !task.uncertain && chainBytesOf.has(cameraId))
      fail(
        { code: 'file_unchained', cameraId, path, fromMs: parseFootagePath(path)?.startAtMs },
        orderOfFile(cameraId, path),
      );
  }

  async function judgeGone(cameraId: string, path: string, expected: ExpectedFile | undefined): Promise<void> {
    const deleted = await deletedSince(join(folder, cameraId, 'chain.jsonl'), chainBytesOf.get(cameraId) ?? 0, keys);
    if (deleted.has(path)) {
      deletedByAge += 1;
      return;
    }
    if (expected === undefined) return; // it was in no chain and is not there: nothing to say
    const { n: entry, startMs: fromMs, endMs: toMs, bytes } = expected;
    fail({ code: 'file_missing', cameraId, path, entry, fromMs, toMs, bytes: [0, bytes] }, orderOfFile(cameraId, path));
  }

  return {
    whole: findings.count === 0,
    failures: findings.count,
    byCode: findings.byCode,
    notes: findings.notes,
    findings: findings.sorted(),
    cameras,
    files,
    openFiles,
    fragments,
    readBytes,
    entries,
    deletedByAge,
    deletedForRoom,
    records: heads.records,
    consoleRecords: heads.consoleRecords,
    recordsFrom: heads.firstAt,
    recordsTo: heads.lastAt,
    keyId: heads.firstKeyId,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

const orderOfFile = (cameraId: string, path: string): string => [cameraId, '2', path].join('\u0001');

/** Before the first signed record the key beside the footage is all there is. */
async function addFolderKey(folder: string, keys: Map<string, string>): Promise<void> {
  const pem = await readFile(join(folder, 'chain-key.pem'), 'utf8').catch(() => undefined);
  if (pem === undefined) return;
  const publicKey = publicKeyText(createPublicKey(pem));
  keys.set(keyIdOf(publicKey), publicKey);
}
