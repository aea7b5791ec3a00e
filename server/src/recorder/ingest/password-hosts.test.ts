// Where a camera's password goes, with both engines: to hosts that a person confirmed, and in clear only where it was typed.
import { afterEach, describe, expect, it } from 'vitest';
import { AddressRules } from '../../lib/address-rules.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { systemClock } from '../../lib/clock.js';
import type { Ffmpeg, FfmpegStart } from '../../platform/ffmpeg/ffmpeg.js';
import { createFfmpegSource } from './ffmpeg/ffmpeg-source.js';
import { SteadyClock } from './recorded-clock.js';
import { checkedTarget } from './ffmpeg/rtsp-preflight.js';
import type { StreamTarget } from './fragment-source.js';
import {
  pullNative,
  scriptedServer,
  until,
  type Pulled,
  type Script,
  type ScriptedServer,
} from './native/rtsp.test-harness.js';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function serve(script: Script, host?: string): Promise<ScriptedServer> {
  const server = await scriptedServer(script, { host });
  stops.push(() => server.close());
  return server;
}
function pull(...parameters: Parameters<typeof pullNative>): Pulled {
  const one = pullNative(...parameters);
  stops.push(() => one.stop());
  return one;
}

const basic = 'Basic realm="cam"';
const digest = 'Digest realm="cam", nonce="n1", algorithm=MD5, qop="auth"';
/** Asks every time; takes whatever comes as an answer. */
const asking =
  (...challenges: string[]): Script =>
  ({ method, headers }) =>
    method === 'OPTIONS' || headers.has('authorization')
      ? undefined
      : { status: 401, headers: { 'WWW-Authenticate': challenges.join(', ') } };
const answers = ({ requests }: ScriptedServer) => requests.flatMap(({ headers }) => headers.get('authorization') ?? []);
const account = { username: 'admin', password: 'geheim' };

describe.each([
  ['Basic', basic],
  ['Digest', digest],
])('a host that nobody confirmed and that asks by %s', (_name, challenge) => {
  it('gets no answer where the stream is there', async () => {
    const relay = await serve(asking(challenge), '127.0.0.2');
    const stream = pull(relay.url, { ...account, confirmedHosts: ['127.0.0.1'] });
    expect(await stream.ended).toMatchObject({ reason: 'password_withheld' });
    expect(answers(relay)).toEqual([]);
  });

  it('gets no answer where a redirect leads there', async () => {
    const relay = await serve(asking(challenge), '127.0.0.2');
    const camera = await serve(({ method }) =>
      method === 'DESCRIBE' ? { status: 302, headers: { Location: relay.url } } : undefined,
    );
    expect(await pull(camera.url, account).ended).toMatchObject({ reason: 'password_withheld' });
    expect(relay.requests.length).toBeGreaterThan(0);
    expect(answers(relay)).toEqual([]);
  });

  it('is the confirmed one at any port', async () => {
    const camera = await serve(asking(challenge), '127.0.0.2');
    const stream = pull(camera.url, { ...account, confirmedHosts: ['127.0.0.2'] });
    await until('an answer', () => answers(camera).length > 0);
    await stream.stop();
  });
});

describe('a password in clear', () => {
  it.each([
    ['was only recognised', { plainPassword: false }],
    ['took it as a digest before', { tookDigest: () => true }],
  ])('is not given to a camera that %s', async (_name, rule) => {
    const camera = await serve(asking(basic));
    expect(await pull(camera.url, { ...account, ...rule }).ended).toMatchObject({
      reason: 'password_withheld',
      detail: expect.stringContaining('Basic') as string,
    });
    expect(answers(camera)).toEqual([]);
    const better = await serve(asking(basic, digest));
    const stream = pull(better.url, { ...account, ...rule });
    await until('an answer', () => answers(better).length > 0);
    await stream.stop();
    expect(answers(better)[0]).toMatch(/^Digest /);
  });

  it('is given where it was typed and the camera has nothing else', async () => {
    const camera = await serve(asking(basic));
    const stream = pull(camera.url, account);
    await until('an answer', () => answers(camera).length > 0);
    await stream.stop();
    expect(answers(camera)[0]).toBe(`Basic ${Buffer.from('admin:geheim').toString('base64')}`);
  });

  it('is said to be needless once a digest was taken, not before', async () => {
    let digests = 0;
    const onDigest = () => (digests += 1);
    const refusing = await serve(({ method }) =>
      method === 'OPTIONS' ? undefined : { status: 401, headers: { 'WWW-Authenticate': digest } },
    );
    await pull(refusing.url, { ...account, onDigest }).ended;
    expect(digests).toBe(0);
    const camera = await serve(asking(digest));
    const stream = pull(camera.url, { ...account, onDigest });
    await until('the digest was taken', () => digests > 0);
    await stream.stop();
  });
});

