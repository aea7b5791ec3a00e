// The signed records: where every camera's chain stands, and changes of the key. They follow each other as the entries of
// a chain do. Made by a recorder; checked by the console and by whoever has the public key.
import type { KeyObject } from 'node:crypto';
import { maxHeadsLineBytes } from '@choi-canh/shared/chain';
import { z } from 'zod';
import { decodeChainLine, encodeChainLine, genesisOf } from './chain-line.js';
import { isSignedBy, keyIdOf, publicKeyText, readPublicKey, signJson, splitSignature } from './signed-json.js';

export const headsReasons = ['start', 'hour', 'stop', 'demand'] as const;
export type HeadsReason = (typeof headsReasons)[number];

/** Camera, number of entries in its chain, hash of the last one. */
export type Head = [cameraId: string, count: number, hash: string];

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const common = {
  sequence: z.int().min(1),
  /** Hash of the record before; of the first one `genesisOf('signed heads')`. */
  previous: hash,
  at: z.iso.datetime({ offset: true }),
  key: z.string(),
  publicKey: z.string().max(200),
};
const headsBody = z.object({
  kind: z.literal('heads'),
  ...common,
  why: z.enum(headsReasons),
  cameras: z.array(z.tuple([z.string().max(64), z.int().min(1), hash])).max(20_000),
  signature: z.string(),
});
const keyBody = z.object({
  kind: z.literal('key'),
  ...common,
  /** The key before; `formerSignature` is its own over the record, null where it is lost. */
  former: z.string(),
  formerSignature: z.string().nullable(),
  signature: z.string(),
});
const anyBody = z.discriminatedUnion('kind', [headsBody, keyBody]);
export type HeadsRecordBody = z.infer<typeof anyBody>;

export interface HeadsRecord {
  readonly body: HeadsRecordBody;
  readonly hash: string;
  /** Without line feed. */
  readonly line: string;
}

export const firstPrevious = genesisOf('signed heads');

interface NewRecord {
  readonly sequence: number;
  readonly previous: string;
  readonly at: string;
}

export function makeHeadsRecord(given: NewRecord & { why: HeadsReason; cameras: Head[] }, key: KeyObject): HeadsRecord {
  const publicKey = publicKeyText(key);
  const { sequence, previous, at, why, cameras } = given;
  const body = { kind: 'heads', sequence, previous, at, key: keyIdOf(publicKey), publicKey, why, cameras };
  return opened(encodeChainLine(signJson(body, key)));
}

/** Tells of a new key. `formerKey` undefined: it is lost, and nothing but the recorder's word says that this is right. */
export function makeKeyRecord(
  given: NewRecord & { former: string },
  key: KeyObject,
  formerKey: KeyObject | undefined,
): HeadsRecord {
  const publicKey = publicKeyText(key);
  const { sequence, previous, at, former } = given;
  const body = { kind: 'key', sequence, previous, at, key: keyIdOf(publicKey), publicKey, former };
  const signedByFormer =
    formerKey === undefined
      ? { ...body, formerSignature: null }
      : (JSON.parse(signJson(body, formerKey, 'formerSignature')) as object);
  return opened(encodeChainLine(signJson(signedByFormer, key)));
}

function opened(line: string): HeadsRecord {
  const record = parseHeadsRecord(line);
  if (record === undefined) throw new Error('a signed record does not read back');
  return record;
}

/** Undefined where the line is damaged or is no record. Says nothing about signatures. */
export function parseHeadsRecord(line: string): HeadsRecord | undefined {
  if (line.length > maxHeadsLineBytes) return undefined;
  const decoded = decodeChainLine(line);
  if (decoded === undefined) return undefined;
  try {
    const parsed = anyBody.safeParse(JSON.parse(decoded.json));
    return parsed.success ? { body: parsed.data, hash: decoded.hash, line } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the record is signed by the key that it names itself. */
export function isSelfSigned(record: HeadsRecord): boolean {
  const { publicKey, key } = record.body;
  const own = readPublicKey(publicKey);
  return own !== undefined && keyIdOf(publicKey) === key && isSignedBy(jsonOf(record), own);
}

/** Whether a record of kind `key` carries the signature of `formerPublicKey`. */
export function isVouchedBy(record: HeadsRecord, formerPublicKey: string): boolean {
  const former = readPublicKey(formerPublicKey);
  const text = splitSignature(jsonOf(record))?.text;
  return former !== undefined && text !== undefined && isSignedBy(text, former, 'formerSignature');
}

const jsonOf = (record: HeadsRecord): string => record.line.slice(65);
