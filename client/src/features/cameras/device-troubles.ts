import type { CameraResponse } from '@choi-canh/shared/cameras';

/** A device with several cameras that are all down for one reason: one fact, with its channels inside. */
export interface DeviceTrouble {
  deviceId: string;
  reason: CameraResponse['reason'];
  /** Since when the first of them is. */
  sinceAt: string;
  cameras: readonly CameraResponse[];
}

export function deviceTroubles(cameras: readonly CameraResponse[]): DeviceTrouble[] {
  const byDevice = new Map<string, CameraResponse[]>();
  for (const camera of cameras) byDevice.set(camera.deviceId, [...(byDevice.get(camera.deviceId) ?? []), camera]);
  return [...byDevice].flatMap(([deviceId, own]): DeviceTrouble[] => {
    const recorded = own.filter(({ state }) => state !== 'paused');
    const [first] = recorded;
    const isOneFact = recorded.every(({ state, reason }) => state === 'down' && reason === first?.reason);
    if (first === undefined || recorded.length < 2 || !isOneFact) return [];
    const sinceAt = recorded.map((camera) => camera.sinceAt).sort()[0] ?? first.sinceAt;
    return [{ deviceId, reason: first.reason, sinceAt, cameras: recorded }];
  });
}
