import type { AuditEntry, AuditWriter } from '../../lib/actor.js';

/** What auth needs of the audit trail: also records of people who are not signed in. */
export interface AuthAudit extends AuditWriter {
  recordNobody(nobody: { name: string; address: string }, entry: AuditEntry, transaction?: unknown): Promise<void>;
}
