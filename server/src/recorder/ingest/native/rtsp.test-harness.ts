// A small RTSP server that answers as a test tells it, and small real video to send through it.
import { execFileSync } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { AddressInfo } from 'node:net';
import type { Fragment } from '../../../lib/fragment.js';
import type { AddressRules } from '../../../lib/address-rules.js';
import { systemClock } from '../../../lib/clock.js';
import { loopbackRules } from '../../../lib/loopback.test-harness.js';
import type { PullOptions, StreamTarget, StreamTrouble } from '../fragment-source.js';
import { IngestFailure } from '../ingest-failure.js';
import { SteadyClock } from '../recorded-clock.js';
import { createNativeSource } from './native-source.js';
import type { VideoCodec } from './video-codec.js';

export interface Request {
  readonly method: string;
  readonly uri: string;
  readonly headers: ReadonlyMap<string, string>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Peer {
  readonly socket: Socket;
  /** Packets that came from the client: channel and bytes. */
  readonly packets: [number, Buffer][];
  send(channel: number, packet: Buffer): void;
}

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  readonly requests: Request[];
  readonly peers: Peer[];
  close(): Promise<void>;
}

/** What a test says to a request; undefined: the server's usual answer; 'silence': none. */
export type Script = (request: Request, peer: Peer) => Answer | 'silence' | undefined;

export const videoSdp = (more = '', control = 'trackID=1'): string =>
  `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n${more}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:${control}\r\n`;

function usual(request: Request): Answer {
  const session = { Session: 'abc;timeout=60' };
  switch (request.method) {
    case 'OPTIONS':
      return { headers: { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER' } };
    case 'DESCRIBE':
      return { headers: { 'Content-Type': 'application/sdp' }, body: videoSdp() };
    case 'SETUP':
      return { headers: { ...session, Transport: request.headers.get('transport') ?? '' } };
    default:
      return { headers: session };
  }
}

export async function scriptedServer(
  script: Script = () => undefined,
  { host = '127.0.0.1', tls }: { host?: string; tls?: TlsOptions } = {},
): Promise<ScriptedServer> {
  const requests: Request[] = [];
  const peers: Peer[] = [];
  const serve = (socket: Socket) => {
    const peer: Peer = {
      socket,
      packets: [],
      send: (channel, packet) => {
        if (!socket.destroyed) socket.write(interleaved(channel, packet));
      },
    };
    peers.push(peer);
    let rest = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        if (rest[0] === 0x24) {
          if (rest.length < 4 || rest.length < 4 + rest.readUInt16BE(2)) return;
          const end = 4 + rest.readUInt16BE(2);
          peer.packets.push([rest[1]!, rest.subarray(4, end)]);
          rest = rest.subarray(end);
          continue;
        }
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        const [first = '', ...lines] = rest.toString('latin1', 0, end).split('\r\n');
        rest = rest.subarray(end + 4);
        if (first.startsWith('RTSP/')) continue;
        const [method = '', uri = ''] = first.split(' ');
        const pairs = lines.map((line) => [line.split(':')[0]!.toLowerCase(), line.replace(/^[^:]*:\s*/, '')] as const);
        const request = { method, uri, headers: new Map(pairs) };
        requests.push(request);
        const answer = script(request, peer) ?? usual(request);
        if (answer === 'silence') continue;
        const body = answer.body ?? '';
        const headers = { CSeq: request.headers.get('cseq') ?? '0', ...answer.headers };
        socket.write(
          `RTSP/1.0 ${answer.status ?? 200} X\r\n${Object.entries(headers)
            .map(([name, value]) => `${name}: ${value}\r\n`)
            .join('')}${body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`,
        );
      }
    });
  };
  const server: Server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `rtsp${tls === undefined ? '' : 's'}://${host}:${port}/stream`,
    port,
    requests,
    peers,
    close: () =>
      new Promise((resolve) => {
        for (const { socket } of peers) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export function interleaved(channel: number, packet: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x24, channel, packet.length >> 8, packet.length & 255]), packet]);
}

export interface RtpFields {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker?: boolean;
  readonly ssrc?: number;
  readonly payloadType?: number;
}

