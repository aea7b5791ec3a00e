import type { SelectQueryBuilder } from 'typeorm';
import type { CameraRow, ChannelRow } from './camera.entity.js';
import type { DeviceRow } from './device.entity.js';

/** Joins its device to a query of cameras under the alias `camera`, and reads both from what was found. */
export const cameraOfDevice = {
  joined(query: SelectQueryBuilder<ChannelRow>): SelectQueryBuilder<ChannelRow> {
    return query.innerJoinAndMapOne('camera.device', 'device', 'device', 'device.id = camera.deviceId');
  },

  /** Of a row that was found `joined`. */
  of(found: ChannelRow): CameraRow {
    const { device, ...own } = found as ChannelRow & { device: DeviceRow };
    return cameraOfDevice.made(own, device);
  },

  made(own: ChannelRow, device: DeviceRow): CameraRow {
    const { id: _id, recorderId: _recorder, createdAt: _created, retiredAt: _retired, ...facts } = device;
    return { ...facts, ...own };
  },
};
