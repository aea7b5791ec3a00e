import type { ChainTrouble, chainRecordKinds } from '@choi-canh/shared/chain';
import { EntitySchema } from 'typeorm';
import {
  bigintColumn,
  idColumn,
  instantColumn,
  integerColumn,
  jsonColumn,
  textColumn,
} from '../../platform/db/columns.js';

/** accepted: follows what is kept. waiting: others before it have not come yet. refused: does not follow, or is not signed. */
export type ChainRecordState = 'accepted' | 'waiting' | 'refused';

/** A signed record as the recorder sent it; nothing is ever changed in `line`. */
export interface ChainRecordRow {
  id: string;
  recorderId: string;
  /** Grows when an administrator settles that a recorder began its records anew. */
  generation: number;
  sequence: number;
  hash: string;
  at: number;
  receivedAt: number;
  kind: (typeof chainRecordKinds)[number];
  keyId: string;
  cameras: number;
  state: ChainRecordState;
  trouble: ChainTrouble | null;
  line: string;
}

export const chainRecordEntity = new EntitySchema<ChainRecordRow>({
  name: 'chain_record',
  tableName: 'chain_record',
  columns: {
    id: idColumn('id', { primary: true }),
    recorderId: idColumn('recorder_id'),
    generation: integerColumn('generation'),
    sequence: bigintColumn('sequence'),
    hash: textColumn('hash'),
    at: instantColumn('at'),
    receivedAt: instantColumn('received_at'),
    kind: textColumn('kind'),
    keyId: textColumn('key_id'),
    cameras: integerColumn('cameras'),
    state: textColumn('state'),
    trouble: textColumn('trouble', { nullable: true }),
    line: textColumn('line'),
  },
});

/** What a recorder is held to: its key and the record that the next one must follow. */
export interface ChainPinRow {
  recorderId: string;
  generation: number;
  keyId: string;
  /** SPKI, DER, base64; that of the first record, or one that the former key or an administrator vouched for. */
  publicKey: string;
  sequence: number;
  hash: string;
  /** Of the newest accepted record that holds heads. */
  headsHash: string | null;
  /** The first trouble since the last settlement. */
  trouble: ChainTrouble | null;
  troubleAt: number | null;
  troubleSequence: number | null;
  troubleCameras: string[] | null;
  /** Since the last settlement. */
  troubleCount: number;
}

export const chainPinEntity = new EntitySchema<ChainPinRow>({
  name: 'chain_pin',
  tableName: 'chain_pin',
  columns: {
    recorderId: idColumn('recorder_id', { primary: true }),
    generation: integerColumn('generation'),
    keyId: textColumn('key_id'),
    publicKey: textColumn('public_key'),
    sequence: bigintColumn('sequence'),
    hash: textColumn('hash'),
    headsHash: textColumn('heads_hash', { nullable: true }),
    trouble: textColumn('trouble', { nullable: true }),
    troubleAt: instantColumn('trouble_at', { nullable: true }),
    troubleSequence: bigintColumn('trouble_sequence', { nullable: true }),
    troubleCameras: jsonColumn('trouble_cameras', { nullable: true }),
    troubleCount: integerColumn('trouble_count'),
  },
});
