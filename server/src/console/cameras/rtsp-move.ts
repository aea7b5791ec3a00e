import type { StreamFacts } from '@choi-canh/shared/cameras';
import type { CameraReason } from '@choi-canh/shared/health';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import { rtspUrlSchema } from '@choi-canh/shared/rtsp-address';
import type { AddressRules } from '../../lib/address-rules.js';
import { hostOf } from '../../lib/confirmed-hosts.js';
import { AppError } from '../../lib/errors.js';
import type { CameraRecorder } from './camera-interfaces.js';
import type { CameraRow } from './camera.entity.js';
import { rtspDeviceAddress } from './rtsp-probes.js';

const unreachable: ReadonlySet<CameraReason> = new Set(['host_unreachable', 'connection_refused', 'address_refused']);
const noVideo: ReadonlySet<CameraReason> = new Set(['not_video', 'no_stream', 'no_such_stream', 'no_keyframe']);

/**
 * The address of a device without ONVIF, as it is kept. @throws AppError invalid `bad_device_address`, `address_not_allowed`
 */
export function usableRtspAddress(address: string, rules: AddressRules): string {
  if (!rtspUrlSchema.safeParse(address).success)
    throw new AppError('invalid', 'bad_device_address', 'a camera without ONVIF is reached at an rtsp address');
  rules.checkHost(hostOf(address));
  return rtspDeviceAddress(address);
}

/**
 * What a device without ONVIF is at another address: its cameras with the same paths there. One of them is tried.
 * @throws AppError precondition `wrong_password`, `no_video`; unavailable `unreachable`, `bad_answer`
 */
export async function movedRtspDevice(
  row: CameraRow,
  cameras: readonly CameraRow[],
  given: { deviceAddress: string; username: string; password: string },
  client: Pick<CameraRecorder, 'probeStream'>,
  signal?: AbortSignal,
): Promise<IdentifyResponse> {
  const { deviceAddress, username, password } = given;
  const moved = (stream: StreamFacts): StreamFacts =>
    stream.url === undefined ? stream : { ...stream, url: movedUrl(stream.url, row.deviceAddress, deviceAddress) };
  const main = row.mainStream === null ? undefined : moved(row.mainStream);
  if (main?.url === undefined) throw new AppError('internal', 'internal', 'a camera without the address of its stream');
  const { reason, detail } = await client.probeStream(
    { url: main.url, username, password, plainPassword: true },
    signal,
  );
  if (reason !== 'ok') throw failureOf(reason, detail);
  const channels = cameras.flatMap(({ mainStream, subStream, sourceToken, channelNumber, channelName }) => {
    if (mainStream === null) return [];
    const streams = { main: moved(mainStream), sub: subStream === null ? null : moved(subStream) };
    const profiles = streams.sub === null ? [streams.main] : [streams.main, streams.sub];
    return [{ sourceToken, number: channelNumber, name: channelName, signal: true, ...streams, profiles }];
  });
  const { manufacturer, model, serialNumber, firmwareVersion, kind } = row;
  return {
    ...{ manufacturer, model, serialNumber, firmwareVersion, kind, clockOffsetMs: null, tlsKey: null },
    ...{ main, sub: row.subStream === null ? null : moved(row.subStream), channels },
  };
}

/** What was reached at the port of the device is at its port now; what has a port of its own keeps it. */
function movedUrl(url: string, from: string, to: string): string {
  const own = rtspDeviceAddress(url);
  const isOfDevice = portOf(own) === portOf(rtspDeviceAddress(from));
  const host = hostOf(to);
  const origin = isOfDevice
    ? to.replace(/\/$/, '')
    : `${own.slice(0, own.indexOf('://'))}://${host.includes(':') ? `[${host}]` : host}:${portOf(own)}`;
  return url.replace(/^[a-z]+:\/\/[^/?#]*/i, () => origin);
}

const portOf = (deviceAddress: string): string => /:(\d+)\/$/.exec(deviceAddress)?.[1] ?? '';

function failureOf(reason: CameraReason, detail: string): AppError {
  if (reason === 'account_locked') return new AppError('precondition', 'account_locked', detail);
  if (reason === 'wrong_password') return new AppError('precondition', 'wrong_password', detail);
  if (unreachable.has(reason)) return new AppError('unavailable', 'unreachable', detail);
  if (noVideo.has(reason)) return new AppError('precondition', 'no_video', detail);
  return new AppError('unavailable', reason === 'forbidden' ? 'forbidden' : 'bad_answer', detail);
}
