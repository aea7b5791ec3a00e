// The media of an RTSP session: what RFC 8866 (SDP), RFC 2326 appendix C, RFC 6184 8.2, RFC 7798 7 and RFC 3640 4 say
// about them. The lines are read by sdp-transform, which is given only those that matter, bounded.
import { parse, type MediaDescription } from 'sdp-transform';
import { IngestFailure } from '../ingest-failure.js';
import { startCodeBytes } from './start-codes.js';
import type { VideoCodec } from './video-codec.js';

export interface VideoMedia {
  readonly codec: VideoCodec;
  readonly payloadType: number;
  /** Ticks a second of the RTP timestamps. */
  readonly clockRate: number;
  /** `a=control` as it stands; empty when there is none. */
  readonly control: string;
  /** Parameter sets that are known before the first frame; may be empty. */
  readonly parameterSets: Buffer[];
  /** Each NAL unit has its decoding order number before it (RFC 7798 7.1, sprop-max-don-diff). */
  readonly hasOrderNumbers?: boolean;
  /** Payload types of the other media and formats. */
  readonly otherTypes?: readonly number[];
}

/** AAC in the transport of RFC 3640, or G.711 (RFC 3551 4.5.14). */
export interface AudioMedia {
  /** As RTP names it, upper case. */
  readonly encoding: string;
  readonly payloadType: number;
  readonly clockRate: number;
  readonly channels: number;
  readonly control: string;
  /** Parameters of `a=fmtp`, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

export interface SessionMedia {
  readonly video: VideoMedia;
  readonly audio: AudioMedia | undefined;
  /** Encoding of `audio`, else of the first sound that it offers, whatever that is; upper case. */
  readonly sound?: string | undefined;
  /** `a=control` of the session; empty when there is none. */
  readonly control: string;
}

const maxLines = 512;
const maxLineLength = 8192;
const maxMedia = 32;
const maxParameterSetBytes = 4096;
const relevant = /^(?:v=|m=|a=(?:rtpmap|fmtp|control):)/;
/** Some cameras write a blank behind the colon, or before a line. */
const blanks = /^\s*(a=(?:rtpmap|fmtp|control):)\s*/;
/** RFC 3551 6: payload types that need no rtpmap. */
const staticEncodings: Readonly<Record<number, string>> = {
  ...{ 0: 'PCMU', 2: 'G726-32', 5: 'DVI4', 8: 'PCMA', 9: 'G722', 10: 'L16', 11: 'L16', 14: 'MPA' },
  ...{ 26: 'JPEG', 31: 'H261', 32: 'MPV', 33: 'MP2T', 34: 'H263' },
};
const nativeCodecs: Readonly<Record<string, VideoCodec>> = { H264: 'h264', H265: 'h265', HEVC: 'h265' };
/** What the other engine keeps as it came. */
const otherCodecs: Readonly<Record<string, 'mjpeg' | 'mpeg4'>> = {
  JPEG: 'mjpeg',
  MJPEG: 'mjpeg',
  'MP4V-ES': 'mpeg4',
  'MPEG4-VIDEO': 'mpeg4',
};
const assumedClockRate = 90_000;
/** RFC 3551 6: of the payload types above, where it is another. */
const staticClockRates: Readonly<Record<number, number>> = {
  ...{ 0: 8000, 2: 8000, 5: 8000, 8: 8000, 9: 8000, 10: 44_100, 11: 44_100 },
};
/** Recorded sound in order of preference. */
const recordedSounds = ['MPEG4-GENERIC', 'PCMA', 'PCMU'];

interface Format {
  readonly encoding: string;
  readonly payloadType: number;
  readonly clockRate: number;
  readonly channels: number;
}

/** The formats of one media in the order of its m= line. */
function formatsOf(media: MediaDescription): Format[] {
  const types = String(media.payloads ?? '')
    .split(' ')
    .filter((one) => /^\d{1,3}$/.test(one))
    .map(Number);
  return types.map((payloadType) => {
    // Where there is just one of each the map is meant for it, whatever number it names.
    const only = types.length === 1 && media.rtp.length === 1 ? media.rtp[0] : undefined;
    const map = media.rtp.find(({ payload }) => payload === payloadType) ?? only;
    const rate = Number(map?.rate);
    return {
      encoding: String(map?.codec ?? staticEncodings[payloadType] ?? guessed(media) ?? payloadType).toUpperCase(),
      payloadType,
      clockRate: Number.isInteger(rate) && rate > 0 ? rate : (staticClockRates[payloadType] ?? assumedClockRate),
      channels: Number(map?.encoding ?? 1) || 1,
    };
  });
}

/** A format that no rtpmap names, by the parameters that only one codec has (RFC 6184 8.1, RFC 7798 7.1). */
function guessed(media: MediaDescription): string | undefined {
  if (media.rtp.length > 0) return undefined;
  const config = media.fmtp.map((one) => String(one.config)).join(';');
  if (/sprop-(?:vps|sps|pps)\s*=/i.test(config)) return 'H265';
  return /(?:packetization-mode|sprop-parameter-sets|profile-level-id)\s*=/i.test(config) ? 'H264' : undefined;
}

