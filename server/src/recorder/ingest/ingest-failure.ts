// Why a stream could not be had or was lost: a fact about a camera, in the words of shared/src/health.ts.
import type { CameraReason } from '@choi-canh/shared/health';

export type IngestReason = Extract<
  CameraReason,
  | 'host_unreachable'
  | 'connection_refused'
  | 'wrong_password'
  | 'password_withheld'
  | 'address_refused'
  | 'no_stream'
  | 'stream_stalled'
  | 'stream_ended'
  | 'not_video'
  | 'bad_answer'
  | 'engine_failed'
  | 'no_keyframe'
>;

/** What this engine cannot do and the other one may: a codec, RTP over UDP, RTSP over TLS, pictures refreshed bit by bit. */
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
  ) {
    super(`${reason}: ${detail}`);
    this.name = 'IngestFailure';
  }
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

/** What an error of a socket says about the camera. `played`: it had begun to send the stream. */
export function socketFailure(error: NodeJS.ErrnoException, played: boolean): IngestFailure {
  const code = error.code ?? error.message;
  if (code === 'address_not_allowed') return new IngestFailure('address_refused', error.message);
  if (code === 'ECONNREFUSED') return new IngestFailure('connection_refused', 'the RTSP port is closed');
  if (unreachable.has(code)) return new IngestFailure('host_unreachable', `no connection to the camera (${code})`);
  return new IngestFailure(played ? 'stream_ended' : 'no_stream', `the connection broke (${code})`);
}
