import type { StreamProbeRequest, StreamProbeResponse } from '@choi-canh/shared/recorder-api';
import { withoutPasswords } from '@choi-canh/shared/rtsp-address';
import { urlsOf, type RtspDevice, type RtspProbeRequest, type RtspProbeResponse } from '@choi-canh/shared/rtsp-cameras';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { hostOf } from '../../lib/confirmed-hosts.js';
import { isAppError } from '../../lib/errors.js';
import type { AttemptBudget } from './attempt-budget.js';
import type { CameraRecorder, CameraRecorders } from './camera-interfaces.js';
import { hiddenDevice } from './hidden-accounts.js';

export interface RtspProbesDeps {
  recorders: CameraRecorders;
  audit: AuditWriter;
  addressRules: AddressRules;
  budget: AttemptBudget;
  clock: Clock;
}

const turnMs = 500;
/** Eight tries of two slow engines are over several times. */
const longestTurnMs = 5 * 60_000;

/** The host itself said no, or cannot be had: other addresses of the same host are no better. */
const ofTheHost: ReadonlySet<string> = new Set([
  ...['wrong_password', 'account_locked', 'password_withheld', 'forbidden', 'camera_busy', 'connection_refused'],
  ...['host_unreachable', 'address_refused', 'tls_key_changed', 'engine_missing'],
]);

/** The address by which a device without ONVIF is known: scheme, host and port of its streams. */
export function rtspDeviceAddress(url: string): string {
  const [, scheme = 'rtsp', authority = ''] = /^(rtsps?):\/\/([^/?#]*)/i.exec(url) ?? [];
  const port = /:(\d{1,5})$/.exec(authority)?.[1] ?? (scheme.toLowerCase() === 'rtsps' ? '322' : '554');
  const host = hostOf(url);
  return `${scheme.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

export const otherPasswordDetail = 'the address holds another password than the one that was given; not tried';

/**
 * An address that holds another password than the one that was typed is not tried: it could not be kept without it.
 * What of the address may be a password is not shown.
 */
export function otherPassword(device: RtspDevice): RtspProbeResponse {
  const [{ mainUrl, subUrl } = { mainUrl: '', subUrl: null }] = urlsOf(device);
  const facts = { codec: null, width: null, height: null, frameRate: null, bitrateKbps: null, sound: null };
  return {
    mainUrl: withoutPasswords(mainUrl),
    subUrl: subUrl === null ? null : withoutPasswords(subUrl),
    main: {
      ...{ reason: 'wrong_password', engine: 'native', ...facts },
      detail: otherPasswordDetail,
    },
    sub: null,
  };
}

/** Has recorders try cameras without ONVIF. A typed password goes to the typed host alone. */
export class RtspProbes {
  readonly #deps: RtspProbesDeps;

  constructor(deps: RtspProbesDeps) {
    this.#deps = deps;
  }

  /**
   * A person tries one; what fails is on record.
   * @throws AppError invalid `address_not_allowed`; too_many; not_found `recorder_not_found`; unavailable
   */
  async try(actor: Actor, request: RtspProbeRequest, signal?: AbortSignal): Promise<RtspProbeResponse> {
    const { recorders, audit, budget } = this.#deps;
    const { recorderId, device, username, password } = request;
    this.check(device);
    const client = recorders.clientOf(recorderId);
    budget.take(actor.accountId, 'typed', 1);
    const hidden = hiddenDevice(device, { username, password });
    const tried = hidden.hasOtherPassword
      ? otherPassword(device)
      : await this.probe(client, hidden.device, { username, password }, signal);
    if (tried.main.reason !== 'ok')
      await audit.record(actor, {
        ...{ action: 'camera.add_failed', subjectType: 'recorder', subjectId: recorderId, subjectName: '' },
        areaId: actor.scope.areaId,
        details: { deviceAddress: rtspDeviceAddress(tried.mainUrl), outcome: tried.main.reason },
      });
    return tried;
  }

  /** @throws AppError invalid `address_not_allowed` */
  check(device: RtspDevice): void {
    for (const { mainUrl, subUrl } of urlsOf(device)) {
      this.#deps.addressRules.checkHost(hostOf(mainUrl));
      if (subUrl !== null) this.#deps.addressRules.checkHost(hostOf(subUrl));
    }
  }

  /** Tries the addresses of the device in their order until one gives a picture. */
  async probe(
    client: CameraRecorder,
    device: RtspDevice,
    account: { username: string; password: string },
    signal?: AbortSignal,
  ): Promise<RtspProbeResponse> {
    let first: RtspProbeResponse | undefined;
    for (const { mainUrl, subUrl } of urlsOf(device)) {
      const main = await this.#inTurn(client, { url: mainUrl, ...account, plainPassword: true }, signal);
      if (main.reason === 'ok')
        return { mainUrl, subUrl, main, sub: await this.#sub(client, mainUrl, subUrl, account, signal) };
      first ??= { mainUrl, subUrl, main, sub: null };
      if (ofTheHost.has(main.reason)) break;
    }
    if (first === undefined) throw new Error('a device without addresses');
    return first;
  }

  /** A sub-stream elsewhere gets no password: it was typed for the host of the main stream. */
  async #sub(
    client: CameraRecorder,
    mainUrl: string,
    subUrl: string | null,
    account: { username: string; password: string },
    signal?: AbortSignal,
  ): Promise<StreamProbeResponse | null> {
    if (subUrl === null || hostOf(subUrl) !== hostOf(mainUrl)) return null;
    return this.#inTurn(client, { url: subUrl, ...account, plainPassword: true }, signal);
  }

  /** A recorder tries eight streams at once, of all imports and persons: the others wait. */
  async #inTurn(
    client: CameraRecorder,
    stream: StreamProbeRequest,
    signal: AbortSignal | undefined,
  ): Promise<StreamProbeResponse> {
    const { clock } = this.#deps;
    const giveUpAt = clock.monotonicMs() + longestTurnMs;
    for (;;) {
      try {
        return await client.probeStream(stream, signal);
      } catch (error) {
        const isBusy = isAppError(error) && error.code === 'too_many_probes';
        if (!isBusy || clock.monotonicMs() >= giveUpAt) throw error;
        await clock.sleep(turnMs, signal);
      }
    }
  }
}
