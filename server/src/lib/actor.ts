import type { AuditAction } from '@choi-canh/shared/audit';
import type { Role } from '@choi-canh/shared/permissions';

/** The part of the area tree that somebody may see: `path` is the materialised path of the area, null is everything. */
export interface AreaScope {
  readonly areaId: string | null;
  /** e.g. `/<province id>/<commune id>/`; every descendant's path starts with it. */
  readonly path: string | null;
}

/** Who does something. Every mutation takes one and emits one audit record. */
export interface Actor {
  readonly accountId: string;
  readonly name: string;
  readonly role: Role;
  readonly scope: AreaScope;
  readonly sessionId: string;
  /** Peer address of the request. */
  readonly address: string;
}

/** What a record keeps of who did it. */
export type AuditActor = Pick<Actor, 'accountId' | 'name' | 'sessionId' | 'address'>;

export interface AuditEntry {
  action: AuditAction;
  subjectType: string;
  subjectId: string | null;
  subjectName: string;
  areaId: string | null;
  purpose?: string;
  details?: Record<string, unknown>;
}

/**
 * Writes audit records. `transaction` is the EntityManager of the mutation it belongs to, so that both commit or
 * neither does; typed unknown here because the lib floor knows no TypeORM.
 */
export interface AuditWriter {
  record(actor: AuditActor, entry: AuditEntry, transaction?: unknown): Promise<void>;
}
