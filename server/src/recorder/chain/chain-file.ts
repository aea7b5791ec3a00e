// An append-only file of chain lines: its head is known from its end, an append is on the disk when it resolves, and a
// write that failed leaves nothing behind. Appends that wait for each other go to the disk together.
import { open, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../lib/clock.js';
import { syncFolder } from '../../lib/durable-file.js';
import { decodeChainLine, type ChainLine } from '../../lib/chain/chain-line.js';
import { readLineTail, type LineTail } from '../../lib/chain/line-file.js';
import type { ChainTroubles } from './chain-troubles.js';

export interface ChainFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly troubles: ChainTroubles;
  /** Makes room on a full disk; false when there is none to make. */
  readonly makeRoom: () => Promise<boolean>;
  /** Names the file in reports. */
  readonly facts: Record<string, unknown>;
}

/** What the end of the file said when it was read last. */
export interface OpenedTail {
  /** Newest last; undefined before the first line. */
  readonly lines: readonly ChainLine[];
  /** Finished lines at the end that could not be read and were cut off. */
  readonly lostLines: number;
}

/** Makes lines behind `last`; called when its turn has come. */
export type MakeLines = (last: ChainLine | undefined) => string[];

interface Waiting {
  readonly make: MakeLines;
  readonly resolve: (lines: ChainLine[]) => void;
  readonly reject: (error: unknown) => void;
}

export type ChainFile = ReturnType<typeof createChainFile>;

class ChangedOutside extends Error {}

function isFullDisk(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

const maxKeptCutBytes = 4 * 1024 * 1024;

export function createChainFile(options: ChainFileOptions) {
  const { path, clock, troubles, facts } = options;
  let known: { last: ChainLine | undefined; bytes: number } | undefined;
  let waiting: Waiting[] = [];
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined); // whoever called is told through `result`
    return result;
  }

  /** Cuts what a crash left unfinished. Finished lines that cannot be read are kept beside: somebody may ask for them. */
  async function mend(tail: LineTail): Promise<void> {
    if (tail.validBytes === tail.fileBytes) return;
    const file = await open(path, 'r+');
    try {
      const cutBytes = tail.fileBytes - tail.validBytes;
      if (tail.lostLines > 0) {
        const cut = Buffer.alloc(Math.min(cutBytes, maxKeptCutBytes));
        await file.read(cut, 0, cut.length, tail.validBytes);
        await writeFile(`${path}.cut-${clock.nowMs()}`, cut, { mode: 0o600 });
        troubles.report('chain_damaged', 'the end of a chain is damaged and was cut off', { ...facts, cutBytes });
      }
      await file.truncate(tail.validBytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async function load(): Promise<OpenedTail> {
    const tail = await readLineTail(path);
    if (tail !== undefined && tail.lines.length === 0 && tail.lostLines > 0) {
      // Nothing in it can be read: it is set aside whole.
      await rename(path, `${path}.cut-${clock.nowMs()}`);
      troubles.report('chain_damaged', 'nothing of a chain can be read', { ...facts, bytes: tail.fileBytes });
      known = { last: undefined, bytes: 0 };
      return { lines: [], lostLines: tail.lostLines };
    }
    if (tail !== undefined) await mend(tail);
    if (tail !== undefined && tail.damagedLines > 0)
      troubles.report('chain_damaged', 'a chain holds entries that cannot be read', {
        ...facts,
        lines: tail.damagedLines,
      });
    known = { last: tail?.lines.at(-1), bytes: tail?.validBytes ?? 0 };
    return { lines: tail?.lines ?? [], lostLines: tail?.lostLines ?? 0 };
  }

  /** @throws ChangedOutside when the file is not as long as it was left */
  async function write(text: string, bytes: number): Promise<void> {
    const content = Buffer.from(text);
    const file = await open(path, bytes === 0 ? 'a+' : 'r+', 0o600);
    try {
      const { size } = await file.stat();
      if (size !== bytes) throw new ChangedOutside(`it has ${size} bytes instead of ${bytes}`);
      try {
        const { bytesWritten } = await file.write(content, 0, content.length, bytes);
        if (bytesWritten !== content.length)
          throw Object.assign(new Error('only a part was written'), { code: 'ENOSPC' });
        await file.datasync();
      } catch (error) {
        // What is not known to be on the disk must not be there at the next start either.
        await file.truncate(bytes);
        await file.sync();
        throw error;
      }
    } finally {
      await file.close();
    }
    if (bytes === 0) await syncFolder(dirname(path));
  }

  /** All that waits, in one write. */
  async function appendBatch(batch: readonly Waiting[]): Promise<ChainLine[][]> {
    if (known === undefined) await load();
    const { bytes } = known!;
    let { last } = known!;
    const made = batch.map(({ make }) =>
      make(last).map((text) => {
        const line = decodeChainLine(text);
        if (line === undefined) throw new Error('not a chain line');
        last = line;
        return line;
      }),
    );
    const text = made.flatMap((lines) => lines.map(({ hash, json }) => `${hash} ${json}\n`)).join('');
    if (text !== '') {
      known = undefined; // until the disk has it
      await write(text, bytes);
    }
    known = { last, bytes: bytes + Buffer.byteLength(text) };
    return made;
  }

  async function appendWaiting(): Promise<void> {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    const attempt = () => appendBatch(batch);
    try {
      const made = await attempt().catch(async (error: unknown) => {
        if (error instanceof ChangedOutside)
          troubles.report('changed_outside', 'something else wrote to a chain', { ...facts, reason: error.message });
        else if (!isFullDisk(error) || !(await options.makeRoom())) throw error;
        return attempt();
      });
      batch.forEach(({ resolve }, index) => resolve(made[index]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    /** Reads the end of the file and mends it. */
    open: (): Promise<OpenedTail> => inTurn(load),
    /** Newest line, durable; undefined where there is none. */
    last: (): Promise<ChainLine | undefined> =>
      inTurn(async () => {
        if (known === undefined) await load();
        return known!.last;
      }),
    /** Durable when it resolves. @throws what the disk says; then nothing was appended. */
    append(make: MakeLines): Promise<ChainLine[]> {
      const result = new Promise<ChainLine[]>((resolve, reject) => waiting.push({ make, resolve, reject }));
      void inTurn(appendWaiting);
      return result;
    },
  };
}
