import { createHash } from 'node:crypto';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import {
  Packetizer,
  pullNative,
  scriptedServer,
  smallVideo,
  until,
  videoSdp,
  type Peer,
  type Pulled,
  type Script,
  type ScriptedServer,
} from './rtsp.test-harness.js';

async function ownCertificate() {
  const made = await generate([{ name: 'commonName', value: 'camera' }], { keyType: 'ec', curve: 'P-256' });
  return { key: made.private, cert: made.cert };
}
const servers: ScriptedServer[] = [];
const pulls: Pulled[] = [];

afterEach(async () => {
  await Promise.all(pulls.splice(0).map((one) => one.stop()));
  await Promise.all(servers.splice(0).map((one) => one.close()));
});

async function serve(script?: Script): Promise<ScriptedServer> {
  const server = await scriptedServer(script);
  servers.push(server);
  return server;
}
function pull(...parameters: Parameters<typeof pullNative>): Pulled {
  const one = pullNative(...parameters);
  pulls.push(one);
  return one;
}
/** All pictures at once: what comes of it does not depend on the speed of the machine. */
function sendVideo(peer: Peer, packets = new Packetizer()): Packetizer {
  for (const nals of smallVideo()) for (const packet of packets.picture(nals)) peer.send(0, packet);
  return packets;
}
const methods = (server: ScriptedServer) => server.requests.map(({ method }) => method);
const uris = (server: ScriptedServer, method: string) =>
  server.requests.filter((one) => one.method === method).map(({ uri }) => uri.replace(/:\d+/, ''));
const playing: Script = ({ method }, peer) => {
  if (method === 'PLAY') setImmediate(() => sendVideo(peer));
  return undefined;
};

