// The media of an RTSP session: what RFC 8866 (SDP), RFC 2326 appendix C, RFC 6184 8.2, RFC 7798 7 and RFC 3640 4 say
// about them. The lines are read by sdp-transform, which is given only those that matter, bounded.
import { parse, type MediaDescription } from 'sdp-transform';
import { IngestFailure } from '../ingest-failure.js';
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
}

/** AAC in the transport of RFC 3640. */
export interface AudioMedia {
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
  /** `a=control` of the session; empty when there is none. */
  readonly control: string;
}

const maxLines = 512;
const maxLineLength = 8192;
const maxMedia = 32;
const maxParameterSetBytes = 4096;
const relevant = /^(?:v=|m=|a=(?:rtpmap|fmtp|control):)/;
/** RFC 3551 6: payload types that need no rtpmap. */
const staticEncodings: Readonly<Record<number, string>> = { 26: 'JPEG', 31: 'H261', 32: 'MPV', 33: 'MP2T', 34: 'H263' };
const nativeCodecs: Readonly<Record<string, VideoCodec>> = { H264: 'h264', H265: 'h265', HEVC: 'h265' };
/** What the other engine keeps as it came. */
const otherCodecs: Readonly<Record<string, 'mjpeg' | 'mpeg4'>> = {
  JPEG: 'mjpeg',
  MJPEG: 'mjpeg',
  'MP4V-ES': 'mpeg4',
  'MPEG4-VIDEO': 'mpeg4',
};
const assumedClockRate = 90_000;

interface Format {
  readonly encoding: string;
  readonly payloadType: number;
  readonly clockRate: number;
  readonly channels: number;
}

/** The formats of one media in the order of its m= line. */
function formatsOf(media: MediaDescription): Format[] {
  return String(media.payloads ?? '')
    .split(' ')
    .filter((one) => /^\d{1,3}$/.test(one))
    .map(Number)
    .map((payloadType) => {
      const map = media.rtp.find(({ payload }) => payload === payloadType);
      const rate = Number(map?.rate);
      return {
        encoding: String(map?.codec ?? staticEncodings[payloadType] ?? payloadType).toUpperCase(),
        payloadType,
        clockRate: Number.isInteger(rate) && rate > 0 ? rate : assumedClockRate,
        channels: Number(map?.encoding ?? 1) || 1,
      };
    });
}

function parametersOf(media: MediaDescription, payloadType: number): Map<string, string> {
  const config = String(media.fmtp.find(({ payload }) => payload === payloadType)?.config ?? '');
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
      // Some cameras put Annex B start codes before them.
      .map((nal) => (nal.length > 4 && nal.readUInt32BE(0) === 1 ? nal.subarray(4) : nal))
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
    .filter((line) => relevant.test(line) && line.length <= maxLineLength)
    // "port/number of ports" is a form that the parser does not know.
    .map((line) => line.replace(/^(m=\w+ \d+)\/\d+/, '$1').trimEnd());
  if (!lines.some((line) => /^v=0\s*$/.test(line)))
    throw new IngestFailure('bad_answer', 'the answer to DESCRIBE is no SDP');
  return parse(lines.slice(0, maxLines).join('\r\n'));
}

/**
 * The first video that can be recorded, and AAC beside it.
 * @throws IngestFailure not_video (`unsupported` when the other engine can keep what there is), bad_answer for no SDP
 */
export function findMedia(sdp: string): SessionMedia {
  const described = readLines(sdp);
  const seen: string[] = [];
  let video: VideoMedia | undefined;
  let audio: AudioMedia | undefined;
  let other: 'mjpeg' | 'mpeg4' | undefined;
  for (const media of described.media.slice(0, maxMedia)) {
    for (const { encoding, payloadType, clockRate, channels } of formatsOf(media)) {
      seen.push(`${media.type} ${encoding}`);
      const parameters = parametersOf(media, payloadType);
      const common = { payloadType, clockRate, control: controlOf(media) };
      const codec = nativeCodecs[encoding];
      if (media.type === 'video' && codec !== undefined)
        video ??= { ...common, codec, parameterSets: parameterSets(parameters) };
      if (media.type === 'video') other ??= otherCodecs[encoding];
      if (media.type === 'audio' && encoding === 'MPEG4-GENERIC') audio ??= { ...common, channels, parameters };
    }
  }
  if (video !== undefined) return { video, audio, control: controlOf(described) };
  const detail = `no H.264 or H.265 video in the stream (${seen.join(', ').slice(0, 120) || 'empty'})`;
  throw new IngestFailure('not_video', detail, other === undefined ? undefined : { because: 'codec', codec: other });
}
