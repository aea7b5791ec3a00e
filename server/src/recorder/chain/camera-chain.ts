// The chain of one camera: an entry for each closed footage file, a signed one for each lawful deletion, and one for a loss
// that was found at start.
import type { KeyObject } from 'node:crypto';
import { access, rm, writeFile } from 'node:fs/promises';
import { chainPlaceOf, parseChainEntry, type FileEntry } from '../../lib/chain/chain-entry.js';
import { encodeChainLine, genesisOf, type ChainLine } from '../../lib/chain/chain-line.js';
import type { Head } from '../../lib/chain/heads-record.js';
import { signJson } from '../../lib/chain/signed-json.js';
import type { Clock } from '../../lib/clock.js';
import { createChainFile, type ChainFileOptions, type OpenedTail } from './chain-file.js';
import { startMsOf, type ChainedFile, type HowEntered } from './chained-file.js';
import { findFileEntry } from './find-file-entry.js';

/** What the newest signed record says of this chain. */
export interface SignedHead {
  readonly sequence: number;
  readonly count: number;
  readonly hash: string;
  /** Made when the recorder stopped in order. */
  readonly atStop: boolean;
}

export interface CameraChainOptions extends ChainFileOptions {
  readonly cameraId: string;
  readonly clock: Clock;
  /** Asked once, when the chain is first needed. */
  readonly signed: () => SignedHead | undefined;
}

export type CameraChain = ReturnType<typeof createCameraChain>;

/** How much of the folder must be compared with the chain: nothing, its newest days, or all. */
export type Doubt = 'none' | 'recent' | 'all';