describe('the way to a stream', () => {
  it.each<[string, string, Record<string, string>, string, string, string]>([
    ['relative', 'rtsp://h/s', {}, 'trackID=1', 'rtsp://h/s/trackID=1', 'rtsp://h/s'],
    ['to Content-Base', 'rtsp://h/s', { 'Content-Base': 'rtsp://h/base/' }, 't1', 'rtsp://h/base/t1', 'rtsp://h/base/'],
    ['to Content-Location', 'rtsp://h/s', { 'Content-Location': 'rtsp://h/l' }, 't1', 'rtsp://h/l/t1', 'rtsp://h/l'],
    ['a useless base', 'rtsp://h/s', { 'Content-Base': '/s/' }, 't1', 'rtsp://h/s/t1', 'rtsp://h/s'],
    ['absolute', 'rtsp://h/s', {}, 'rtsp://h/other/t', 'rtsp://h/other/t', 'rtsp://h/s'],
    ['aggregate', 'rtsp://h/s', {}, '*', 'rtsp://h/s', 'rtsp://h/s'],
    ['behind a query', 'rtsp://h/c?a=1&b=0', {}, 'trackID=0', 'rtsp://h/c?a=1&b=0/trackID=0', 'rtsp://h/c?a=1&b=0'],
  ])('control %s', async (_name, url, headers, control, setUp, play) => {
    const server = await serve(({ method }): ReturnType<Script> => {
      const local = (text: string) => text.replace('//h', `//127.0.0.1:${server.port}`);
      if (method !== 'DESCRIBE') return undefined;
      const localHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, local(value)]));
      return { headers: localHeaders, body: videoSdp('', local(control)) };
    });
    pull(url.replace('//h', `//127.0.0.1:${server.port}`));
    await until('played', () => methods(server).includes('PLAY'));
    expect(uris(server, 'SETUP')).toEqual([setUp.replace('//h', '//127.0.0.1')]);
    expect(uris(server, 'PLAY')).toEqual([play.replace('//h', '//127.0.0.1')]);
  });

  it('tries the strict reading of a control where the usual one is not found', async () => {
    const server = await serve(({ method, uri }) =>
      method === 'SETUP' && !uri.endsWith('/c/trackID=1?a=1') ? { status: 404 } : undefined,
    );
    pull(`rtsp://127.0.0.1:${server.port}/c?a=1`);
    await until('played', () => methods(server).includes('PLAY'));
    expect(uris(server, 'SETUP')).toEqual(['rtsp://127.0.0.1/c?a=1/trackID=1', 'rtsp://127.0.0.1/c/trackID=1?a=1']);
  });

  it('plays a track by itself where the whole cannot be played', async () => {
    const server = await serve(({ method, uri }) =>
      method === 'PLAY' && !uri.endsWith('trackID=1') ? { status: 459 } : undefined,
    );
    pull(server.url);
    await until('played', () => methods(server).filter((one) => one === 'PLAY').length === 2);
  });

  it('takes the channels that the server gives, in whatever order, and RTP that comes before the answer to PLAY', async () => {
    const server = await serve(({ method }, peer) => {
      if (method === 'SETUP') return { headers: { Session: 'x', Transport: 'RTP/AVP/TCP;unicast;interleaved=7-4' } };
      if (method === 'PLAY')
        for (const nals of smallVideo()) for (const packet of packets.picture(nals)) peer.send(7, packet);
      return undefined;
    });
    const packets = new Packetizer();
    const stream = pull(server.url);
    await until('fragments', () => stream.fragments.length >= 2);
    expect(stream.fragments[0]!.independent).toBe(true);
  });

  it('ignores channels that nobody set up', async () => {
    const server = await serve(({ method }, peer) => {
      if (method !== 'PLAY') return undefined;
      setImmediate(() => {
        const packets = new Packetizer();
        for (const nals of smallVideo())
          for (const packet of packets.picture(nals)) {
            peer.send(9, Buffer.alloc(40, 0x80));
            peer.send(0, packet);
          }
      });
      return undefined;
    });
    const stream = pull(server.url);
    await until('fragments', () => stream.fragments.length >= 2);
    await stream.stop();
    expect(stream.fragments.reduce((sum, one) => sum + one.sampleCount, 0)).toBe(30);
  });

  it.each([301, 302, 303, 305])(
    'follows %i to another port, where nobody is shown the password unasked',
    async (status) => {
      const second = await serve(playing);
      const first = await serve(({ method }) =>
        method === 'DESCRIBE' ? { status, headers: { Location: `rtsp://127.0.0.1:${second.port}/moved` } } : undefined,
      );
      const stream = pull(first.url, { username: 'u', password: 'geheim' });
      await until('fragments', () => stream.fragments.length >= 1);
      expect(second.requests[0]!.uri).toContain('/moved');
      for (const { headers } of second.requests) expect(headers.has('authorization')).toBe(false);
    },
  );

  it('does not tell a stranger the password in plain, and gives up a circle', async () => {
    const stranger = await serve(() => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }));
    const first = await serve(({ method }) =>
      method === 'DESCRIBE' ? { status: 302, headers: { Location: stranger.url } } : undefined,
    );
    expect((await pull(first.url, { username: 'u', password: 'geheim' }).ended)!.reason).toBe('password_withheld');
    for (const { headers } of stranger.requests) expect(headers.has('authorization')).toBe(false);
    const circle: ScriptedServer = await serve(({ method }) =>
      method === 'DESCRIBE' ? { status: 302, headers: { Location: circle.url } } : undefined,
    );
    expect(await pull(circle.url).ended).toMatchObject({
      reason: 'bad_answer',
      detail: expect.stringMatching(/redirect/),
    });
    expect(circle.peers).toHaveLength(4);
  });

  it.each<[string, Script, object]>([
    ['461', ({ method }) => (method === 'SETUP' ? { status: 461 } : undefined), { other: { because: 'transport' } }],
    ['400', ({ method }) => (method === 'SETUP' ? { status: 400 } : undefined), { other: { because: 'refused' } }],
    [
      'UDP all the same',
      ({ method }) =>
        method === 'SETUP'
          ? { headers: { Session: 'x', Transport: 'RTP/AVP;unicast;server_port=5000-5001' } }
          : undefined,
      { other: { because: 'transport' } },
    ],
    [
      'motion JPEG',
      ({ method }) => (method === 'DESCRIBE' ? { body: 'v=0\r\nm=video 0 RTP/AVP 26\r\na=control:t\r\n' } : undefined),
      { reason: 'not_video', other: { because: 'codec', codec: 'mjpeg' } },
    ],
    ...(
      [
        ['DESCRIBE', 403, 'forbidden'],
        ['DESCRIBE', 404, 'no_such_stream'],
        ['SETUP', 404, 'no_such_stream'],
        ['SETUP', 453, 'camera_busy'],
        ['PLAY', 453, 'camera_busy'],
        ['DESCRIBE', 503, 'camera_busy'],
        ['PLAY', 454, 'stream_ended'],
        ['DESCRIBE', 500, 'stream_refused'],
        ['PLAY', 455, 'stream_refused'],
      ] as const
    ).map(([asked, status, reason]): [string, Script, object] => [
      `${asked} ${status}`,
      ({ method }) => (method === asked ? { status } : undefined),
      { reason, other: undefined, detail: expect.stringContaining(`${asked} ${status}`) as string },
    ]),
    ['no SDP', ({ method }) => (method === 'DESCRIBE' ? { body: '<html>' } : undefined), { reason: 'bad_answer' }],
    [
      'closed after PLAY',
      ({ method }, { socket }) => {
        if (method === 'PLAY') setImmediate(() => socket.end());
        return undefined;
      },
      { reason: 'stream_ended' },
    ],
  ])('says what stands in the way: %s', async (_name, script, expected) => {
    const server = await serve(script);
    expect(await pull(server.url).ended).toMatchObject(expected);
  });

  it('over TLS takes the key that it knows, and tells another one nothing', async () => {
    const server = await scriptedServer(playing, { tls: await ownCertificate() });
    servers.push(server);
    const shown: string[] = [];
    const stream = pull(server.url, { username: 'u', password: 'p', isOwnKey: (key) => shown.push(key) > 0 });
    await until('fragments', () => stream.fragments.length >= 1);
    expect(server.url).toMatch(/^rtsps:/);
    expect(shown).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    await stream.stop();
    await until('goodbye', () => methods(server).includes('TEARDOWN'));
    const before = server.requests.length;
    const refused = pull(server.url, { username: 'u', password: 'p', isOwnKey: (key) => key !== shown[0] });
    expect(await refused.ended).toMatchObject({ reason: 'tls_key_changed', other: undefined });
    expect(server.requests).toHaveLength(before);
  });

  it('over TLS leaves to the other engine what it cannot speak with', async () => {
    const plain = await serve(playing);
    expect(await pull(plain.url.replace('rtsp:', 'rtsps:')).ended).toMatchObject({
      ...{ reason: 'tls_unusable', other: { because: 'tls' } },
    });
  });

  it('says goodbye to the session when it is told to stop', async () => {
    const server = await serve(playing);
    const stream = pull(server.url);
    await until('fragments', () => stream.fragments.length >= 1);
    await stream.stop();
    await until('goodbye', () => methods(server).includes('TEARDOWN'));
    expect(server.requests.at(-1)!.headers.get('session')).toBe('abc');
  });
});

