import type { CameraAddRequest, DiscoveredDevice } from '@choi-canh/shared/cameras';
import { compareNatural } from '../../lib/natural-sort.js';

export interface DeviceWords {
  name: string;
  place: string;
}

/** Most characters, as the server takes them. */
export const deviceWordLengths = { name: 120, place: 200 } as const;

/** Whether a name or a place is longer than that. */
export function hasTooLong(devices: readonly { name?: string; place?: string }[]): boolean {
  return devices.some(
    ({ name = '', place = '' }) => name.length > deviceWordLengths.name || place.length > deviceWordLengths.place,
  );
}

/** New devices first, then cameras with another address, then those that are as known; by address as people count. */
export function orderDevices(devices: readonly DiscoveredDevice[]): DiscoveredDevice[] {
  return [...devices].sort(
    (a, b) => rank(a) - rank(b) || compareNatural(a.host, b.host) || compareNatural(a.deviceAddress, b.deviceAddress),
  );
}

function rank({ knownCameraId, movedFrom }: DiscoveredDevice): number {
  return knownCameraId === null ? 0 : movedFrom !== null ? 1 : 2;
}

export function newAddresses(devices: readonly DiscoveredDevice[]): string[] {
  return devices.filter((device) => device.knownCameraId === null).map((device) => device.deviceAddress);
}

/** Name and place that a technician need not type: what the device says, and its host where it says nothing. */
export function proposedWords(device: DiscoveredDevice): DeviceWords {
  // What a device says of itself is a proposal: nobody typed it.
  const said = { name: device.name.trim() || device.host, place: device.locationHint.trim() };
  return {
    name: said.name.slice(0, deviceWordLengths.name),
    place: said.place.slice(0, deviceWordLengths.place),
  };
}

/** Body of the request for the chosen devices, with the words that were typed. */
export function devicesToAdd(
  devices: readonly DiscoveredDevice[],
  chosen: ReadonlySet<string>,
  typed: ReadonlyMap<string, DeviceWords>,
): CameraAddRequest['devices'] {
  return devices
    .filter((device) => chosen.has(device.deviceAddress))
    .map((device) => {
      const words = typed.get(device.deviceAddress) ?? proposedWords(device);
      return {
        deviceAddress: device.deviceAddress,
        name: words.name.trim(),
        place: words.place.trim(),
        endpointReference: device.endpointReference.slice(0, 200),
      };
    });
}

const rangePattern = /^\d{1,3}(\.\d{1,3}){3}(\/(2[2-9]|3[0-2]))?(:\d{1,5})?$/;

/** Ranges as typed, by comma, space or line; `wrong` is the first that cannot be one. */
export function parseRanges(text: string): { ranges: string[]; wrong: string | undefined } {
  const ranges = text.split(/[\s,;]+/).filter((part) => part !== '');
  const wrong = ranges.find(
    (range) =>
      !rangePattern.test(range) || (range.split(/[/:]/)[0] ?? '').split('.').some((octet) => Number(octet) > 255),
  );
  return { ranges, wrong };
}
