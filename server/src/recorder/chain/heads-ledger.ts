// The signed records of all chain heads, one after the other in the footage folder: what the chains held at an instant can
// be shown even when somebody rewrites them later.
import { open } from 'node:fs/promises';
import {
  firstPrevious,
  isSelfSigned,
  makeHeadsRecord,
  makeKeyRecord,
  parseHeadsRecord,
  type Head,
  type HeadsReason,
  type HeadsRecord,
} from '../../lib/chain/heads-record.js';
import type { ChainLine } from '../../lib/chain/chain-line.js';
import { linesFrom, seekLines } from '../../lib/chain/line-file.js';
import type { SignedHead } from './camera-chain.js';
import { createChainFile, type ChainFileOptions } from './chain-file.js';
import type { ChainKey } from './chain-key.js';

export type HeadsLedger = ReturnType<typeof createHeadsLedger>;

const lineOf = ({ hash, json }: ChainLine): string => `${hash} ${json}`;

export function createHeadsLedger(options: ChainFileOptions & { key: ChainKey; formerKey: ChainKey | undefined }) {
  const { key, formerKey, clock, troubles } = options;
  const file = createChainFile(options);
  let last: HeadsRecord | undefined;
  let signed = new Map<string, SignedHead>();

  function place() {
    return {
      sequence: (last?.body.sequence ?? 0) + 1,
      previous: last?.hash ?? firstPrevious,
      at: new Date(clock.nowMs()).toISOString(),
    };
  }

  async function append(record: HeadsRecord): Promise<HeadsRecord> {
    await file.append(() => [record.line]);
    last = record;
    return record;
  }

  async function newestHeads(): Promise<void> {
    const records = await recordsAfter(options.path, (last?.body.sequence ?? 0) - 2, 8 * 1024 * 1024);
    for (const { body } of records)
      if (body.kind === 'heads')
        signed = new Map(
          body.cameras.map(([id, count, hash]) => [
            id,
            { sequence: body.sequence, count, hash, atStop: body.why === 'stop' },
          ]),
        );
  }

  return {
    /** Reads where the records stand; tells of a new key. Returns the record of that, if one was made. */
    async start(): Promise<HeadsRecord | undefined> {
      const tail = await file.open();
      const line = tail.lines.at(-1);
      last = line === undefined ? undefined : parseHeadsRecord(lineOf(line));
      if (last === undefined) {
        if (line !== undefined) troubles.report('heads_damaged', 'the newest signed record cannot be read', {});
        return undefined;
      }
      if (!isSelfSigned(last)) troubles.report('heads_damaged', 'the newest signed record is not signed', {});
      await newestHeads();
      const former = last.body.key;
      if (former === key.id) return undefined;
      const vouching = formerKey?.id === former ? formerKey.key : undefined;
      if (vouching === undefined)
        troubles.report('key_lost', 'the key of the footage chain is another one and the former did not sign that', {
          former,
          key: key.id,
        });
      return append(makeKeyRecord({ ...place(), former }, key.key, vouching));
    },
    /** Durable when it resolves. @throws what the disk says */
    sign: (why: HeadsReason, cameras: Head[]): Promise<HeadsRecord> =>
      append(makeHeadsRecord({ ...place(), why, cameras }, key.key)),
    last: (): HeadsRecord | undefined => last,
    /** Of the newest record at start. */
    signedHead: (cameraId: string): SignedHead | undefined => signed.get(cameraId),
    after: (sequence: number, maxBytes: number): Promise<HeadsRecord[]> =>
      recordsAfter(options.path, sequence, maxBytes),
  };
}

function sequenceOf(line: string): number | undefined {
  const found = /^[0-9a-f]{64} \{"kind":"(?:heads|key)","sequence":(\d{1,15}),/.exec(line.slice(0, 160));
  return found === null ? undefined : Number(found[1]);
}

/** Records behind `sequence`, in order, until about `maxBytes`; at least one where there is one. */
async function recordsAfter(path: string, sequence: number, maxBytes: number): Promise<HeadsRecord[]> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return [];
  try {
    const from = await seekLines(file, (await file.stat()).size, (line) => {
      const found = sequenceOf(line);
      return found === undefined ? undefined : found <= sequence ? 'before' : 'behind';
    });
    const records: HeadsRecord[] = [];
    let bytes = 0;
    for await (const line of linesFrom(file, from)) {
      const text = line.bytes.toString('utf8');
      const found = line.whole ? sequenceOf(text) : undefined;
      if (found === undefined || found <= sequence) continue;
      const record = parseHeadsRecord(text);
      if (record === undefined) continue; // damaged: whoever asked finds the gap
      bytes += text.length;
      if (records.length > 0 && (bytes > maxBytes || records.length >= 500)) break;
      records.push(record);
    }
    return records;
  } finally {
    await file.close();
  }
}
