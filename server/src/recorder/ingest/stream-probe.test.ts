import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyMedia } from '../../../../scripts/camera-simulator/camera-media.js';
import { startSimulator, type Simulator } from '../../../../scripts/camera-simulator/simulator.js';
import { AddressRules } from '../../lib/address-rules.js';
import { systemClock } from '../../lib/clock.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { scriptedServer, videoSdp, type Answer, type Script } from './native/rtsp.test-harness.js';
import { StreamProbe, type StreamProbeOptions } from './stream-probe.js';

const never = new AbortController().signal;
const make = (options: Partial<StreamProbeOptions> = {}) =>
  new StreamProbe({ clock: systemClock, rules: loopbackRules, timeoutMs: 4000, measuredMs: 900, ...options });
const typed = { username: 'admin', password: 'p@ss/w:1', plainPassword: true };

describe('of the simulated cameras', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({
      cameras: 3,
      network: '127.94.0.0',
      media: tinyMedia,
      kinds: { 2: { codec: 'h265', audio: 'pcma' }, 3: { authentication: 'basic', audio: 'aac' } },
    });
  });
  afterAll(() => simulator?.stop());
  const camera = (number: number) => {
    const found = simulator.cameras.find((one) => one.number === number);
    if (found === undefined) throw new Error(`no camera ${number}`);
    return { ...found, stream: { url: found.rtspMainUrl, username: found.username, password: found.password } };
  };

  it.each([
    [1, 'h264', 90, null],
    [2, 'h265', 88, 'PCMA'],
    [3, 'h264', 90, 'MPEG4-GENERIC'],
  ])('camera %i: codec, size, rate and sound are those on the wire', async (number, codec, height, sound) => {
    const found = await make().probe({ ...camera(number).stream, plainPassword: true }, never);
    expect(found).toMatchObject({ reason: 'ok', engine: 'native', codec, sound, width: 160, height });
    expect(found.frameRate).toBeGreaterThan(5);
    expect(found.frameRate).toBeLessThan(15);
    expect(found.bitrateKbps).toBeGreaterThan(0);
  });

  it('a wrong password is one, and is tried once', async () => {
    const before = simulator.load(1).attempts;
    const found = await make().probe({ ...camera(1).stream, password: 'no', plainPassword: true }, never);
    expect(found).toMatchObject({ reason: 'wrong_password', codec: null });
    expect(JSON.stringify(found)).not.toContain('"no"');
    expect(simulator.load(1).attempts - before).toBe(1);
  });

  it.each(['isapi', 'words'] as const)(
    'a locked account is distinguished from a wrong password (%s)',
    async (manner) => {
      await simulator.setFault(1, { kind: 'account-locked', manner });
      const found = await make().probe({ ...camera(1).stream, plainPassword: true }, never);
      expect(found).toMatchObject({ reason: 'account_locked', engine: 'native' });
      await simulator.clearFault(1);
      expect((await make().probe({ ...camera(1).stream, plainPassword: true }, never)).reason).toBe('ok');
    },
  );

  it('a password that nobody typed for the address does not go in clear', async () => {
    const found = await make().probe({ ...camera(3).stream, plainPassword: false }, never);
    expect(found.reason).toBe('password_withheld');
  });
});

describe('of what else answers', () => {
  async function served<T>(script: Script, work: (url: string) => Promise<T>): Promise<T> {
    const server = await scriptedServer(script);
    try {
      return await work(server.url);
    } finally {
      await server.close();
    }
  }
  const describing =
    (answer: Answer): Script =>
    ({ method }) =>
      method === 'DESCRIBE' ? answer : undefined;

  it.each<[string, Answer, string]>([
    ['a stream that there is not', { status: 404 }, 'no_such_stream'],
    ['no SDP', { body: 'hello' }, 'bad_answer'],
    ['sound alone', { body: 'v=0\r\nm=audio 0 RTP/AVP 8\r\n' }, 'not_video'],
  ])('%s has its reason', async (_name, answer, reason) => {
    const found = await served(describing(answer), (url) => make().probe({ url, ...typed }, never));
    expect(found).toMatchObject({ reason, codec: null, width: null });
  });

  it('what needs ffmpeg names it where there is none, and the codec', async () => {
    const sdp = 'v=0\r\nm=video 0 RTP/AVP 26\r\na=control:t\r\n';
    const probe = make({ engines: ['native'] });
    const found = await served(describing({ body: sdp }), (url) => probe.probe({ url, ...typed }, never));
    expect(found).toMatchObject({ reason: 'engine_missing', codec: 'mjpeg' });
  });

  it('a stream that is set up and stays empty is told so', async () => {
    const found = await served(describing({ body: videoSdp() }), (url) =>
      make({ timeoutMs: 300 }).probe({ url, ...typed }, never),
    );
    expect(found.reason).toBe('no_stream');
  });

  it('a closed port, and an address that no camera may have', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const url = `rtsp://127.0.0.1:${port}/live`;
    expect(await make().probe({ url, ...typed }, never)).toMatchObject({ reason: 'connection_refused' });
    expect(await make({ rules: new AddressRules() }).probe({ url, ...typed }, never)).toMatchObject({
      reason: 'address_refused',
    });
  });

  it('eight at once, and no more; the next when one is over', async () => {
    await served(
      () => 'silence',
      async (url) => {
        const probe = make();
        const stop = new AbortController();
        const running = Array.from({ length: 8 }, () => probe.probe({ url, ...typed }, stop.signal));
        await expect(probe.probe({ url, ...typed }, never)).rejects.toMatchObject({ code: 'too_many_probes' });
        stop.abort();
        for (const one of await Promise.allSettled(running)) expect(one.status).toBe('rejected');
        await expect(probe.probe({ url, ...typed }, stop.signal)).rejects.toMatchObject({ code: 'stopped' });
      },
    );
  });
});
