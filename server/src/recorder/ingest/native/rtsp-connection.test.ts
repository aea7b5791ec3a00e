import { afterEach, expect, it } from 'vitest';
import { measureHoldings } from '../../../../../test/harness/holdings.js';
import { loopbackRules } from '../../../lib/loopback.test-harness.js';
import { IngestFailure } from '../ingest-failure.js';
import { RtspConnection } from './rtsp-connection.js';
import { scriptedServer, until, type Script, type ScriptedServer } from './rtsp.test-harness.js';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function connected(script?: Script): Promise<{ server: ScriptedServer; connection: RtspConnection }> {
  const server = await scriptedServer(script);
  stops.push(() => server.close());
  const connection = await RtspConnection.open({
    address: new URL(server.url),
    credentials: { username: '', password: '' },
    rules: loopbackRules,
    allowPlainPassword: () => false,
    onDigest: () => undefined,
    signal: new AbortController().signal,
    onPacket: () => undefined,
    onReadEnd: () => undefined,
  });
  stops.push(() => connection.close(undefined));
  return { server, connection };
}

it('keeps nothing of the requests that were answered, however long it lasts', async () => {
  const { server, connection } = await connected();
  const keepAlive = async (times: number) => {
    for (let count = 0; count < times; count += 1) await connection.request('GET_PARAMETER', server.url);
    server.requests.length = 0;
    return measureHoldings().heapBytes;
  };
  await keepAlive(500);
  const before = await keepAlive(500);
  const requests = 4000;
  expect((await keepAlive(requests)) - before).toBeLessThan(requests * 250);
});

it.each<[string, (one: RtspConnection) => void, string]>([
  ['fails', (one) => one.fail(new IngestFailure('stream_ended', 'd')), 'stream_ended'],
  ['is closed', (one) => one.close(undefined), 'no_stream'],
])('tells all who wait for an answer when it %s, and who asks afterwards', async (_, end, reason) => {
  const { server, connection } = await connected(() => 'silence');
  const failure = expect.objectContaining({ reason }) as unknown;
  const waiting = ['OPTIONS', 'DESCRIBE'].map((method) =>
    expect(connection.request(method, server.url)).rejects.toEqual(failure),
  );
  await until('asked', () => server.requests.length === 2);
  end(connection);
  await Promise.all([...waiting, expect(connection.lost).rejects.toEqual(failure)]);
  await expect(connection.request('OPTIONS', server.url)).rejects.toEqual(failure);
});