describe('servers that bend the rules', () => {
  it.each<[string, Script]>([
    [
      'no session before PLAY',
      ({ method, headers }, peer) => {
        if (method === 'SETUP')
          return { headers: { Transport: headers.get('transport') ?? '' } as Record<string, string> };
        return method === 'PLAY'
          ? (void setImmediate(() => sendVideo(peer)), { headers: { Session: '12345678' } })
          : undefined;
      },
    ],
    [
      'the scheme of the base twice',
      ({ method, uri, headers }, peer) => {
        if (method === 'DESCRIBE')
          return { headers: { 'Content-Base': `rtsp://${uri}/`, 'Content-Type': 'application/sdp' }, body: videoSdp() };
        if (method === 'SETUP' && uri.includes('rtsp://rtsp')) return { status: 400 };
        return playing({ method, uri, headers }, peer);
      },
    ],
    [
      'a base at which it refuses SETUP',
      ({ method, uri, headers }, peer) => {
        if (method === 'DESCRIBE') return { headers: { 'Content-Base': 'rtsp://10.0.0.1/inside/' }, body: videoSdp() };
        if (method === 'SETUP' && uri.includes('/inside/')) return { status: 400 };
        return playing({ method, uri, headers }, peer);
      },
    ],
  ])('are played: %s', async (_name, script) => {
    const server = await serve(script);
    const stream = pull(server.url);
    await until('fragments', () => stream.fragments.length >= 1);
    await stream.stop();
    await until('goodbye', () => methods(server).includes('TEARDOWN'));
    expect(server.requests.at(-1)!.headers.get('session')).toMatch(/^(?:abc|12345678)$/);
  });

  const lines = (eol: string, ...all: string[]) => [...all, '', ''].join(eol);
  it.each<[string, (cseq: string) => string]>([
    [
      'line feeds alone',
      (cseq) => lines('\n', 'RTSP/1.0 200 OK', `CSeq: ${cseq}`, 'Content-Type: application/sdp') + videoSdp(),
    ],
    [
      'no length',
      (cseq) => lines('\r\n', 'RTSP/1.0 200 OK', `CSeq: ${cseq}`, 'Content-Type: application/sdp') + videoSdp(),
    ],
    [
      'too great a length',
      (cseq) =>
        lines('\r\n', 'rtsp/1.0  200 OK', `CSeq: ${cseq}`, 'Content-Length: 900', 'Content-Type: application/sdp') +
        videoSdp(),
    ],
    [
      'too small a length',
      (cseq) =>
        lines('\r\n', 'RTSP/1.0 200 OK', `CSeq: ${cseq}`, 'Content-Length: 30', 'Content-Type: application/sdp') +
        videoSdp(),
    ],
  ])('are read: a description with %s', async (_name, answer) => {
    const server = await serve((request, peer) => {
      if (request.method !== 'DESCRIBE') return playing(request, peer);
      peer.socket.write(answer(request.headers.get('cseq')!));
      return 'silence';
    });
    const stream = pull(server.url);
    await until('fragments', () => stream.fragments.length >= 1);
  });
});

