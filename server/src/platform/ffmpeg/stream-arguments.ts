// How ffmpeg is told to copy an RTSP stream into fragments. Arguments are data; the address with its password goes
// into a script that ffmpeg reads from stdin, because every user of a machine can read command lines.
import { AppError } from '../../lib/errors.js';

export interface StreamInput {
  /** RTSP address without credentials. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly timeoutMs: number;
  /** The camera has no RTP over TCP. */
  readonly udp?: boolean;
}

/**
 * How a stream is looked through for its first keyframe: before it ffmpeg knows no size, also where the session description
 * holds the parameter sets, and gives up. What begins sooner is not delayed.
 */
export interface StreamLook {
  /** In stream time. */
  readonly lookMs: number;
  /** The first sound beside the first picture is wanted, where there is one. */
  readonly sound?: boolean;
}
const lookBytes = 64_000_000;
/** How long a picture waits for the sound that belongs beside it, where sound is copied too. */
const interleaveMs = 500;

/**
 * Command line of the copy: fragments of about `fragmentMs`, each behind a `prft` with wall time, on stdout. ffmpeg fails
 * when an MP4 cannot hold the sound that is wanted.
 */
export function fragmentArguments({
  fragmentMs,
  lookMs,
  sound = false,
}: StreamLook & { fragmentMs: number }): string[] {
  const streams = sound
    ? ['-map', '0:v:0', '-map', '0:a:0?', '-c', 'copy', '-max_interleave_delta', String(interleaveMs * 1000)]
    : ['-an', '-c:v', 'copy'];
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'warning'],
    ...['-f', 'concat', '-safe', '0', '-protocol_whitelist', 'pipe,rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto'],
    ...['-analyzeduration', String(lookMs * 1000), '-probesize', String(lookBytes)],
    ...['-fpsprobesize', '0', '-i', 'pipe:0', ...streams],
    ...['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof'],
    // In motion JPEG every frame is a keyframe; a fragment of each would be too small.
    ...[
      '-frag_duration',
      String(fragmentMs * 1000),
      '-min_frag_duration',
      String(fragmentMs * 500),
      '-write_prft',
      'wallclock',
      '-flush_packets',
      '1',
      'pipe:1',
    ],
  ];
}

/** A value in single quotes as the concat script reads them: nothing inside is special but the quote itself. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

// encodeURIComponent leaves these, which some RTSP clients and shells of scripts stumble over.
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The address with its credentials, percent-encoded (RFC 3986 3.2.1). @throws AppError invalid bad_stream_address */
export function addressWithCredentials({ url, username, password }: StreamInput): string {
  const match = /^(rtsps?:\/\/)(?:[^/@]*@)?([^/?#@\s]+)([/?#][^\s]*)?$/i.exec(url);
  if (match === null || /\p{Cc}/u.test(url + username + password))
    throw new AppError('invalid', 'bad_stream_address', 'not an RTSP address with plain credentials');
  const credentials = username === '' ? '' : `${encoded(username)}:${encoded(password)}@`;
  return `${match[1]}${credentials}${match[2]}${match[3] ?? ''}`;
}

/**
 * What ffmpeg reads from stdin. TCP is tried first; metadata is not asked for.
 * @throws AppError invalid bad_stream_address
 */
export function concatScript(input: StreamInput, { lookMs }: Pick<StreamLook, 'lookMs'>): string {
  return [
    'ffconcat version 1.0',
    `file ${quoted(addressWithCredentials(input))}`,
    input.udp === true ? 'option rtsp_transport udp' : 'option rtsp_flags prefer_tcp',
    // Of a server that has sound alone ffmpeg would wait for a picture for ever, were that not asked for.
    'option allowed_media_types video+audio',
    `option analyzeduration ${lookMs * 1000}`,
    `option probesize ${lookBytes}`,
    'option fpsprobesize 0',
    `option timeout ${Math.round(input.timeoutMs * 1000)}`,
    '',
  ].join('\n');
}
