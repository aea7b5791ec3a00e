// Why a stream could not be had or was lost: a fact about a camera, in the words of shared/src/health.ts.
import type { CameraReason } from '@choi-canh/shared/health';
import { accountLockMs } from '../../lib/account-lock.js';

export type IngestReason = Extract<
  CameraReason,
  | 'host_unreachable'
  | 'connection_refused'
  | 'wrong_password'
  | 'account_locked'
  | 'password_withheld'
  | 'address_refused'
  | 'tls_key_changed'
  | 'tls_unusable'
  | 'forbidden'
  | 'no_such_stream'
  | 'camera_busy'
  | 'unsupported_transport'
  | 'stream_refused'
  | 'no_stream'
  | 'stream_stalled'
  | 'stream_ended'
  | 'not_video'
  | 'bad_answer'
  | 'engine_missing'
  | 'engine_failed'
  | 'no_keyframe'
>;

/** What this engine cannot do and the other one may: a codec, RTP over UDP, TLS of its kind, pictures refreshed bit by bit. */
export type OtherEngine =
  | { readonly because: 'codec'; readonly codec: 'mjpeg' | 'mpeg4' }
  /** The camera said that it has no RTP over TCP. */
  | { readonly because: 'transport' }
  /** It refused to set up the stream over TCP without saying why. */
  | { readonly because: 'refused' }
  | { readonly because: 'tls' }
  /** No keyframe comes; the other one also begins where a picture has been refreshed piece by piece. */
  | { readonly because: 'no_keyframe' };

export class IngestFailure extends Error {
  /** `detail` is shown to technicians: English, short, free of credentials. */
  constructor(
    readonly reason: IngestReason,
    readonly detail: string,
    /** The other engine may manage: this one cannot do what the camera asks for. */
    readonly other?: OtherEngine,
    /** Of a locked account: how long it stays so, ms. */
    readonly lockMs?: number,
  ) {
    super(`${reason}: ${detail}`);
    this.name = 'IngestFailure';
  }
}

/** What a refusal says (RFC 2326 7.1.1, 11). `status`: 300 or more, not 401, which is about the password. */
export function refusal(method: string, status: number): IngestFailure {
  const answer = `${method} ${status}`;
  if (status === 403) return new IngestFailure('forbidden', `the camera forbids its stream (${answer})`);
  if (status === 404 || status === 410)
    return new IngestFailure('no_such_stream', `the camera has no such stream (${answer})`);
  if (status === 453 || status === 503)
    return new IngestFailure('camera_busy', `the camera has no bandwidth or receivers left (${answer})`);
  if (status === 454) return new IngestFailure('stream_ended', `the camera forgot the session (${answer})`);
  if (status === 461)
    return new IngestFailure('unsupported_transport', 'the camera sends no RTP over TCP', { because: 'transport' });
  if (status === 400 && method === 'SETUP')
    return new IngestFailure('stream_refused', `the camera refuses RTP over TCP (${answer})`, { because: 'refused' });
  if (status >= 400) return new IngestFailure('stream_refused', `the camera refuses the request (${answer})`);
  return new IngestFailure('bad_answer', `${method} was answered with ${status}`);
}

/** A refusal that says that the account is locked; undefined: it does not. `text`: what there is of the answer in words. */
export function lockedFailure(text: string): IngestFailure | undefined {
  const lockMs = accountLockMs(text);
  if (lockMs === undefined) return undefined;
  const minutes = Math.ceil(lockMs / 60_000);
  return new IngestFailure(
    'account_locked',
    `the camera keeps the account locked; tried again in ${minutes} minutes`,
    undefined,
    lockMs,
  );
}

const unreachable = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETDOWN',
]);

/** What an error of a socket says about the camera at `where`, host and port. `played`: it had begun to send the stream. */
export function socketFailure(error: NodeJS.ErrnoException, played: boolean, where: string): IngestFailure {
  const code = error.code ?? error.message;
  if (code === 'address_not_allowed') return new IngestFailure('address_refused', error.message);
  if (code === 'ECONNREFUSED') return new IngestFailure('connection_refused', `the RTSP port is closed (${where})`);
  if (unreachable.has(code)) return new IngestFailure('host_unreachable', `no connection to ${where} (${code})`);
  return new IngestFailure(played ? 'stream_ended' : 'no_stream', `the connection to ${where} broke (${code})`);
}
