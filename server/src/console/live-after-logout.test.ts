import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLogger } from '../lib/logger.js';
import { startTestConsole, until, type TestConsole } from './auth/auth.test-harness.js';
import type { CamerasService } from './cameras/cameras.service.js';
import { liveRoutes } from './cameras/live.routes.js';
import { MediaForwarder } from './recorders/media-forwarder.js';
import { createRecorderClient, type RecorderClient } from './recorders/recorder-client.js';

const camera = randomUUID();
/** A recorder that waits for the next part of a live picture, which never comes. */
const waiting = new Map<string, 'asked' | 'left'>();
let recorder: Server;
let client: RecorderClient;
let testConsole: TestConsole;

beforeAll(async () => {
  recorder = createServer((request, response) => {
    const address = request.url ?? '';
    waiting.set(address, 'asked');
    response.once('close', () => waiting.set(address, 'left'));
  });
  recorder.listen(0, '127.0.0.1');
  await once(recorder, 'listening');
  const { port } = recorder.address() as AddressInfo;
  client = createRecorderClient({ url: `http://127.0.0.1:${port}`, access: { kind: 'token', token: 'k'.repeat(32) } });
  const cameras = {
    require: () => Promise.resolve({ row: { id: camera, recorderId: 'r' } }),
    recordersOf: () => Promise.resolve(new Map([[camera, 'r']])),
  };
  const routes = liveRoutes(cameras as unknown as CamerasService, new MediaForwarder(() => client, silentLogger), {
    begin: () => Promise.resolve(() => undefined),
  });
  testConsole = await startTestConsole({ routes });
  await testConsole.administrator();
});
afterAll(async () => {
  await testConsole.stop();
  client.close();
  recorder.closeAllConnections();
  recorder.close();
});

it('ends the answer that carries a wall when its viewer signs out', async () => {
  const browser = testConsole.browser();
  waiting.clear();
  expect((await browser.signIn('quantri')).ok).toBe(true);
  const answer = await browser.send('GET', `/api/live?streams=${camera}.sub`);
  expect(answer.status).toBe(200);
  let outcome = 'open';
  void answer.arrayBuffer().then(
    () => (outcome = 'ended'),
    () => (outcome = 'cut'),
  );
  await until(() => [...waiting.values()].includes('asked'));
  expect(outcome).toBe('open');
  expect((await browser.send('DELETE', '/api/session')).status).toBe(204);
  await until(() => outcome !== 'open' && [...waiting.values()].every((side) => side === 'left'));
  expect((await browser.send('GET', `/api/live?streams=${camera}.sub`)).status).toBe(401);
});

it.each([
  ['a playlist', 'playlist.m3u8?latency=low&_HLS_msn=7&_HLS_part=1'],
  ['a part', '7-1.m4s'],
])('ends the wait for %s of a live picture when its viewer signs out, and no other viewer’s', async (_name, file) => {
  const [leaving, staying] = [testConsole.browser(), testConsole.browser()];
  waiting.clear();
  const outcomes = new Map<string, string>();
  for (const [name, browser] of [
    ['leaving', leaving],
    ['staying', staying],
  ] as const) {
    expect((await browser.signIn('quantri')).ok).toBe(true);
    const address = `/api/cameras/${camera}/live/${name === 'leaving' ? 'main' : 'sub'}/${file}`;
    void browser.send('GET', address).then(
      (answer) => outcomes.set(name, String(answer.status)),
      () => outcomes.set(name, 'cut'),
    );
  }
  const sideOf = (stream: string) => [...waiting].find(([address]) => address.includes(`/live/${stream}/`))?.[1];
  await until(() => sideOf('main') === 'asked' && sideOf('sub') === 'asked');

  expect((await leaving.send('DELETE', '/api/session')).status).toBe(204);
  // Ten seconds are the promise; it comes at once, and `until` gives it five.
  await until(() => outcomes.get('leaving') === 'cut' && sideOf('main') === 'left');
  expect(outcomes.has('staying')).toBe(false);
  expect(sideOf('sub')).toBe('asked');
  await staying.send('DELETE', '/api/session');
  await until(() => outcomes.get('staying') === 'cut' && sideOf('sub') === 'left');
});
