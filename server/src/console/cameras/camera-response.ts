import type { CameraResponse } from '@choi-canh/shared/cameras';
import { instantFromMs } from '@choi-canh/shared/common';
import { withoutPasswords } from '@choi-canh/shared/rtsp-address';
import type { CameraWithState } from './cameras.repository.js';

/** `unheardSince`: its recorder has not been heard since then, and what is kept of the camera's state is of before. */
export function cameraOnWire(
  { row, retention, now: kept }: CameraWithState,
  unheardSince?: number,
  { passwordUnreadable = false } = {},
): CameraResponse {
  const believed =
    unheardSince === undefined || kept.state === 'unknown' || kept.reason === 'disabled' || row.retiredAt !== null;
  const now = believed
    ? // Nobody can connect to it: the password was sealed with a key that is not here.
      passwordUnreadable
      ? { ...kept, state: 'down' as const, reason: 'password_unreadable' as const }
      : kept
    : { state: 'unknown' as const, reason: 'recorder_silent' as const, detail: '', sinceAt: unheardSince };
  return {
    id: row.id,
    areaId: row.areaId,
    recorderId: row.recorderId,
    name: row.name,
    place: row.place,
    location: row.lat === null || row.lon === null ? null : { lat: row.lat, lon: row.lon },
    ...{ deviceId: row.deviceId, deviceKind: row.kind, sourceToken: withoutPasswords(row.sourceToken) },
    ...{ channelNumber: row.channelNumber, channelName: row.channelName },
    deviceAddress: row.deviceAddress,
    manufacturer: row.manufacturer,
    model: row.model,
    serialNumber: row.serialNumber,
    username: row.username,
    enabled: row.enabled,
    retentionDays: row.retentionDays,
    effectiveRetentionDays: retention.days,
    retentionSource: retention.source,
    retentionAreaId: retention.areaId,
    audio: row.audio,
    main: shown(row.mainStream),
    sub: shown(row.subStream),
    state: now.state,
    reason: now.reason,
    detail: now.detail,
    sinceAt: instantFromMs(now.sinceAt),
    createdAt: instantFromMs(row.createdAt),
    retiredAt: row.retiredAt === null ? null : instantFromMs(row.retiredAt),
  };
}

/** What a camera takes in its address besides the path may be a password. */
function shown<Stream extends { url?: string | undefined }>(stream: Stream | null): Stream | null {
  return stream?.url === undefined ? stream : { ...stream, url: withoutPasswords(stream.url) };
}

const collator = new Intl.Collator('vi', { numeric: true, sensitivity: 'base' });

/** As people count: "Cam 2" before "Cam 10". */
export function byName(one: { name: string; id: string }, other: { name: string; id: string }): number {
  return collator.compare(one.name, other.name) || (one.id < other.id ? -1 : 1);
}
