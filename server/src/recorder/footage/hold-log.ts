// The durable form of the holds: a log of lines beside the footage, which outlives the catalogue. One line is a checksum,
// a space and JSON. The first line says how many records were written with it at once; behind those each change is
// appended and flushed. What a crash leaves of the last append is cut off: nobody was told that it was taken.
import { open, readFile, rename } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { dirname } from 'node:path';
import { z } from 'zod';
import { syncFolder } from '../../lib/durable-file.js';
import type { Hold } from './footage-types.js';

const format = 'choi-canh holds 2';
const headerSchema = z.object({ format: z.literal(format), records: z.int().min(0), known: z.boolean() });
/** A hold is taken or released, or the list is complete from here on. */
export type HoldRecord =
  | [
      kind: '+',
      id: string,
      cameraId: string,
      fromMs: number,
      toMs: number,
      incidentId: string | null,
      incidentNumber: string,
      job: boolean,
    ]
  | [kind: '-', id: string]
  | [kind: 'known'];

/** By hand: there may be hundreds of thousands at a start. */
function isRecord(value: unknown): value is HoldRecord {
  if (!Array.isArray(value)) return false;
  const [kind, id, cameraId, fromMs, toMs, incidentId, number, job] = value as unknown[];
  if (kind === 'known') return true;
  if (typeof id !== 'string' || kind === '-') return typeof id === 'string';
  return (
    kind === '+' &&
    typeof cameraId === 'string' &&
    Number.isFinite(fromMs) &&
    Number.isFinite(toMs) &&
    (incidentId === null || typeof incidentId === 'string') &&
    typeof number === 'string' &&
    typeof job === 'boolean'
  );
}

const linesAtOnce = 2000;
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

export const putRecord = (hold: Hold): HoldRecord => [
  '+',
  hold.id,
  hold.cameraId,
  hold.fromMs,
  hold.toMs,
  hold.incident?.id ?? null,
  hold.incident?.number ?? '',
  hold.job === true,
];

function encode(value: unknown): string {
  const json = JSON.stringify(value);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

function decode(line: string): unknown {
  const json = line.slice(9);
  if (line[8] !== ' ' || crc32(json) !== Number.parseInt(line.slice(0, 8), 16)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export interface LoadedLog {
  /** The list is complete: nothing of it was lost. */
  readonly known: boolean;
  /** It is not as it was written; what can be read is given all the same. */
  readonly damaged: boolean;
  readonly records: number;
}

/** Reads and appends. One call after the other: the caller sees to that. */
export class HoldLog {
  readonly #path: string;
  /** Up to here the file is what was acknowledged. */
  #validBytes = 0;
  #tornBytes = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Hands each record to `take`, in order. Undefined where there is no file. @throws what the disk throws */
  async load(take: (record: HoldRecord) => void): Promise<LoadedLog | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const headerEnd = bytes.indexOf(10);
    const header = headerSchema.safeParse(headerEnd < 0 ? undefined : decode(bytes.toString('utf8', 0, headerEnd)));
    let known = header.data?.known ?? false;
    let at = header.success ? headerEnd + 1 : 0;
    let valid = at;
    let records = 0;
    let unreadable = 0;
    let damaged = !header.success;
    for (let lines = 0; at < bytes.length; lines += 1) {
      const lineFeed = bytes.indexOf(10, at);
      const end = lineFeed < 0 ? bytes.length : lineFeed;
      const record = lineFeed < 0 ? undefined : decode(bytes.toString('utf8', at, end));
      at = end + 1;
      if (isRecord(record)) {
        if (unreadable > 0) damaged = true;
        take(record);
        if (record[0] === 'known') known = true;
        records += 1;
        valid = at;
      } else unreadable += 1;
      if (lines % linesAtOnce === 0) await pause();
    }
    if (header.success && records < header.data.records) damaged = true;
    this.#validBytes = valid;
    this.#tornBytes = valid < bytes.length;
    return { known: known && !damaged, damaged, records };
  }

  /** Durable when it resolves; after a rejection nothing of it counts. @throws what the disk throws */
  async append(records: readonly HoldRecord[]): Promise<void> {
    const bytes = Buffer.from(records.map(encode).join(''));
    const file = await open(this.#path, 'r+');
    try {
      if (this.#tornBytes) await file.truncate(this.#validBytes);
      this.#tornBytes = true;
      await file.write(bytes, 0, bytes.length, this.#validBytes);
      await file.datasync();
      this.#validBytes += bytes.length;
      this.#tornBytes = false;
    } finally {
      await file.close();
    }
  }

  /** Writes everything again, beside the log, and puts it in its place. @throws what the disk throws */
  async rewrite(holds: readonly Hold[], known: boolean): Promise<void> {
    const beside = `${this.#path}.new`;
    const file = await open(beside, 'w', 0o600);
    let written = 0;
    try {
      const write = async (text: string) => {
        const bytes = Buffer.from(text);
        await file.writeFile(bytes);
        written += bytes.length;
      };
      await write(encode({ format, records: holds.length, known }));
      for (let at = 0; at < holds.length; at += linesAtOnce) {
        await write(
          holds
            .slice(at, at + linesAtOnce)
            .map((hold) => encode(putRecord(hold)))
            .join(''),
        );
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, this.#path);
    this.#validBytes = written;
    this.#tornBytes = false;
    await syncFolder(dirname(this.#path));
  }
}
