// What ffmpeg's last words say about the camera.
import { IngestFailure, type IngestReason } from '../ingest-failure.js';

const patterns: readonly [RegExp, IngestReason, string][] = [
  [/401 Unauthorized|authorization failed/i, 'wrong_password', 'the camera refuses the password'],
  [/method \w+ failed: 403|403 Forbidden/i, 'forbidden', 'the camera forbids its stream (403)'],
  [/method \w+ failed: (?:453|503)/i, 'camera_busy', 'the camera has no bandwidth or receivers left (453, 503)'],
  [
    /Protocol not supported|Nonmatching transport/i,
    'unsupported_transport',
    'the camera sends RTP in no way that ffmpeg takes',
  ],
  [/Connection refused/i, 'connection_refused', 'the RTSP port is closed'],
  [
    /No route to host|Network is unreachable|Connection timed out|Failed to resolve|Name or service|Host is down/i,
    'host_unreachable',
    'no connection to the camera',
  ],
  [/method \w+ failed: 454|Session Not Found/i, 'stream_ended', 'the camera forgot the session (454)'],
  [/method \w+ failed: 4(?:04|10)|404 Not Found|Stream Not Found/i, 'no_such_stream', 'the camera has no such stream'],
  [/method \w+ failed: [45]\d\d/i, 'stream_refused', 'the camera refuses the request'],
  [
    // A video codec was announced, and no picture came.
    /Could not find codec parameters for stream \d+ \(Video: (?!none)/i,
    'no_stream',
    'the stream ended before a frame came',
  ],
  [
    /matches no streams|does not contain any stream|Could not find tag for codec|Could not find codec parameters/i,
    'not_video',
    'no video in the stream that can be recorded',
  ],
  [/Invalid data found|Server returned|method .* failed/i, 'bad_answer', 'the camera gave an answer that is no stream'],
  [/Broken pipe|Unrecognized option|Option .* not found|Unknown/i, 'engine_failed', 'ffmpeg failed'],
];

/** One transport was refused, and ffmpeg went on to the next: what ended it is said after that. */
const transportRefused = /^.*method SETUP failed: 461.*$/gim;

/** As ffmpeg names what an MP4 of it cannot hold, and as RTP does. */
const soundNames: Readonly<Record<string, string>> = {
  ...{ pcm_alaw: 'PCMA', pcm_mulaw: 'PCMU', adpcm_g726: 'G726-32', adpcm_g726le: 'G726-32', pcm_s16be: 'L16' },
  ...{ adpcm_g722: 'G722', aac_latm: 'MP4A-LATM', opus: 'OPUS' },
};

/** Encoding of the sound that ffmpeg could not copy, as RTP names it; undefined where it does not say. */
export function refusedSound(stderr: string): string | undefined {
  const codec = /Could not find tag for codec (\w+) in stream #1/i.exec(stderr)?.[1]?.toLowerCase();
  return codec === undefined ? undefined : (soundNames[codec] ?? codec.toUpperCase());
}

/** Why a child ended that was not told to. `framesCame`: the stream had begun. */
export function stderrFailure(stderr: string, framesCame: boolean): IngestFailure {
  const said = stderr.replaceAll(transportRefused, '');
  const found = patterns.find(([pattern]) => pattern.test(said));
  const words = said.trim().split('\n').at(-1)?.slice(0, 160) ?? '';
  if (framesCame) return new IngestFailure('stream_ended', words || 'the camera ended the stream');
  if (found !== undefined) return new IngestFailure(found[1], found[2]);
  return words === ''
    ? new IngestFailure('no_stream', 'the stream ended before a frame came')
    : new IngestFailure('engine_failed', words);
}