export function createCameraChain(options: CameraChainOptions) {
  const { cameraId, clock, troubles } = options;
  const file = createChainFile(options);
  const incomplete = `${options.path}.incomplete`;
  let opening: Promise<void> | undefined;
  let doubt: Doubt = 'recent';
  /** How often it was raised. */
  let doubts = 0;
  /** Paths entered lately, as long as the folder is still to be compared. */
  let entered: Set<string> | undefined = new Set();
  /** Begin of the oldest file at the end of the chain that was read at start. */
  let tailFromMs = Infinity;

  const nowText = () => new Date(clock.nowMs()).toISOString();

  function placeBehind(last: ChainLine | undefined): { n: number; previous: string } {
    if (last === undefined) return { n: 1, previous: genesisOf(cameraId) };
    return { n: countOf(last) + 1, previous: last.hash };
  }

  /** Looks at the end of the chain once: whether it holds together, and whether it still has what was signed. */
  async function openOnce(): Promise<void> {
    const tail = await file.open();
    for (const line of tail.lines) {
      const entry = parseChainEntry(line);
      if (entry?.kind !== 'file') continue;
      entered?.add(entry.path);
      if (entry.how === 'closed') tailFromMs = Math.min(tailFromMs, startMsOf(entry.path));
    }
    if (!holdsTogether(tail))
      troubles.report('chain_damaged', 'the entries of a chain do not follow each other', options.facts);
    const signed = options.signed();
    const lost = signed !== undefined && !reaches(tail, signed);
    if (tail.lines.length === 0 || tail.lostLines > 0 || lost) doubt = 'all';
    else if (signed?.atStop === true && tail.lines.at(-1)?.hash === signed.hash) doubt = 'none';
    if (await isThere(incomplete)) doubt = 'all';
    // Stays until all was compared, also over a crash.
    if (doubt === 'all') await writeFile(incomplete, '', { mode: 0o600 });
    if (lost) troubles.report('chain_lost', 'a chain lacks entries that had been signed', { ...options.facts, signed });
    if (!lost && tail.lostLines === 0) return;
    await file.append((last) => [
      encodeChainLine(
        JSON.stringify({
          ...placeBehind(last),
          kind: 'break',
          why: lost ? 'lost' : 'damaged',
          signed: signed === undefined ? null : { sequence: signed.sequence, count: signed.count, hash: signed.hash },
          at: nowText(),
        }),
      ),
    ]);
  }

  function ready(): Promise<void> {
    opening ??= openOnce().catch((error: unknown) => {
      opening = undefined; // tried again with the next entry
      throw error;
    });
    return opening;
  }

  /** An entry never stands before those of files that were closed before its own file began. */
  async function hasEntry(path: string): Promise<boolean> {
    if (entered !== undefined) {
      if (entered.has(path)) return true;
      if (tailFromMs <= startMsOf(path)) return false;
    }
    return (await findFileEntry(options.path, path)) !== undefined;
  }

  function fileLine(last: ChainLine | undefined, given: ChainedFile, how: FileEntry['how']): string {
    const entry = {
      ...placeBehind(last),
      kind: 'file',
      path: given.path,
      startMs: given.startAtMs,
      endMs: given.endAtMs,
      bytes: given.byteLength,
      run: given.run,
      epoch: given.epoch,
      init: given.initSha256,
      fragments: given.fragments,
      content: given.contentSha256,
      index: given.indexSha256,
      how,
      at: nowText(),
    };
    return encodeChainLine(JSON.stringify(entry));
  }

  return {
    cameraId,
    /** Durable when it resolves. A file that is known to have an entry gets no second one. @throws what the disk says */
    async enter(given: ChainedFile, how: HowEntered): Promise<void> {
      await ready();
      if (how !== 'closed' && (await hasEntry(given.path))) return;
      await file.append((last) => [fileLine(last, given, how === 'found' ? 'late' : how)]);
      entered?.add(given.path);
    },
    /** Whether a closed file has an entry. @throws what the disk says */
    async has(path: string): Promise<boolean> {
      await ready();
      return hasEntry(path);
    },
    /** Several at once, found without an entry; those entered meanwhile are left out. Returns how many were entered. */
    async enterLate(files: readonly ChainedFile[]): Promise<number> {
      await ready();
      const lines = await file.append((before) => {
        let last = before;
        return files
          .filter(({ path }) => entered?.has(path) !== true)
          .map((given) => {
            const line = fileLine(last, given, 'late');
            last = { hash: line.slice(0, 64), json: line.slice(65) };
            return line;
          });
      });
      for (const { path } of files) entered?.add(path);
      return lines.length;
    },
    /** Durable when it resolves. @throws what the disk says */
    async tombstone(path: string, why: 'age' | 'headroom', key: KeyObject, keyId: string): Promise<void> {
      await ready();
      const entry = (await findFileEntry(options.path, path)) ?? null;
      await file.append((last) => {
        const body = { ...placeBehind(last), kind: 'deleted', path, entry, why, at: nowText(), key: keyId };
        return [encodeChainLine(signJson(body, key))];
      });
    },
    /** As it stands on the disk; undefined while nothing is in it. */
    async head(): Promise<Head | undefined> {
      await ready();
      const last = await file.last();
      return last === undefined ? undefined : [cameraId, countOf(last), last.hash];
    },
    ready,
    doubt: (): Doubt => doubt,
    doubts: (): number => doubts,
    /** Something may have no entry. */
    raiseDoubt(): void {
      doubts += 1;
      if (doubt === 'none') doubt = 'recent';
      entered ??= new Set();
      // In case the recorder ends before it was looked into; where that fails too, recording has worse to tell.
      void writeFile(incomplete, '', { mode: 0o600 }).catch(() => undefined);
    },
    /** Nothing is to be compared: what was read for that is dropped. */
    forget(): void {
      entered = undefined;
    },
    /** All was compared; what was doubted after `seen` doubts stays so. */
    async settle(seen: number): Promise<void> {
      if (doubts === seen) await rm(incomplete, { force: true });
      if (doubts !== seen) return;
      doubt = 'none';
      entered = undefined;
    },
  };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const countOf = (line: ChainLine): number => chainPlaceOf(line)?.n ?? 0;

function holdsTogether(tail: OpenedTail): boolean {
  return tail.lines.every((line, index) => {
    const before = tail.lines[index - 1];
    const place = chainPlaceOf(line);
    return place !== undefined && (before === undefined || place.previous === before.hash);
  });
}

/** Whether the chain still holds the signed entry. Only its end is looked at: the rest is for whoever verifies. */
function reaches(tail: OpenedTail, signed: SignedHead): boolean {
  const last = tail.lines.at(-1);
  if (last === undefined || countOf(last) < signed.count) return false;
  const same = tail.lines.find((line) => countOf(line) === signed.count);
  return same === undefined || same.hash === signed.hash;
}
