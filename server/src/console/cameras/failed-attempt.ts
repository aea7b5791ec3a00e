import type { Actor, AuditWriter } from '../../lib/actor.js';
import { AppError, isAppError } from '../../lib/errors.js';
import type { CameraRow } from './camera.entity.js';

/**
 * A person had an address asked that is not the camera's, in vain: that is on record. What is thrown on does not tell a
 * closed port from one that a firewall hides, nor what answered instead of a camera: nobody maps a network so.
 */
export async function failedAttempt(
  audit: AuditWriter,
  actor: Actor,
  row: Pick<CameraRow, 'id' | 'name' | 'areaId'>,
  deviceAddress: string,
  error: unknown,
): Promise<never> {
  await audit.record(actor, {
    action: 'camera.address_failed',
    subjectType: 'camera',
    subjectId: row.id,
    subjectName: row.name,
    areaId: row.areaId,
    details: { deviceAddress, outcome: isAppError(error) ? error.code : 'internal' },
  });
  throw plainFailure(error);
}

/** Without the detail of what the network answered. */
export function plainFailure(error: unknown): unknown {
  if (!isAppError(error) || (error.code !== 'unreachable' && error.code !== 'bad_answer')) return error;
  return new AppError(error.kind, error.code, 'no camera answers there', { cause: error });
}
