import { EntitySchema } from 'typeorm';
import {
  bigintColumn,
  booleanColumn,
  idColumn,
  instantColumn,
  integerColumn,
  jsonColumn,
  textColumn,
} from '../../platform/db/columns.js';

export interface RecorderRow {
  id: string;
  name: string;
  url: string;
  /** Token a console must show, sealed; empty where the recorder is known by its key. */
  tokenBox: string;
  embedded: boolean;
  /** Sequence of the newest event that was applied. */
  lastSequence: number;
  /** Revision of the newest desired state that was sent. */
  desiredRevision: number;
  /** Names of cameras that it recorded and that this database, restored from before, does not know. */
  droppedCameras: string[];
  lastSeenAt: number | null;
  createdAt: number;
  /** IPv4 networks beside its own that it may search for cameras, in CIDR. */
  scanRanges: string[];
  /** It was removed; its token is empty since then. */
  deletedAt: number | null;
  /** SHA-256 of the public key of its TLS certificate, hex; null beside the console, and where it was not paired yet. */
  keyPin: string | null;
}

export const recorderEntity = new EntitySchema<RecorderRow>({
  name: 'recorder',
  tableName: 'recorder',
  columns: {
    id: idColumn('id', { primary: true }),
    name: textColumn('name'),
    url: textColumn('url'),
    tokenBox: textColumn('token_box'),
    embedded: booleanColumn('embedded'),
    lastSequence: bigintColumn('last_sequence'),
    desiredRevision: integerColumn('desired_revision'),
    droppedCameras: jsonColumn('dropped_cameras'),
    lastSeenAt: instantColumn('last_seen_at', { nullable: true }),
    createdAt: instantColumn('created_at'),
    scanRanges: jsonColumn('scan_ranges'),
    deletedAt: instantColumn('deleted_at', { nullable: true }),
    keyPin: { type: 'varchar', length: 64, name: 'key_pin', nullable: true },
  },
});
