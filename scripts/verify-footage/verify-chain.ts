// The chain of one camera, from its first entry to its last: is each line whole, does it follow the one before, is it what
// was signed, is each deletion signed? What must then be in the folder follows from it.
import { open } from 'node:fs/promises';
import { parseChainEntry, type ChainEntry } from '../../server/src/lib/chain/chain-entry.js';
import { chainPlaceOf } from '../../server/src/lib/chain/chain-entry.js';
import { decodeChainLine, genesisOf } from '../../server/src/lib/chain/chain-line.js';
import { linesFrom } from '../../server/src/lib/chain/line-file.js';
import { isSignedBy, readPublicKey } from '../../server/src/lib/chain/signed-json.js';
import type { Checkpoint } from './read-heads.js';
import type { ExpectedFile, Failure, NoteCode } from './finding.js';

export interface ChainFacts {
  /** What must be in the folder, by path. */
  readonly files: Map<string, ExpectedFile>;
  /** Lawfully deleted although still there, by path: a crash came between the two. */
  readonly deletedPaths: Set<string>;
  /** Named by entries that cannot be read: their files are not foreign, though nothing vouches for them. */
  readonly uncertainPaths: Set<string>;
  readonly deletedByAge: number;
  readonly deletedForRoom: number;
  readonly entries: number;
  readonly chainBytes: number;
}

export interface VerifyChainOptions {
  readonly cameraId: string;
  /** Absolute. */
  readonly file: string;
  /** For reports. */
  readonly path: string;
  readonly checkpoints: readonly Checkpoint[];
  readonly keys: ReadonlyMap<string, string>;
  /** Paths of the camera that lie in the folder. */
  readonly present: ReadonlySet<string>;
  readonly fail: (failure: Failure) => void;
  readonly note: (code: NoteCode) => void;
}

/** Undefined where there is no chain. */
export async function verifyChain(options: VerifyChainOptions): Promise<ChainFacts | undefined> {
  const { cameraId, path, fail, note, present } = options;
  const file = await open(options.file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;

  const files = new Map<string, ExpectedFile>();
  const deletedPaths = new Set<string>();
  const uncertainPaths = new Set<string>();
  const checkpoints = [...options.checkpoints];
  const signedUpTo = checkpoints.at(-1)?.count ?? 0;
  let deletedByAge = 0;
  let deletedForRoom = 0;
  let previous: string | undefined = genesisOf(cameraId);
  let n = 0;
  let chainBytes = 0;
  let rewritten = false;

  function take(entry: ChainEntry, hash: string, json: string, place: Pick<Failure, 'bytes'>): void {
    const facts = { cameraId, path, entry: entry.n, ...place };
    if (entry.kind === 'break') {
      note('recorder_noted_loss');
    } else if (entry.kind === 'file') {
      if (entry.how === 'recovered') note('entry_recovered');
      if (entry.how === 'late') note('entry_late');
      const known = files.get(entry.path);
      if (known !== undefined && known.content !== entry.content)
        fail({ ...facts, code: 'entry_twice', other: entry.path, fromMs: entry.startMs, toMs: entry.endMs });
      const { startMs, endMs, bytes, init, content, index } = entry;
      files.set(entry.path, { n: entry.n, hash, startMs, endMs, bytes, init, content, index });
    } else {
      const publicKey = options.keys.get(entry.key);
      const key = publicKey === undefined ? undefined : readPublicKey(publicKey);
      const of = files.get(entry.path);
      const concerned = { ...facts, other: entry.path, fromMs: of?.startMs, toMs: of?.endMs };
      if (key === undefined || !isSignedBy(json, key)) {
        fail({ ...concerned, code: 'tombstone_unsigned' });
        return; // not a lawful deletion: the file must be there
      }
      const wrong = of === undefined ? entry.entry !== null && !deletedPaths.has(entry.path) : entry.entry !== of.hash;
      if (wrong) fail({ ...concerned, code: 'tombstone_wrong' });
      else if (of !== undefined || !deletedPaths.has(entry.path)) {
        if (entry.why === 'age') deletedByAge += 1;
        else deletedForRoom += 1;
      }
      deletedPaths.add(entry.path);
      if (!present.has(entry.path)) files.delete(entry.path);
    }
  }

  try {
    for await (const { bytes, offset, whole } of linesFrom(file)) {
      const place = { bytes: [offset, offset + bytes.length] as const };
      chainBytes = offset + bytes.length + 1;
      if (!whole && bytes.length < 1_000_000) {
        // Being written, or torn by a power cut; the recorder cuts it off at its next start.
        note('chain_unfinished');
        break;
      }
      const line = decodeChainLine(bytes.toString('utf8'));
      const at = line === undefined ? undefined : chainPlaceOf(line);
      if (line === undefined || at === undefined) {
        n += 1;
        fail({ code: 'chain_damaged', cameraId, path, entry: n, ...place });
        const named = /"path":"([^"]+)"/.exec(bytes.toString('latin1'))?.[1];
        if (named !== undefined) uncertainPaths.add(named);
        previous = undefined; // what follows cannot be held to it
        continue;
      }
      if ((previous !== undefined && at.previous !== previous) || (previous !== undefined && at.n !== n + 1))
        fail({ code: 'chain_broken', cameraId, path, entry: at.n, ...place });
      n = at.n;
      previous = line.hash;
      while (checkpoints[0] !== undefined && checkpoints[0].count <= n) {
        const { count, hash, sequence, at: recordAt } = checkpoints.shift()!;
        if (count < n || hash === line.hash || rewritten) continue;
        rewritten = true; // all behind it differ too
        fail({ code: 'chain_rewritten', cameraId, path, entry: n, sequence, recordAt, ...place });
      }
      const entry = parseChainEntry(line);
      if (entry === undefined) fail({ code: 'chain_damaged', cameraId, path, entry: n, ...place });
      else take(entry, line.hash, line.json, place);
    }
  } finally {
    await file.close();
  }
  const beyond = checkpoints.find(({ count }) => count > n);
  if (beyond !== undefined && !rewritten) {
    const { count, sequence, at } = checkpoints.at(-1)!;
    fail({
      code: 'chain_truncated',
      cameraId,
      path,
      entry: n + 1,
      other: String(count),
      sequence,
      recordAt: at,
      bytes: [chainBytes, chainBytes],
    });
  }
  if (n > signedUpTo) note('entries_unsigned');
  return { files, deletedPaths, uncertainPaths, deletedByAge, deletedForRoom, entries: n, chainBytes };
}

/** Lawful deletions noted behind `fromBytes` while the folder was being checked. */
export async function deletedSince(
  path: string,
  fromBytes: number,
  keys: ReadonlyMap<string, string>,
): Promise<Set<string>> {
  const deleted = new Set<string>();
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return deleted;
  try {
    for await (const { bytes, whole } of linesFrom(file, fromBytes)) {
      const line = whole ? decodeChainLine(bytes.toString('utf8')) : undefined;
      const entry = line === undefined ? undefined : parseChainEntry(line);
      if (line === undefined || entry?.kind !== 'deleted') continue;
      const publicKey = keys.get(entry.key);
      const key = publicKey === undefined ? undefined : readPublicKey(publicKey);
      if (key !== undefined && isSignedBy(line.json, key)) deleted.add(entry.path);
    }
    return deleted;
  } finally {
    await file.close();
  }
}
