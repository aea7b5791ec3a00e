import { z } from 'zod';
import { instantSchema } from './common.js';

/**
 * Footage files are chained: each has an entry in its camera's chain, which covers the hashes of its fragments and the
 * entry before (server/design/integrity.md). Every hour, at start and at stop a recorder signs the heads of all its
 * chains; these records follow each other too, and the console keeps them.
 */

/** A record's line is never longer: the heads of 10 000 cameras. */
export const maxHeadsLineBytes = 1_500_000;

export const chainRecordKinds = ['heads', 'key'] as const;

/** A signed record as it travels: what counts is `line`, the bytes that were hashed and signed; the rest is read from it. */
export const chainHeadsRecord = z.object({
  sequence: z.int().min(1),
  at: instantSchema,
  kind: z.enum(chainRecordKinds),
  /** `<SHA-256 of the JSON> <JSON>`, without its line end, as in the footage folder's heads.jsonl. */
  line: z.string().max(maxHeadsLineBytes),
});
export type ChainHeadsRecord = z.infer<typeof chainHeadsRecord>;

/** `GET /v1/chain/records?after=<sequence>`: for a console that missed some. Bounded in bytes; empty at the end. */
export const chainRecordPage = z.object({ records: z.array(chainHeadsRecord).max(500) });
export type ChainRecordPage = z.infer<typeof chainRecordPage>;

/** What a recorder says of its chains. */
export const chainStatus = z.object({
  /** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
  keyId: z.string(),
  /** Ed25519, SPKI, DER, base64. */
  publicKey: z.string(),
  /** When the heads were signed last. */
  signedAt: instantSchema.nullable(),
  /** Of the newest record; 0 before the first. */
  sequence: z.int(),
  /** What the recorder itself found wrong since it started; its log says what. */
  troubles: z.int(),
});
export type ChainStatus = z.infer<typeof chainStatus>;

/** Why the console does not accept a record, or all of a recorder's records. */
export const chainTroubles = [
  'bad_signature',
  'key_changed',
  'not_following',
  'records_missing',
  'started_anew',
  'chain_shorter',
] as const;
export const chainTrouble = z.enum(chainTroubles);
export type ChainTrouble = z.infer<typeof chainTrouble>;

export const chainRecordResponse = z.object({
  sequence: z.int(),
  at: instantSchema,
  receivedAt: instantSchema,
  kind: z.enum(chainRecordKinds),
  keyId: z.string(),
  /** SHA-256 of the record, hex. */
  hash: z.string(),
  /** How many cameras' heads it holds. */
  cameras: z.int(),
  trouble: chainTrouble.nullable(),
});
export type ChainRecordResponse = z.infer<typeof chainRecordResponse>;

/** `GET /api/recorders/:recorderId/chain` */
export const recorderChainResponse = z.object({
  /** The key that this console holds the recorder to: that of the first record, or the one accepted since. */
  keyId: z.string().nullable(),
  publicKey: z.string().nullable(),
  records: z.int(),
  firstAt: instantSchema.nullable(),
  lastAt: instantSchema.nullable(),
  /** Found and not yet settled by an administrator. */
  trouble: z
    .object({ code: chainTrouble, sinceAt: instantSchema, sequence: z.int(), cameraIds: z.array(z.string()) })
    .nullable(),
  /** Newest first, at most 200. */
  items: z.array(chainRecordResponse),
});
export type RecorderChainResponse = z.infer<typeof recorderChainResponse>;
export const recorderChainQuery = z.object({
  /** Only records before this sequence. */
  before: z.coerce.number().int().min(1).optional(),
});

/** `POST /api/recorders/:recorderId/chain/settle`: the cause of the trouble is known; go on from the newest record. */
export const chainSettleRequest = z.object({ reason: z.string().trim().min(3).max(500) });
export type ChainSettleRequest = z.infer<typeof chainSettleRequest>;