describe('what ffmpeg is given', () => {
  const given = (url: string, more: Partial<StreamTarget> = {}) =>
    checkedTarget({ ...account, audio: false, ...more, url }, loopbackRules, new AbortController().signal);

  it('is the password where it was typed', async () => {
    const camera = await serve(asking(basic));
    expect(await given(camera.url)).toMatchObject({ ...account, url: camera.url });
    expect(answers(camera)).toEqual([]);
  });

  it('is none at another host, nor where a redirect leads to one', async () => {
    const relay = await serve(asking(basic), '127.0.0.2');
    expect(await given(relay.url, { confirmedHosts: ['127.0.0.1'] })).toMatchObject({ username: '', password: '' });
    const camera = await serve(() => ({ status: 302, headers: { Location: relay.url } }));
    expect(await given(camera.url)).toMatchObject({ username: '', password: '' });
    const elsewhere = await serve(() => ({ status: 302, headers: { Location: 'rtsp://169.254.169.254/' } }));
    await expect(given(elsewhere.url)).rejects.toMatchObject({ reason: 'address_refused' });
  });

  it('is none where it may not go in clear', async () => {
    const camera = await serve(asking(basic));
    const took = { tookDigest: () => true };
    await expect(given(camera.url, took)).rejects.toMatchObject({ reason: 'password_withheld' });
    await expect(given(camera.url, { plainPassword: false })).rejects.toMatchObject({ reason: 'password_withheld' });
    const open = await serve(() => undefined);
    expect(await given(open.url, took)).toMatchObject({ username: '', password: '' });
    const better = await serve(asking(digest));
    expect(await given(better.url, took)).toMatchObject(account);
  });
});

describe('an address that takes the account', () => {
  const path = '/user={username}&password={password}&channel=1';
  const filled = '/user=admin&password=gehe%2Fim%201&channel=1';
  const typed = { username: 'admin', password: 'gehe/im 1', fillIn: true };

  it('is filled in where the password was typed for its host', async () => {
    const camera = await serve(() => undefined);
    const stream = pull(`rtsp://127.0.0.1:${camera.port}${path}`, typed);
    await until('it was asked', () => camera.requests.some(({ method }) => method === 'DESCRIBE'));
    await stream.stop();
    expect(camera.requests.find(({ method }) => method === 'DESCRIBE')?.uri).toContain(filled);
    expect(JSON.stringify(camera.requests)).not.toContain('{password}');
  });

  it.each([
    ['another host', { confirmedHosts: ['127.0.0.9'] }],
    ['a host that was only recognised', { plainPassword: false }],
  ])('is not connected to at %s', async (_name, rule) => {
    const camera = await serve(() => undefined);
    const stream = pull(`rtsp://127.0.0.1:${camera.port}${path}`, { ...typed, ...rule });
    expect(await stream.ended).toMatchObject({ reason: 'password_withheld' });
    expect(camera.peers).toEqual([]);
  });

  it('that a device reported is left as it is: it could lead anywhere', async () => {
    const camera = await serve(() => undefined);
    const stream = pull(`rtsp://127.0.0.1:${camera.port}${path}`, { ...typed, fillIn: false });
    await until('it was asked', () => camera.requests.length > 0);
    await stream.stop();
    expect(JSON.stringify(camera.requests)).not.toContain('gehe');
  });

  it('reaches ffmpeg by its script alone, and its lines without it', async () => {
    const camera = await serve(() => undefined);
    let given: FfmpegStart | undefined;
    const ffmpeg = {
      start: (start: FfmpegStart) => {
        given = start;
        return {
          exited: Promise.resolve({ code: 1, signal: null, stderr: '', stopped: false }),
          stop: async () => undefined,
        };
      },
    } as unknown as Ffmpeg;
    const source = createFfmpegSource({ clock: systemClock, ffmpeg, rules: loopbackRules });
    const ignore = () => undefined;
    const target = { ...typed, audio: false, url: `rtsp://127.0.0.1:${camera.port}${path}` };
    const pulled = source.pull(target, {
      signal: new AbortController().signal,
      ...{ nextRun: () => 1, onFragment: ignore, requestKeyframe: ignore, recordedClock: new SteadyClock(systemClock) },
      report: { frame: ignore, codec: ignore, packets: ignore, time: ignore, trouble: ignore, audio: ignore },
      hints: { udp: false, otherWithoutKeyframes: false },
    });
    await expect(pulled).rejects.toMatchObject({ reason: 'no_stream' });
    expect(given?.stdin).toContain(filled);
    expect(given?.args.join(' ')).not.toContain('gehe');
    const line = `rtsp://127.0.0.1:${camera.port}${filled} and gehe/im 1 and gehe%2Fim%201`;
    const shown = (given?.secrets ?? []).reduce((text, secret) => text.replaceAll(secret, '***'), line);
    expect(shown).not.toMatch(/gehe/);
  });
});

describe('an address that no camera may have', () => {
  const strict = new AddressRules();

  it.each(['127.0.0.1', '2130706433', '0x7f.1', 'localhost', '[::ffff:127.0.0.1]'])(
    '%s is not connected to',
    async (host) => {
      const server = await serve(() => undefined);
      const url = `rtsp://${host}:${server.port}/stream`;
      expect(await pull(url, { ...account, rules: strict }).ended).toMatchObject({ reason: 'address_refused' });
      const target = { ...account, audio: false, url };
      await expect(checkedTarget(target, strict, new AbortController().signal)).rejects.toMatchObject({
        reason: 'address_refused',
      });
      expect(server.peers).toEqual([]);
    },
  );

  it('is not reached over a redirect either', async () => {
    const inner = await serve(() => undefined);
    const camera = await serve(
      ({ method }) => (method === 'DESCRIBE' ? { status: 302, headers: { Location: inner.url } } : undefined),
      '127.0.0.2',
    );
    const stream = pull(camera.url, { ...account, rules: new AddressRules(['127.0.0.2']) });
    expect(await stream.ended).toMatchObject({ reason: 'address_refused' });
    expect(inner.peers).toEqual([]);
  });
});
