// What the native engine cannot take goes to ffmpeg by itself: real streams of ffmpeg, handed on by a small RTSP server.
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createIngestSupervisor, type IngestSupervisor } from './ingest-supervisor.js';
import { scriptedServer, until, type Peer, type Script, type ScriptedServer } from './native/rtsp.test-harness.js';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Source {
  onPacket: (isRtcp: boolean, packet: Buffer) => void;
}

async function bound(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => socket.close(() => resolve())));
  return { socket, port: (socket.address() as AddressInfo).port };
}

/** RTP of an endless small video. */
async function source(encoder: readonly string[]): Promise<Source> {
  const made: Source = { onPacket: () => undefined };
  const [rtp, rtcp] = [await bound(), await bound()];
  rtp.socket.on('message', (packet) => made.onPacket(false, packet));
  rtcp.socket.on('message', (packet) => made.onPacket(true, packet));
  const child: ChildProcess = spawn(
    'ffmpeg',
    [
      ...['-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=s=160x96:r=10', ...encoder],
      ...['-f', 'rtp', `rtp://127.0.0.1:${rtp.port}?rtcpport=${rtcp.port}&pkt_size=1200`],
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  stops.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return made;
}

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await scriptedServer(script);
  stops.push(() => server.close());
  return server;
}

async function record(url: string, clock: Clock = systemClock) {
  const fragments: Fragment[] = [];
  const supervisor: IngestSupervisor = createIngestSupervisor({
    rules: loopbackRules,
    clock,
    logger: silentLogger,
    stallSeconds: 15,
    startStaggerMs: 0,
    ffmpeg: createFfmpeg({ path: 'ffmpeg' }),
  });
  supervisor.subscribe('c', 'main', (fragment) => fragments.push(fragment));
  supervisor.setCameras([{ cameraId: 'c', enabled: true, mainUrl: url, username: 'u', password: 'p' }]);
  await supervisor.start();
  stops.push(() => supervisor.stop());
  return { fragments, runtime: () => supervisor.runtime('c')! };
}

const sdpOf = (media: string) => `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n${media}a=control:t\r\n`;

describe('the other engine', () => {
  it.each([
    [
      'mjpeg',
      ['-c:v', 'mjpeg', '-huffman', 'default', '-pix_fmt', 'yuvj420p', '-q:v', '8'],
      'm=video 0 RTP/AVP 26\r\n',
      /^mp4v\.6C$/,
    ],
    [
      'mpeg4',
      ['-c:v', 'mpeg4', '-g', '10', '-bf', '0'],
      'm=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\na=fmtp:96 profile-level-id=1\r\n',
      /^mp4v\.20/,
    ],
  ] as const)(
    'takes %s, kept as it came',
    async (codec, encoder, media, name) => {
      const video = await source(encoder);
      const server = await serve(({ method }, peer) => {
        if (method === 'DESCRIBE') return { headers: { 'Content-Type': 'application/sdp' }, body: sdpOf(media) };
        if (method === 'PLAY') video.onPacket = (isRtcp, packet) => peer.send(isRtcp ? 1 : 0, packet);
        return undefined;
      });
      const { fragments, runtime } = await record(server.url);
      await until('fragments', () => fragments.length >= 3, 30_000);
      expect(runtime()).toMatchObject({
        state: 'recording',
        reason: 'ok',
        engine: 'ffmpeg',
        engineReason: 'codec',
        codec,
      });
      expect(fragments[0]!.init.codec).toMatch(name);
      expect([fragments[0]!.init.width, fragments[0]!.init.height]).toEqual([160, 96]);
      for (const { sampleCount, durationMs } of fragments.slice(0, 3)) {
        expect(sampleCount).toBeGreaterThan(2);
        expect(durationMs).toBeLessThanOrEqual(2000);
      }
    },
    60_000,
  );

  it('takes H.264 over UDP from a camera that has no RTP over TCP; the end of its stream is a loss', async () => {
    const video = await source([
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '10',
      '-bf',
      '0',
      '-pix_fmt',
      'yuv420p',
      '-x264-params',
      'repeat-headers=1',
    ]);
    const out = await bound();
    const players: Peer[] = [];
    const server = await serve(({ method, headers }, peer) => {
      if (method === 'DESCRIBE') return { body: sdpOf('m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n') };
      if (method === 'PLAY') players.push(peer);
      if (method !== 'SETUP') return undefined;
      const ports = /client_port=(\d+)-(\d+)/.exec(headers.get('transport') ?? '');
      if (ports === null) return { status: 461 };
      video.onPacket = (isRtcp, packet) => out.socket.send(packet, Number(ports[isRtcp ? 2 : 1]), '127.0.0.1');
      return {
        headers: {
          Session: 's',
          Transport: `RTP/AVP;unicast;client_port=${ports[1]}-${ports[2]};server_port=${out.port}-${out.port + 1}`,
        },
      };
    });
    const { fragments, runtime } = await record(server.url);
    await until('fragments', () => fragments.length >= 2, 30_000);
    expect(runtime()).toMatchObject({ state: 'recording', engine: 'ffmpeg', engineReason: 'transport', codec: 'h264' });
    video.onPacket = () => undefined;
    players.at(-1)!.socket.end();
    await until('the loss', () => runtime().state !== 'recording', 30_000);
    expect(['stream_ended', 'stream_stalled']).toContain(runtime().reason);
  }, 90_000);
});
