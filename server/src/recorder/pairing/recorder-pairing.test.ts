import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { isProof, newPairingCode, pairingProof, plainPairingCode } from '../../lib/pairing.js';
import { HttpClient } from '../../platform/http/http-client.js';
import { makeKeyCertificate, type KeyCertificate } from '../../platform/http/key-certificate.js';
import { pairingRoutes } from '../pairing-routes.js';
import { createRecorderHttp } from '../recorder-http.js';
import { PairingCodeFile } from './pairing-code-file.js';
import { RecorderPairing } from './recorder-pairing.js';

let folder: string;
let nowMs: number;
let clock: Clock;
let pairing: RecorderPairing;
let console: KeyCertificate;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-pairing-'));
  nowMs = Date.now();
  clock = { ...systemClock, nowMs: () => nowMs };
  pairing = await RecorderPairing.load(folder, clock, silentLogger);
  console = await makeKeyCertificate('console');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const makeCode = () => new PairingCodeFile(folder, clock).make();
const nonce = () => randomBytes(32).toString('hex');

/** What a console sends that sees this key of the recorder. */
function ask(code: string, given: { recorderKey?: string; takeOver?: boolean } = {}) {
  const transcript = {
    recorderKey: given.recorderKey ?? pairing.certificate.fingerprint,
    consoleKey: console.fingerprint,
    nonce: nonce(),
  };
  const proof = pairingProof(plainPairingCode(code) ?? '', 'console', transcript);
  return { transcript, body: { nonce: transcript.nonce, proof, takeOver: given.takeOver ?? false } };
}
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'paired',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
const attempt = (code: string, given?: Parameters<typeof ask>[1], from = console.fingerprint, cameras = 0) =>
  codeOf(pairing.pair(ask(code, given).body, from, cameras));

describe('a pairing code', () => {
  it('has 80 random bits, in any writing', () => {
    const code = newPairingCode();
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(new Set(Array.from({ length: 100 }, newPairingCode)).size).toBe(100);
    expect(plainPairingCode(' 7k3m q9tx-of2a ivLc ')).toBe('7K3MQ9TX0F2A1V1C');
    for (const wrong of ['', '7K3M', '7K3M-Q9TX-0F2A-JV8U', '7K3M-Q9TX-0F2A-JV8C-0']) {
      expect(plainPairingCode(wrong)).toBeUndefined();
    }
  });

  it('pairs once, with a proof that only who knows the code can give, and stays over a restart', async () => {
    const code = await makeCode();
    const { body, transcript } = ask(code);
    const answer = await pairing.pair(body, console.fingerprint, 0);
    expect(isProof(answer.proof, pairingProof(plainPairingCode(code) ?? '', 'recorder', transcript))).toBe(true);
    expect(answer.proof).not.toBe(body.proof);
    expect(pairing.isConsole(console.fingerprint)).toBe(true);
    expect(await attempt(code)).toBe('pairing_no_code');
    // A replay is a used code.
    expect(await codeOf(pairing.pair(body, console.fingerprint, 0))).toBe('pairing_no_code');
    const again = await RecorderPairing.load(folder, clock, silentLogger);
    expect(again.isConsole(console.fingerprint)).toBe(true);
    expect(again.certificate.fingerprint).toBe(pairing.certificate.fingerprint);
    for (const name of ['recorder-tls.key', 'paired-console.json']) {
      expect((await stat(join(folder, 'keys', name))).mode & 0o777).toBe(0o600);
    }
    expect(await readFile(join(folder, 'keys', 'paired-console.json'), 'utf8')).not.toContain(code);
  });

  it('does not pair somebody in the middle, whose keys are others', async () => {
    const code = await makeCode();
    const middle = await makeKeyCertificate('middle');
    // The console proves to the middle, who passes it on: seen from the recorder both keys are wrong.
    expect(await attempt(code, { recorderKey: middle.fingerprint }, middle.fingerprint)).toBe('pairing_wrong_code');
    expect(await attempt(code, { recorderKey: middle.fingerprint })).toBe('pairing_wrong_code');
    expect(await attempt(code, {}, middle.fingerprint)).toBe('pairing_wrong_code');
    expect(pairing.isPaired).toBe(false);
    expect(await attempt(code)).toBe('paired');
  });

  it('has five tries, also at once, lives for 15 minutes, and no longer when the clock is set back', async () => {
    const code = await makeCode();
    const wrong = await Promise.all(Array.from({ length: 6 }, () => attempt(newPairingCode())));
    expect(wrong).toEqual([...Array<string>(5).fill('pairing_wrong_code'), 'pairing_no_code']);
    expect(await attempt(code)).toBe('pairing_no_code');
    for (const stepMs of [15 * 60_000 + 1, -120_000]) {
      const other = await makeCode();
      nowMs += stepMs;
      expect(await attempt(other)).toBe('pairing_no_code');
    }
    const first = await makeCode();
    const last = await makeCode();
    expect(await attempt(first)).toBe('pairing_wrong_code');
    nowMs += 14 * 60_000;
    expect(await attempt(last)).toBe('paired');
  });

  it('does not take cameras from another console without being asked to, and is not used up by the question', async () => {
    expect(await attempt(await makeCode())).toBe('paired');
    const before = console;
    console = await makeKeyCertificate('another console');
    const code = await makeCode();
    expect(await attempt(code, {}, console.fingerprint, 12)).toBe('recorder_in_use');
    expect(pairing.isConsole(before.fingerprint)).toBe(true);
    expect(await attempt(code, { takeOver: true }, console.fingerprint, 12)).toBe('paired');
    expect([pairing.isConsole(before.fingerprint), pairing.isConsole(console.fingerprint)]).toEqual([false, true]);
  });
});

