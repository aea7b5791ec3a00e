import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeRecorder } from './fake-recorder.js';
import { createRecorderClient, type RecorderClient } from './recorder-client.js';

/** As many as one recorder sends media on at once. */
const mediaConnections = 256;
let recorder: FakeRecorder;
let client: RecorderClient;
let watched: IncomingMessage[];

beforeEach(async () => {
  recorder = new FakeRecorder();
  recorder.endlessMedia = true;
  await recorder.start();
  client = createRecorderClient({
    url: recorder.url,
    access: { kind: 'token', token: recorder.token },
    statusTimeoutMs: 20_000,
  });
  watched = await Promise.all(Array.from({ length: mediaConnections }, () => look()));
  expect(recorder.openMedia).toBe(mediaConnections);
});
afterEach(async () => {
  client.close();
  await recorder.stop();
});

async function look(signal?: AbortSignal): Promise<IncomingMessage> {
  const answer = await client.media(randomUUID(), 'live/main/1.m4s', { signal });
  return answer.on('error', () => undefined);
}

it('is heard and told while viewers have every connection for media', async () => {
  expect((await client.status()).status).toMatchObject({ sequence: 0 });
  expect(await client.events(0, 0)).toEqual({ events: [], sequence: 0 });
  const wanted = { consoleId: randomUUID(), revision: 1, base: null, cameras: [], removed: [], minFreeBytes: 0 };
  expect(await client.putDesiredState(wanted)).toMatchObject({ revision: 1 });
  await client.confirmClock();
});

it('lets go of a viewer who leaves before there is a connection', async () => {
  const viewer = new AbortController();
  const looking = look(viewer.signal);
  const left = new Error('left');
  viewer.abort(left);
  await expect(looking).rejects.toBe(left);
  await expect(look(viewer.signal)).rejects.toBe(left);
  expect(recorder.openMedia).toBe(mediaConnections);
  watched[0]?.destroy();
  expect((await look()).statusCode).toBe(200);
});