describe('keeping a session alive', () => {
  it('does without what closed the connection twice, and says each time what did', async () => {
    const server = await serve(({ method, headers }, { socket }): ReturnType<Script> => {
      if (method === 'SETUP') return { headers: { Session: 'x; timeout=2', Transport: 'RTP/AVP/TCP;interleaved=0-1' } };
      if (!headers.has('session') || method === 'PLAY') return undefined;
      socket.destroy();
      return 'silence';
    });
    const first = pull(server.url);
    expect(await first.ended).toMatchObject({ reason: 'stream_ended' });
    expect(first.lostKeepAlives).toEqual(['GET_PARAMETER']);
    const second = pull(server.url, { lostKeepAlives: ['GET_PARAMETER'] });
    await second.ended;
    expect(second.lostKeepAlives).toEqual(['OPTIONS']);
    const before = server.requests.length;
    pull(server.url, { lostKeepAlives: ['GET_PARAMETER', 'OPTIONS'] });
    await until('played', () => methods(server).slice(before).includes('PLAY'));
    // Longer than the session would last before it is asked for.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(methods(server).slice(before)).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']);
  });

  it.each([
    ['OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER', 'GET_PARAMETER'],
    ['OPTIONS, DESCRIBE, SETUP, PLAY', 'OPTIONS'],
    ['DESCRIBE, SETUP, PLAY, SET_PARAMETER', 'SET_PARAMETER'],
  ])('with what the server offers: %s', async (offered, expected) => {
    const server = await serve(({ method }): ReturnType<Script> => {
      if (method === 'OPTIONS') return { headers: { Public: offered } };
      if (method === 'SETUP') return { headers: { Session: 'x; timeout=2', Transport: 'RTP/AVP/TCP;interleaved=0-1' } };
      return undefined;
    });
    pull(server.url);
    await until('kept alive twice', () => methods(server).slice(4).length >= 2);
    expect(methods(server).slice(4, 6)).toEqual([expected, expected]);
    expect(server.requests[4]!.headers.get('session')).toBe('x');
  });

  it('with another method where one is refused', async () => {
    const server = await serve(({ method }): ReturnType<Script> => {
      if (method === 'OPTIONS') return { headers: {} };
      if (method === 'GET_PARAMETER') return { status: 405 };
      if (method === 'SETUP') return { headers: { Session: 'x; timeout=2', Transport: 'RTP/AVP/TCP;interleaved=0-1' } };
      return undefined;
    });
    pull(server.url);
    await until('kept alive', () => methods(server).slice(4).length >= 2);
    expect(methods(server).slice(4, 6)).toEqual(['GET_PARAMETER', 'OPTIONS']);
  });

  it('ends where the server forgot the session', async () => {
    const server = await serve(({ method }): ReturnType<Script> => {
      if (method === 'GET_PARAMETER') return { status: 454 };
      if (method === 'SETUP') return { headers: { Session: 'x; timeout=2', Transport: 'RTP/AVP/TCP;interleaved=0-1' } };
      return undefined;
    });
    expect(await pull(server.url).ended).toMatchObject({ reason: 'stream_ended' });
  });
});

