import { instantFromMs } from '@choi-canh/shared/common';
import type { RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { RecorderAlert, RecorderResponse } from '@choi-canh/shared/recorders';
import type { RecorderRow } from './recorder.entity.js';

interface RecorderNow {
  reachable: boolean;
  silentSince: number | undefined;
  lastSeenAt: number | undefined;
  status: RecorderStatus | undefined;
}

const recording = (camera: { state: string }) => camera.state === 'alive' || camera.state === 'degraded';

/** A recorder as people see it: what it told last, and whether it still answers. */
export function recorderOnWire(
  row: RecorderRow,
  now: RecorderNow | undefined,
  alerts: RecorderAlert[],
  cameras: number,
): RecorderResponse {
  const status = now?.status;
  const lastSeenAt = now?.lastSeenAt ?? row.lastSeenAt;
  const reachable = now?.reachable ?? false;
  const silentSince = now?.silentSince;
  const current = reachable && silentSince === undefined ? (status?.cameras ?? []) : [];
  const pulledBy = (engine: 'native' | 'ffmpeg') =>
    current.filter((camera) => recording(camera) && camera.engine === engine).length;
  return {
    id: row.id,
    name: row.name,
    embedded: row.embedded,
    url: row.embedded ? null : row.url,
    key: row.keyPin,
    reachable,
    silentSince: silentSince === undefined ? null : instantFromMs(silentSince),
    lastSeenAt: lastSeenAt === null ? null : instantFromMs(lastSeenAt),
    cameras,
    recordingCameras: current.filter(recording).length,
    engines: { native: pulledBy('native'), ffmpeg: pulledBy('ffmpeg') },
    freeBytes: status?.freeBytes ?? null,
    totalBytes: status?.totalBytes ?? null,
    footageBytes: status?.footageBytes ?? null,
    oldestAt: status?.oldestAt ?? null,
    version: status?.version ?? null,
    clock: status?.clock ?? null,
    clockNow: status?.now ?? null,
    storage: status?.storage ?? null,
    chain: status?.chain ?? null,
    transcodes: status?.transcodes ?? null,
    networks: status?.networks ?? [],
    scanRanges: row.scanRanges,
    alerts,
  };
}
