/** What tells devices from each other, as far as they say it; empty: they do not. */
export interface DeviceIdentity {
  /** WS-Addressing endpoint reference. */
  endpointReference: string;
  manufacturer: string;
  model: string;
  serialNumber: string;
  deviceAddress: string;
}
type Identity = Omit<DeviceIdentity, 'deviceAddress'>;

/**
 * Whether nothing that two devices say of themselves contradicts that they are one: the reference decides where both have
 * one, then the serial number, then the make.
 */
export function isSameDevice(one: Identity, other: Identity): boolean {
  if (one.endpointReference !== '' && other.endpointReference !== '') {
    return one.endpointReference === other.endpointReference;
  }
  if (one.manufacturer !== other.manufacturer || one.model !== other.model) return false;
  return one.serialNumber === '' || other.serialNumber === '' || one.serialNumber === other.serialNumber;
}

/**
 * The camera out of use that a device was, among those of its area. `all`: every camera that the recorder has or had. By
 * reference; by a serial number that only one of their devices has, for some makers give the same to every device; else by its
 * address, where it says nothing that contradicts it. The newest first.
 */
export function formerCamera<C extends DeviceIdentity & { deviceId: string; areaId: string; retiredAt: number | null }>(
  device: DeviceIdentity,
  all: readonly C[],
  areaId: string,
): C | undefined {
  const candidates = all
    .filter((camera) => camera.retiredAt !== null && camera.areaId === areaId && isSameDevice(camera, device))
    .sort((one, other) => (other.retiredAt ?? 0) - (one.retiredAt ?? 0));
  const { endpointReference, serialNumber } = device;
  const bySerial = all.filter((camera) => serialNumber !== '' && camera.serialNumber === serialNumber);
  const isOne = new Set(bySerial.map(({ deviceId }) => deviceId)).size === 1;
  return (
    candidates.find((camera) => endpointReference !== '' && camera.endpointReference === endpointReference) ??
    candidates.find((camera) => isOne && bySerial.includes(camera)) ??
    candidates.find((camera) => camera.deviceAddress === device.deviceAddress)
  );
}

/**
 * The device in use that one is: by address; by reference, unless devices at several addresses answered with it at the same
 * time (`isShared`: cheap cameras share one), then by a serial number that only one of them has. Addresses are given to
 * others in time, so one of another reference is another device.
 */
export function knownDevice<
  C extends { deviceId: string; deviceAddress: string; endpointReference: string; serialNumber: string },
>(
  device: Pick<DeviceIdentity, 'deviceAddress' | 'endpointReference' | 'serialNumber'>,
  cameras: readonly C[],
  isShared: boolean,
): C | undefined {
  const { endpointReference, serialNumber } = device;
  const there = cameras.find(({ deviceAddress }) => deviceAddress === device.deviceAddress);
  if (there !== undefined) return there;
  const alike = cameras.filter((camera) => endpointReference !== '' && camera.endpointReference === endpointReference);
  if (!isShared) return alike[0];
  const bySerial = alike.filter((camera) => serialNumber !== '' && camera.serialNumber === serialNumber);
  return new Set(bySerial.map(({ deviceId }) => deviceId)).size === 1 ? bySerial[0] : undefined;
}
