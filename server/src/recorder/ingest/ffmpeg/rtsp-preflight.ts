// ffmpeg answers whatever challenge it gets, in clear too, and takes the password along where a redirect leads. So the
// camera is asked in this process first, without a password: what ffmpeg is given depends on the answer.
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { AddressRules } from '../../../lib/address-rules.js';
import { hostOf, isConfirmedHost } from '../../../lib/confirmed-hosts.js';
import type { StreamTarget } from '../fragment-source.js';
import { IngestFailure, socketFailure } from '../ingest-failure.js';
import { lockedFailureOf } from '../native/locked-failure.js';
import { asksForPlain } from '../native/rtsp-authorization.js';
import { quietMs } from '../native/rtsp-connection.js';
import { isOwn, keyChanged } from '../native/rtsp-socket.js';
import { RtspParser, type RtspResponse } from '../native/rtsp-message.js';

const deadlineMs = 6000;
const defaultPorts: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 };
const redirects = new Set([301, 302, 303, 305, 307, 308]);

interface Answer {
  /** Undefined: nothing that is RTSP. */
  response: RtspResponse | undefined;
  /** The address that the host has. */
  address: string;
}

/** One DESCRIBE without credentials. @throws IngestFailure of the network */
async function ask(
  url: URL,
  text: string,
  rules: AddressRules,
  signal: AbortSignal,
  isOwnKey: StreamTarget['isOwnKey'],
): Promise<Answer> {
  let target: ReturnType<AddressRules['connectOptions']>;
  try {
    target = rules.connectOptions(url.hostname);
  } catch (error) {
    throw socketFailure(error as NodeJS.ErrnoException, false, url.host);
  }
  const port = url.port === '' ? (defaultPorts[url.protocol] ?? 554) : Number(url.port);
  const secure = url.protocol === 'rtsps:';
  return new Promise((resolve, reject) => {
    const socket: Socket = secure
      ? connectTls({ ...target, port, rejectUnauthorized: false })
      : connect({ ...target, port });
    let address = '';
    let silence: NodeJS.Timeout | undefined;
    const end = (response?: RtspResponse, error?: Error) => {
      clearTimeout(timer);
      clearTimeout(silence);
      signal.removeEventListener('abort', onAbort);
      socket.on('error', () => undefined);
      socket.destroy();
      if (error !== undefined) reject(error);
      else resolve({ response, address });
    };
    const onAbort = () => end(undefined, new IngestFailure('no_stream', 'stopped'));
    const timer = setTimeout(
      () =>
        address === ''
          ? end(
              undefined,
              new IngestFailure('host_unreachable', `no answer to a TCP connection (${target.host}:${port})`),
            )
          : end(undefined),
      deadlineMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const parser = new RtspParser({
      onResponse: (response) => end(response),
      onRequest: () => undefined,
      onInterleaved: () => undefined,
      onReadEnd: () => undefined,
    });
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      address = socket.remoteAddress ?? '';
      if (secure && !isOwn(socket as TLSSocket, { isOwnKey }))
        return end(undefined, keyChanged(`${target.host}:${port}`));
      socket.write(`DESCRIBE ${text} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: choi-canh\r\nAccept: application/sdp\r\n\r\n`);
    });
    const read = (work: () => void) => {
      try {
        work();
      } catch {
        end(undefined);
      }
    };
    socket.on('data', (chunk) => {
      clearTimeout(silence);
      read(() => parser.push(chunk));
      if (parser.isWaiting) silence = setTimeout(() => read(() => parser.flush()), quietMs);
    });
    socket.on('error', (error) =>
      address === '' ? end(undefined, socketFailure(error, false, `${target.host}:${port}`)) : end(undefined),
    );
    socket.on('close', () => end(undefined));
  });
}

/**
 * The target as ffmpeg may have it: names resolved, without a password where it must not go.
 * @throws IngestFailure password_withheld, address_refused, and of the network
 */
export async function checkedTarget(
  target: StreamTarget,
  rules: AddressRules,
  signal: AbortSignal,
): Promise<StreamTarget> {
  const text = target.url.replace(/^(rtsps?:\/\/)[^/@?#]*@/i, '$1');
  const url = new URL(text);
  const { response, address } = await ask(url, text, rules, signal, target.isOwnKey);
  const locked = response === undefined ? undefined : lockedFailureOf(response);
  if (locked !== undefined) throw locked;
  const resolved =
    isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 || address === ''
      ? text
      : text.replace(url.hostname, isIP(address) === 6 ? `[${address}]` : address);
  const anonymous = { ...target, url: resolved, username: '', password: '' };
  if (target.username === '') return anonymous;
  const confirmed = target.confirmedHosts ?? [hostOf(target.url)];
  const location = response?.headers.get('location')?.[0];
  const leadsTo =
    response !== undefined && redirects.has(response.status) && location !== undefined && URL.canParse(location, text)
      ? hostOf(new URL(location, text).href)
      : undefined;
  if (leadsTo !== undefined) checkRedirect(rules, leadsTo);
  if (
    !isConfirmedHost(confirmed, hostOf(target.url)) ||
    (leadsTo !== undefined && !isConfirmedHost(confirmed, leadsTo))
  )
    return anonymous;
  // This engine cannot be kept from answering in clear: a host that was only recognised gets nothing from it.
  if (target.plainPassword === false)
    throw new IngestFailure(
      'password_withheld',
      'this stream needs ffmpeg, which may send the password in clear; nobody typed it for this address',
    );
  if (target.tookDigest?.() !== true) return { ...target, url: resolved };
  const challenges = response?.headers.get('www-authenticate') ?? [];
  if (response?.status !== 401) return anonymous;
  if (asksForPlain(challenges))
    throw new IngestFailure('password_withheld', 'the camera asks for the password in clear (Basic) only');
  return { ...target, url: resolved };
}

function checkRedirect(rules: AddressRules, host: string): void {
  try {
    rules.checkHost(host);
  } catch (error) {
    throw socketFailure(error as NodeJS.ErrnoException, false, host);
  }
}