export function rtp({ sequence, timestamp, marker = false, ssrc = 1, payloadType = 96 }: RtpFields, payload: Buffer) {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = payloadType | (marker ? 0x80 : 0);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

/** Payloads of one H.264 NAL unit (RFC 6184 5.6, 5.8). */
export function payloadsOf(nal: Buffer, most = 300): Buffer[] {
  if (nal.length <= most) return [nal];
  const found: Buffer[] = [];
  for (let at = 1; at < nal.length; at += most) {
    const flags = (at === 1 ? 0x80 : 0) | (at + most >= nal.length ? 0x40 : 0);
    const head = Buffer.from([(nal[0]! & 0xe0) | 28, flags | (nal[0]! & 31)]);
    found.push(Buffer.concat([head, nal.subarray(at, at + most)]));
  }
  return found;
}

/** NAL units of each picture of a video of 10 pictures a second that is made with these arguments of ffmpeg. */
export function encodeVideo(codec: VideoCodec, encoder: readonly string[], size: string, seconds: number): Buffer[][] {
  const format = codec === 'h264' ? 'h264' : 'hevc';
  const stream = execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=s=${size}:r=10`, '-t', String(seconds), '-pix_fmt', 'yuv420p'],
    ...[...encoder, '-bsf:v', `${format}_metadata=aud=insert`, '-f', format, 'pipe:1'],
  ]);
  const isDelimiter = (nal: Buffer) => (codec === 'h264' ? (nal[0]! & 31) === 9 : ((nal[0]! >> 1) & 63) === 35);
  const starts: number[] = [];
  const startCode = Buffer.from([0, 0, 1]);
  for (let at = stream.indexOf(startCode); at >= 0; at = stream.indexOf(startCode, at + 3)) starts.push(at);
  const units: Buffer[][] = [];
  starts.forEach((start, index) => {
    let end = starts[index + 1] ?? stream.length;
    while (stream[end - 1] === 0) end -= 1;
    const nal = stream.subarray(start + 3, end);
    if (isDelimiter(nal)) units.push([]);
    else units.at(-1)!.push(nal);
  });
  return units;
}

/** Pictures of video, gray, one byte a sample. @throws where not everything can be decoded */
export function decodeVideo(init: Buffer, fragments: readonly Fragment[]): Buffer {
  return execFileSync(
    'ffmpeg',
    [...['-v', 'error', '-xerror', '-f', 'mp4', '-i', 'pipe:0', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1']],
    { input: Buffer.concat([init, ...fragments.map(({ bytes }) => bytes)]), maxBuffer: 1e7 },
  );
}

const encoded = new Map<string, Buffer[][]>();

/** NAL units of each picture of a small H.264 video: 10 pictures a second, a keyframe each second. */
export function smallVideo(size = '64x48', seconds = 3): Buffer[][] {
  const key = `${size} ${seconds}`;
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10'];
  const known = encoded.get(key);
  if (known !== undefined) return known;
  const units = encodeVideo('h264', [...encoder, '-x264-params', 'repeat-headers=1:scenecut=0'], size, seconds);
  encoded.set(key, units);
  return units;
}

/** Turns pictures into packets, with running sequence numbers. */
export class Packetizer {
  sequence = 1000;
  timestamp = 90_000;
  constructor(
    readonly ssrc = 1,
    private readonly marker: 'last' | 'never' | 'always' = 'last',
  ) {}

  picture(nals: readonly Buffer[], ticks = 9000): Buffer[] {
    const payloads = nals.flatMap((nal) => payloadsOf(nal));
    const packets = payloads.map((payload, index) => {
      const last = index === payloads.length - 1;
      const marker = this.marker === 'always' || (this.marker === 'last' && last);
      return rtp({ sequence: this.sequence++, timestamp: this.timestamp, marker, ssrc: this.ssrc }, payload);
    });
    this.timestamp += ticks;
    return packets;
  }
}

export interface Pulled {
  readonly fragments: Fragment[];
  readonly codecs: string[];
  readonly troubles: [StreamTrouble, string | undefined][];
  readonly packets: { received: number; lost: number };
  readonly times: { offsetMs: number | undefined; source: string; errorMs: number }[];
  readonly lostKeepAlives: string[];
  readonly keyframeRequests: () => number;
  /** Settles when the stream ended: the failure, or undefined where it was told to stop. */
  readonly ended: Promise<IngestFailure | undefined>;
  stop(): Promise<IngestFailure | undefined>;
}

/** Pulls with the native engine. */
export function pullNative(
  url: string,
  {
    rules = loopbackRules,
    lostKeepAlives = [],
    ...more
  }: Partial<StreamTarget> & { rules?: AddressRules; lostKeepAlives?: readonly string[] } = {},
): Pulled {
  const controller = new AbortController();
  const pulled = {
    fragments: [] as Fragment[],
    codecs: [] as string[],
    troubles: [] as [StreamTrouble, string | undefined][],
    packets: { received: 0, lost: 0 },
    times: [] as Pulled['times'],
    lostKeepAlives: [] as string[],
  };
  let asked = 0;
  let run = 0;
  const options: PullOptions = {
    signal: controller.signal,
    nextRun: () => ++run,
    onFragment: (fragment) => pulled.fragments.push(fragment),
    recordedClock: new SteadyClock(systemClock),
    requestKeyframe: () => (asked += 1),
    hints: { udp: false, otherWithoutKeyframes: false, lostKeepAlives },
    report: {
      frame: () => undefined,
      codec: (codec) => pulled.codecs.push(codec),
      packets(received, lost) {
        pulled.packets.received += received;
        pulled.packets.lost += lost;
      },
      time: (offsetMs, source, errorMs) => pulled.times.push({ offsetMs, source, errorMs }),
      trouble: (trouble, detail) => pulled.troubles.push([trouble, detail]),
      audio: () => undefined,
      keepAliveLost: (method) => void pulled.lostKeepAlives.push(method),
    },
  };
  const target = { username: '', password: '', audio: false, ...more, url };
  const ended = createNativeSource({ clock: systemClock, rules })
    .pull(target, options)
    .then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof IngestFailure) return error;
        throw error;
      },
    );
  return {
    ...pulled,
    keyframeRequests: () => asked,
    ended,
    stop() {
      controller.abort();
      return ended;
    },
  };
}

export async function until(what: string, condition: () => boolean, deadlineMs = 15_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await systemClock.sleep(10);
  }
}
