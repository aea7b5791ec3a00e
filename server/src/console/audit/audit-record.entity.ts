import { auditActionsRead, type AuditRecordResponse } from '@choi-canh/shared/audit';
import { EntitySchema } from 'typeorm';
import {
  bigintColumn,
  choiceColumn,
  idColumn,
  instantColumn,
  jsonColumn,
  textColumn,
} from '../../platform/db/columns.js';

export interface AuditRecordRow {
  id: string;
  /** 1, 2, 3 … without a gap: a missing number would show that a record was taken out behind the product's back. */
  sequence: number;
  at: number;
  accountId: string | null;
  accountName: string;
  sessionId: string | null;
  action: AuditRecordResponse['action'];
  areaId: string | null;
  subjectType: string;
  subjectId: string | null;
  subjectName: string;
  purpose: string;
  details: Record<string, unknown>;
  address: string;
}

export const auditRecordEntity = new EntitySchema<AuditRecordRow>({
  name: 'audit_record',
  columns: {
    id: idColumn('id', { primary: true }),
    sequence: bigintColumn('sequence'),
    at: instantColumn('at'),
    accountId: idColumn('account_id', { nullable: true }),
    accountName: textColumn('account_name'),
    sessionId: idColumn('session_id', { nullable: true }),
    action: choiceColumn('action', auditActionsRead, 'unknown'),
    areaId: idColumn('area_id', { nullable: true }),
    subjectType: textColumn('subject_type'),
    subjectId: textColumn('subject_id', { nullable: true }),
    subjectName: textColumn('subject_name'),
    purpose: textColumn('purpose'),
    details: jsonColumn('details'),
    address: textColumn('address'),
  },
});
