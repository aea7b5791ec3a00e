// What stands in the chain of a camera: closed footage files, lawful deletions, and losses that the recorder found.
import { z } from 'zod';
import type { ChainLine } from './chain-line.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const base = {
  /** Place in the chain, from 1. */
  n: z.int().min(1),
  /** Hash of the entry before; of the first one `genesisOf(camera)`. */
  previous: hash,
};

export const fileEntry = z.object({
  ...base,
  kind: z.literal('file'),
  /** Relative to the footage folder. */
  path: z.string().max(200),
  /** UTC, ms. */
  startMs: z.number(),
  endMs: z.number(),
  bytes: z.int(),
  run: z.int(),
  epoch: z.int(),
  /** SHA-256 of the init segment. */
  init: hash,
  fragments: z.int(),
  /** Covers every byte of the file: see server/design/integrity.md. */
  content: hash,
  /** SHA-256 of the index file. */
  index: hash,
  /** closed: in order. recovered: after a crash. late: found without an entry, which was lost or never made. */
  how: z.enum(['closed', 'recovered', 'late']),
  at: z.string(),
});
export type FileEntry = z.infer<typeof fileEntry>;

export const deletedEntry = z.object({
  ...base,
  kind: z.literal('deleted'),
  path: z.string().max(200),
  /** Hash of the file's entry; null where it had none. */
  entry: hash.nullable(),
  why: z.enum(['age', 'headroom']),
  at: z.string(),
  key: z.string(),
  signature: z.string(),
});
export type DeletedEntry = z.infer<typeof deletedEntry>;

export const breakEntry = z.object({
  ...base,
  kind: z.literal('break'),
  /** lost: the chain was shorter than what had been signed. damaged: entries at its end could not be read. */
  why: z.enum(['lost', 'damaged']),
  /** Sequence of the signed record that knew more, if any did. */
  signed: z.object({ sequence: z.int(), count: z.int(), hash }).nullable(),
  at: z.string(),
});
export type BreakEntry = z.infer<typeof breakEntry>;

const chainEntry = z.discriminatedUnion('kind', [fileEntry, deletedEntry, breakEntry]);
export type ChainEntry = z.infer<typeof chainEntry>;

/** Undefined where the text is no entry. */
export function parseChainEntry(line: ChainLine): ChainEntry | undefined {
  try {
    const parsed = chainEntry.safeParse(JSON.parse(line.json));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Where an entry stands, of whatever kind it is, also of a kind that only a later version knows. */
export function chainPlaceOf(line: ChainLine): { n: number; previous: string } | undefined {
  const found = /^\{"n":(\d{1,15}),"previous":"([0-9a-f]{64})"[,}]/.exec(line.json.slice(0, 120));
  return found === null ? undefined : { n: Number(found[1]), previous: found[2]! };
}