const hash = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex');

describe('passwords', () => {
  const credentials = { username: 'admin', password: 'geheim "é"' };

  /** A server that asks for Digest, with nonces that it replaces now and then. */
  function guarded(
    options: { algorithm?: string; qop?: boolean; nonceAfter?: (requests: number) => string; stale?: boolean } = {},
  ): Script {
    const { algorithm = 'MD5', qop = false, nonceAfter = () => 'n1', stale = false } = options;
    const name = algorithm.startsWith('SHA') ? 'sha256' : 'md5';
    let count = 0;
    return (request, peer) => {
      const nonce = nonceAfter(count++);
      const given = request.headers.get('authorization') ?? '';
      const field = (key: string) => new RegExp(`[ ,]${key}="?([^",]+)`).exec(given)?.[1] ?? '';
      let ha1 = hash(name, `${credentials.username}:r:${credentials.password}`);
      if (algorithm.endsWith('-sess')) ha1 = hash(name, `${ha1}:${nonce}:${field('cnonce')}`);
      const ha2 = hash(name, `${request.method}:${request.uri}`);
      const expected = qop
        ? hash(name, `${ha1}:${nonce}:${field('nc')}:${field('cnonce')}:auth:${ha2}`)
        : hash(name, `${ha1}:${nonce}:${ha2}`);
      if (field('response') === expected) return playing(request, peer);
      const wasStale = stale && given !== '' && field('nonce') !== nonce;
      const challenge = `Digest realm="r", nonce="${nonce}", algorithm=${algorithm}${qop ? ', qop="auth"' : ''}${wasStale ? ', stale=TRUE' : ''}`;
      return { status: 401, headers: { 'WWW-Authenticate': challenge } };
    };
  }

  it.each<[string, Parameters<typeof guarded>[0]]>([
    ['MD5', {}],
    ['MD5 with qop', { qop: true }],
    ['MD5-sess', { algorithm: 'MD5-sess', qop: true }],
    ['SHA-256', { algorithm: 'SHA-256', qop: true }],
    ['SHA-256-sess', { algorithm: 'SHA-256-sess', qop: true }],
    ['a new nonce at every third request', { nonceAfter: (count) => `n${Math.floor(count / 3)}`, stale: true }],
    [
      'a new nonce at every third request, not said to be stale',
      { nonceAfter: (count) => `n${Math.floor(count / 3)}` },
    ],
  ])('answers Digest: %s', async (_name, options) => {
    const server = await serve(guarded(options));
    const stream = pull(server.url, credentials);
    await until('fragments', () => stream.fragments.length >= 1);
    expect(JSON.stringify(server.requests.map(({ uri }) => uri))).not.toContain('geheim');
  });

  it('answers a challenge in the midst of a session, and tells when the password is refused there', async () => {
    let nonce = 'n1';
    let refuse = false;
    const inner = guarded({ nonceAfter: () => nonce });
    const server = await serve((request, peer) => {
      if (refuse) return { status: 401, headers: { 'WWW-Authenticate': `Digest realm="r", nonce="${nonce}"` } };
      const answer = inner(request, peer);
      if (request.method === 'SETUP' && answer === undefined)
        return { headers: { Session: 'x; timeout=2', Transport: 'RTP/AVP/TCP;interleaved=0-1' } };
      return answer;
    });
    const stream = pull(server.url, credentials);
    await until('fragments', () => stream.fragments.length >= 1);
    nonce = 'n2';
    const before = server.requests.length;
    await until('answered', () =>
      server.requests.slice(before).some(({ headers }) => headers.get('authorization')?.includes('n2') === true),
    );
    const after = server.requests.length;
    await until('kept alive', () => server.requests.length > after);
    refuse = true;
    expect(await stream.ended).toMatchObject({ reason: 'wrong_password' });
  });

  it('tries a refused password once', async () => {
    const server = await serve(guarded());
    expect(await pull(server.url, { ...credentials, password: 'falsch' }).ended).toMatchObject({
      reason: 'wrong_password',
    });
    expect(server.requests.filter(({ headers }) => headers.has('authorization'))).toHaveLength(1);
  });
});
