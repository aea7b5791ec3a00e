import { describe, expect, it } from 'vitest';
import { formerCamera, isSameDevice } from './same-device.js';

const device = { endpointReference: '', manufacturer: 'KBVision', model: 'KX', serialNumber: '', deviceAddress: 'a' };
let cameras = 0;
const camera = (given: object = {}) => ({
  ...{ ...device, deviceId: `d${(cameras += 1)}`, areaId: 'area', retiredAt: 1, deviceAddress: 'old' },
  ...given,
});

describe('isSameDevice', () => {
  it.each([
    ['the reference decides', { endpointReference: 'r' }, { endpointReference: 'r', serialNumber: 'other' }, true],
    [
      'another reference',
      { endpointReference: 'r', serialNumber: '1' },
      { endpointReference: 's', serialNumber: '1' },
      false,
    ],
    ['the serial number', { serialNumber: '1' }, { serialNumber: '1' }, true],
    ['another serial number', { serialNumber: '1' }, { serialNumber: '2' }, false],
    ['none told', {}, { serialNumber: '2' }, true],
    ['another make', { serialNumber: '1' }, { serialNumber: '1', model: 'IPC' }, false],
  ])('%s', (_what, one, other, expected) => {
    expect(isSameDevice({ ...device, ...one }, { ...device, ...other })).toBe(expected);
  });
});

describe('formerCamera', () => {
  const former = (given: object, ...all: ReturnType<typeof camera>[]) =>
    formerCamera({ ...device, ...given }, all, 'area');

  it('knows it again by reference and by a serial number of its own, wherever it is now', () => {
    const byReference = camera({ endpointReference: 'r' });
    expect(former({ endpointReference: 'r' }, camera(), byReference)).toBe(byReference);
    const bySerial = camera({ serialNumber: '1' });
    expect(former({ serialNumber: '1' }, camera(), bySerial)).toBe(bySerial);
  });
  it('does not trust a serial number that several cameras have, except at the same address', () => {
    const [one, other] = [camera({ serialNumber: '1' }), camera({ serialNumber: '1', retiredAt: null })];
    expect(former({ serialNumber: '1' }, one, other)).toBeUndefined();
    const there = camera({ serialNumber: '1', deviceAddress: 'a' });
    expect(former({ serialNumber: '1' }, one, there)).toBe(there);
  });
  it('goes by the address where a device says nothing of itself, to the newest one', () => {
    const [older, newer] = [camera({ deviceAddress: 'a' }), camera({ deviceAddress: 'a', retiredAt: 2 })];
    expect(former({}, older, newer)).toBe(newer);
    expect(former({ model: 'IPC' }, older, newer)).toBeUndefined();
    expect(former({}, camera())).toBeUndefined();
  });
  it('never takes a camera of another area, or one in use', () => {
    expect(former({}, camera({ deviceAddress: 'a', areaId: 'other' }))).toBeUndefined();
    expect(former({}, camera({ deviceAddress: 'a', retiredAt: null }))).toBeUndefined();
  });
});