describe('a recorder on another machine', () => {
  async function serve() {
    const http = createRecorderHttp({
      access: {
        ...{ kind: 'keys', cert: pairing.certificate.cert, key: pairing.certificate.key },
        isConsole: (key) => pairing.isConsole(key),
      },
      ...{ host: '127.0.0.1', port: 0, logger: silentLogger, refuseOther: () => undefined },
      routes: [
        ...pairingRoutes(pairing, () => 0),
        { method: 'GET', path: '/v1/status', handle: () => Promise.resolve({ ok: true }) },
        { method: 'PUT', path: '/v1/desired-state', handle: ({ body }) => Promise.resolve(body) },
      ],
    });
    const { url } = await http.start();
    return { url, stop: () => http.stop() };
  }
  const usual = { headersMs: 3000, totalMs: 5000, maxBytes: 10_000 };

  it('answers nobody but its console, by the key of its certificate; without it only the greeting', async () => {
    const { url, stop } = await serve();
    const ask = async (path: string, identity?: KeyCertificate, more: object = {}) => {
      const http = new HttpClient({
        origin: url,
        tls: { pin: pairing.certificate.fingerprint, ...(identity === undefined ? {} : { identity }) },
      });
      const { status, body } = await http.read({ ...usual, path, ...more }).finally(() => http.close());
      return `${status} ${(JSON.parse(body.toString()) as { error?: { code: string } }).error?.code ?? ''}`.trim();
    };
    const stranger = await makeKeyCertificate('stranger');
    const token = { headers: { authorization: `Bearer ${'t'.repeat(32)}` } };
    for (const identity of [undefined, stranger, console]) {
      expect(await ask('/v1/status', identity, token)).toBe('401 console_unknown');
      expect(await ask('/v1/nothing', identity)).toBe('401 console_unknown');
      expect(await ask('/v1/pairing', identity)).toBe('200');
    }
    expect(await attempt(await makeCode())).toBe('paired');
    expect(await ask('/v1/status', console)).toBe('200');
    expect(await ask('/v1/status', stranger)).toBe('401 console_unknown');
    const put = { method: 'PUT', body: Buffer.from('{}') };
    expect(await ask('/v1/desired-state', console, { ...put, headers: { 'x-choi-canh-protocol': '1.7' } })).toBe('200');
    expect(await ask('/v1/desired-state', console, { ...put, headers: { 'x-choi-canh-protocol': '2.0' } })).toBe(
      '412 recorder_incompatible',
    );
    await expect(fetch(`${url.replace('https', 'http')}/v1/pairing`)).rejects.toThrow();
    await stop();
  });
});
