import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startConsole, temporaryFolder, type RunningConsole } from '../harness/system.js';

// Attacks by strangers on the whole product, in a process of its own. Bounds of memory, not of time, but for the one
// answer that somebody else waits for meanwhile.

const boundBytes = 300_000_000;
let folder: { path: string; remove(): Promise<void> };
let running: RunningConsole;
beforeAll(async () => {
  folder = await temporaryFolder();
  running = await startConsole({ dataDir: folder.path, env: { CHOI_CANH_RECORDER: 'none' } });
});
afterAll(async () => {
  await running?.stop();
  await folder?.remove();
});

const port = () => Number(new URL(running.origin).port);

function residentBytes(): number {
  const status = readFileSync(`/proc/${running.child.process.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port(), '127.0.0.1', () => {
      socket.off('error', reject).on('error', () => undefined); // it is cut
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** How long somebody else waits for an answer, at worst, while `attack` goes on. */
async function worstAnswerMs(attack: () => Promise<void>): Promise<number> {
  let isOver = false;
  let worstMs = 0;
  const asking = (async () => {
    while (!isOver) {
      const askedAt = performance.now();
      const response = await fetch(`${running.origin}/api/health`, { signal: AbortSignal.timeout(20_000) });
      await response.arrayBuffer();
      expect(response.status).toBe(200);
      worstMs = Math.max(worstMs, performance.now() - askedAt);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await attack().finally(() => (isOver = true));
  await asking;
  return worstMs;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('pipelined requests of strangers that go away leave nothing behind', async () => {
  const ask = 'GET /api/openapi.json HTTP/1.1\r\nhost: x\r\naccept-encoding: identity\r\n\r\n';
  const afterRound: number[] = [];
  const waitedMs = await worstAnswerMs(async () => {
    for (let round = 0; round < 6; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 30 }, open));
      for (const socket of sockets) socket.write(ask.repeat(50));
      await pause(500);
      for (const socket of sockets) socket.destroy();
      await pause(200);
      afterRound.push(residentBytes());
    }
  });
  expect(Math.max(...afterRound), afterRound.join()).toBeLessThan(boundBytes);
  expect(waitedMs).toBeLessThan(5000);
});

it('answers that nobody takes cost bounded memory', async () => {
  const ask = 'GET /api/openapi.json HTTP/1.1\r\nhost: x\r\naccept-encoding: identity\r\n\r\n';
  const sockets = await Promise.all(Array.from({ length: 300 }, open));
  for (const socket of sockets) socket.pause().write(ask.repeat(8));
  const waitedMs = await worstAnswerMs(() => pause(2000).then(() => undefined));
  const bytes = residentBytes();
  for (const socket of sockets) socket.destroy();
  expect(bytes).toBeLessThan(boundBytes);
  expect(waitedMs).toBeLessThan(5000);
});

it('bodies of strangers that never end cost bounded memory', async () => {
  const head =
    'POST /api/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n';
  const sockets = await Promise.all(Array.from({ length: 300 }, open));
  for (const socket of sockets) socket.write(`${head}{"username":"${'a'.repeat(900_000)}`);
  const waitedMs = await worstAnswerMs(() => pause(2000).then(() => undefined));
  const bytes = residentBytes();
  for (const socket of sockets) socket.destroy();
  expect(bytes).toBeLessThan(boundBytes);
  expect(waitedMs).toBeLessThan(5000);
});

it('ten thousand silent connections keep nobody out', async () => {
  const sockets: Socket[] = [];
  const waitedMs = await worstAnswerMs(async () => {
    for (let batch = 0; batch < 50; batch += 1) {
      sockets.push(...(await Promise.all(Array.from({ length: 200 }, open))));
    }
  });
  const bytes = residentBytes();
  for (const socket of sockets) socket.destroy();
  expect(sockets).toHaveLength(10_000);
  expect(bytes).toBeLessThan(boundBytes);
  expect(waitedMs).toBeLessThan(5000);
});