function parametersOf(media: MediaDescription, payloadType: number): Map<string, string> {
  const only = media.fmtp.length === 1 ? media.fmtp[0] : undefined;
  const config = String((media.fmtp.find(({ payload }) => payload === payloadType) ?? only)?.config ?? '');
  const found = new Map<string, string>();
  for (const part of config.split(';')) {
    const at = part.indexOf('=');
    if (at > 0) found.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  return found;
}

function parameterSets(parameters: ReadonlyMap<string, string>): Buffer[] {
  return ['sprop-parameter-sets', 'sprop-vps', 'sprop-sps', 'sprop-pps'].flatMap((name) =>
    (parameters.get(name) ?? '')
      .split(',')
      .slice(0, 16)
      .map((part) => Buffer.from(part, 'base64'))
      .map((nal) => nal.subarray(startCodeBytes(nal, 0, nal.length)))
      .filter((nal) => nal.length > 3 && nal.length <= maxParameterSetBytes),
  );
}

const controlOf = (described: object): string => {
  const { control } = described as { control?: unknown };
  return control === undefined ? '' : String(control).trim();
};

function readLines(sdp: string) {
  const lines = sdp
    .split(/\r\n|\r|\n/, maxLines * 4)
    .map((line) => (line.length <= maxLineLength ? line.trimStart().replace(blanks, '$1') : line))
    .filter((line) => relevant.test(line) && line.length <= maxLineLength)
    // "port/number of ports" is a form that the parser does not know.
    .map((line) => line.replace(/^(m=\w+ \d+)\/\d+/, '$1').trimEnd());
  const begins = lines.some((line) => /^v=0\s*$/.test(line));
  // Some cameras leave the session out and begin with the first media.
  if (!begins && !lines.some((line) => /^m=\w+ \d+ RTP\//i.test(line)))
    throw new IngestFailure('bad_answer', 'the answer to DESCRIBE is no SDP');
  return parse([...(begins ? [] : ['v=0']), ...lines.slice(0, maxLines)].join('\r\n'));
}

/** RFC 6184 6.4: units of interleaved mode are not in the order of decoding. */
function checkOrder(codec: VideoCodec, parameters: ReadonlyMap<string, string>): void {
  if (codec === 'h264' && parameters.get('packetization-mode') === '2')
    throw new IngestFailure(
      'not_video',
      'the camera sends its pictures interleaved (packetization-mode 2), which is not supported',
    );
}

/** Less is better. */
function preferenceOf(encoding: string): number {
  const at = recordedSounds.indexOf(encoding);
  return at < 0 ? recordedSounds.length : at;
}

/**
 * The first video that can be recorded, and sound beside it: AAC where there is any, else G.711.
 * @throws IngestFailure not_video (with `other` when the other engine can keep what there is), bad_answer for no SDP
 */
export function findMedia(sdp: string): SessionMedia {
  const described = readLines(sdp);
  const seen: string[] = [];
  const types: number[] = [];
  let video: VideoMedia | undefined;
  let audio: AudioMedia | undefined;
  let sound: string | undefined;
  let other: 'mjpeg' | 'mpeg4' | undefined;
  for (const media of described.media.slice(0, maxMedia)) {
    for (const { encoding, payloadType, clockRate, channels } of formatsOf(media)) {
      seen.push(`${media.type} ${encoding}`);
      types.push(payloadType);
      const parameters = parametersOf(media, payloadType);
      const common = { payloadType, clockRate, control: controlOf(media) };
      const codec = nativeCodecs[encoding];
      if (media.type === 'video' && codec !== undefined && video === undefined) {
        checkOrder(codec, parameters);
        const hasOrderNumbers = codec === 'h265' && Number(parameters.get('sprop-max-don-diff') ?? 0) > 0;
        video = { ...common, codec, parameterSets: parameterSets(parameters), hasOrderNumbers };
      }
      if (media.type === 'video') other ??= otherCodecs[encoding];
      if (media.type === 'audio') sound ??= encoding;
      if (media.type === 'audio' && preferenceOf(encoding) < preferenceOf(audio?.encoding ?? ''))
        audio = { ...common, encoding, channels, parameters };
    }
  }
  if (video !== undefined) {
    const { payloadType } = video;
    const otherTypes = types.filter((one) => one !== payloadType);
    return { video: { ...video, otherTypes }, audio, sound: audio?.encoding ?? sound, control: controlOf(described) };
  }
  const detail = `no H.264 or H.265 video in the stream (${seen.join(', ').slice(0, 120) || 'empty'})`;
  throw new IngestFailure('not_video', detail, other === undefined ? undefined : { because: 'codec', codec: other });
}
