import type { AreaScope } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';
import type { Transaction } from '../../platform/db/database.js';
import type { CameraRow } from './camera.entity.js';
import type { CamerasRepository } from './cameras.repository.js';

/**
 * Cameras of a device, for who may change the whole device: its address, its account, and with that what others see.
 * @throws AppError forbidden `device_shared` where one that is in use lies outside the scope
 */
export async function wholeDevice(
  repository: Pick<CamerasRepository, 'ofDevice' | 'idsInScope'>,
  scope: AreaScope,
  deviceId: string,
  manager?: Transaction,
): Promise<CameraRow[]> {
  const cameras = await repository.ofDevice(deviceId, manager);
  const inUse = cameras.filter(({ retiredAt }) => retiredAt === null).map(({ id }) => id);
  const visible = await repository.idsInScope(scope, inUse, manager);
  if (visible.size < inUse.length) {
    throw new AppError('forbidden', 'device_shared', 'others have cameras of this device too');
  }
  return cameras;
}
