// The video of an RTSP session: what RFC 8866 (SDP), RFC 6184 8.2 and RFC 7798 7 say about it.
import { IngestFailure } from '../ingest-failure.js';
import type { VideoCodec } from './video-codec.js';

export interface VideoMedia {
  readonly codec: VideoCodec;
  readonly payloadType: number;
  /** Address for SETUP. */
  readonly control: string;
  /** Parameter sets that are known before the first frame; may be empty. */
  readonly parameterSets: Buffer[];
}

function resolveControl(base: string, control: string): string {
  if (control === '' || control === '*') return base;
  if (/^[a-z]+:\/\//i.test(control)) return control;
  return `${base}${base.endsWith('/') ? '' : '/'}${control}`;
}

function parameterSets(format: string): Buffer[] {
  return ['sprop-parameter-sets', 'sprop-vps', 'sprop-sps', 'sprop-pps'].flatMap((name) => {
    const value = new RegExp(`(?:^|[;\\s])${name}=([A-Za-z0-9+/=,]+)`, 'i').exec(format)?.[1] ?? '';
    return value
      .split(',')
      .map((part) => Buffer.from(part, 'base64'))
      .filter((nal) => nal.length > 3);
  });
}

/** @throws IngestFailure not_video when there is nothing that can be recorded, bad_answer when it is no SDP */
export function findVideo(sdp: string, base: string): VideoMedia {
  const lines = sdp.split(/\r?\n/);
  if (!lines.some((line) => line.startsWith('v=0')))
    throw new IngestFailure('bad_answer', 'the answer to DESCRIBE is no SDP');
  const seen: string[] = [];
  for (const [start, line] of lines.entries()) {
    const media = /^m=(\w+) \d+(?:\/\d+)? \S+ (\d+)/.exec(line);
    if (media === null) continue;
    const payloadType = Number(media[2]);
    const next = lines.findIndex((other, index) => index > start && other.startsWith('m='));
    const section = lines.slice(start + 1, next < 0 ? undefined : next);
    const attribute = (name: string) =>
      section
        .find((one) => one.startsWith(`a=${name}:`))
        ?.slice(name.length + 3)
        .trim() ?? '';
    const ofPayload = (name: string) =>
      section.find((one) => one.startsWith(`a=${name}:${payloadType} `))?.slice(`a=${name}:${payloadType} `.length) ??
      '';
    const encoding = /^([^/]+)\/(\d+)/.exec(ofPayload('rtpmap'));
    seen.push(`${media[1]} ${encoding?.[1] ?? payloadType}`);
    if (media[1] !== 'video') continue;
    const codec = { H264: 'h264', H265: 'h265', HEVC: 'h265' }[encoding?.[1]?.toUpperCase() ?? ''] as
      VideoCodec | undefined;
    if (codec === undefined) continue;
    return {
      codec,
      payloadType,
      control: resolveControl(base, attribute('control')),
      parameterSets: parameterSets(ofPayload('fmtp')),
    };
  }
  throw new IngestFailure(
    'not_video',
    `no H.264 or H.265 video in the stream (${seen.join(', ').slice(0, 120) || 'empty'})`,
  );
}
