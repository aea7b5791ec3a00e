import type { DiscoveredDevice } from '@choi-canh/shared/cameras';
import { describe, expect, it } from 'vitest';
import { devicesToAdd, newAddresses, orderDevices, parseRanges, proposedWords } from './device-choice.js';

const device = (host: string, known = false, name = ''): DiscoveredDevice => ({
  endpointReference: `urn:uuid:${host}`,
  deviceAddress: `http://${host}/onvif/device_service`,
  host,
  name,
  hardware: '',
  locationHint: ' Ngã ba chợ ',
  knownCameraId: known ? '00000000-0000-4000-8000-000000000001' : null,
  movedFrom: null,
});

describe('devices', () => {
  const devices = [device('10.0.0.2', true), device('10.0.0.10'), device('10.0.0.9')];
  it('puts new ones first, addresses as people count', () => {
    expect(orderDevices(devices).map((one) => one.host)).toEqual(['10.0.0.9', '10.0.0.10', '10.0.0.2']);
  });
  it('puts cameras with another address before those that are as known', () => {
    const moved = { ...device('10.0.0.30', true), movedFrom: 'http://10.0.0.3/onvif/device_service' };
    expect(
      orderDevices([...devices, moved])
        .map((one) => one.host)
        .slice(2),
    ).toEqual(['10.0.0.30', '10.0.0.2']);
  });
  it('selects all new', () => {
    expect(newAddresses(devices)).toEqual([
      'http://10.0.0.10/onvif/device_service',
      'http://10.0.0.9/onvif/device_service',
    ]);
  });
  it('proposes what the device says, else its host', () => {
    expect(proposedWords(device('10.0.0.9'))).toEqual({ name: '10.0.0.9', place: 'Ngã ba chợ' });
    expect(proposedWords(device('10.0.0.9', false, 'IPC')).name).toBe('IPC');
  });
  it('sends the typed words of the chosen ones', () => {
    const chosen = new Set(['http://10.0.0.9/onvif/device_service']);
    const typed = new Map([['http://10.0.0.9/onvif/device_service', { name: ' Cam 9 ', place: '' }]]);
    expect(devicesToAdd(devices, chosen, typed)).toEqual([
      {
        deviceAddress: 'http://10.0.0.9/onvif/device_service',
        name: 'Cam 9',
        place: '',
        endpointReference: 'urn:uuid:10.0.0.9',
      },
    ]);
  });
});

describe('parseRanges', () => {
  it.each([
    ['', [], undefined],
    ['192.168.1.0/24, 10.0.0.5\n10.0.0.6:8080', ['192.168.1.0/24', '10.0.0.5', '10.0.0.6:8080'], undefined],
    ['10.0.0.0/8', ['10.0.0.0/8'], '10.0.0.0/8'],
    ['10.0.0.300', ['10.0.0.300'], '10.0.0.300'],
    ['camera.local', ['camera.local'], 'camera.local'],
  ])('%s', (text, ranges, wrong) => expect(parseRanges(text)).toEqual({ ranges, wrong }));
});
