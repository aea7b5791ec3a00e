/**
 * How soon a page can be used over a slow line, in Chromium through the real console: cold cache, 1.6 Mbit/s, 150 ms.
 * "Usable" is the sign-in with its fields and its button on the screen and taking keys. Bytes are those on the wire.
 */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import type { CDPSession } from 'playwright-core';
import { openBrowser } from '../../test/harness/browser.js';
import { startConsole } from '../../test/harness/system.js';
import { benchArguments, UsageError } from './lib/arguments.js';
import { runBench, type Bench, type BenchResult } from './lib/bench.js';
import { buildServer, builtMain, root } from './lib/built-server.js';

const options = benchArguments('pages', 'The sign-in over a slow line in Chromium: time until it can be used, bytes.', {
  rounds: { kind: 'number', fallback: 5, min: 1, max: 50, help: 'cold visits, each in a browser of its own' },
  kbps: { kind: 'number', fallback: 1600, min: 64, max: 1_000_000, help: 'of the line, both ways' },
  latency: { kind: 'number', fallback: 150, min: 0, max: 2000, help: 'ms of a round trip' },
});

const usableWithinMs = 60_000;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

async function slow(devTools: CDPSession): Promise<void> {
  const bytesPerSecond = (options.kbps * 1000) / 8;
  await devTools.send('Network.enable');
  await devTools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: options.latency,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
}

/** One cold visit to the start address, as who was given nothing else. */
async function visit(origin: string): Promise<{ usableMs: number; bytes: number; requests: number }> {
  const browser = await openBrowser({ origin, width: 1366, height: 768 });
  try {
    const { page, context } = browser;
    const devTools = await context.newCDPSession(page);
    await slow(devTools);
    let bytes = 0;
    let requests = 0;
    devTools.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
      requests += 1;
    });
    const startedAtMs = performance.now();
    await page.goto(origin, { waitUntil: 'commit', timeout: usableWithinMs });
    const name = page.getByLabel('Tên đăng nhập');
    await name.fill('quantri', { timeout: usableWithinMs });
    await page.getByRole('button', { name: 'Đăng nhập' }).waitFor();
    const usableMs = performance.now() - startedAtMs;
    await page.waitForLoadState('networkidle', { timeout: usableWithinMs });
    return { usableMs, bytes, requests };
  } finally {
    await browser.close();
  }
}

async function main(bench: Bench): Promise<BenchResult> {
  if (!existsSync(join(root, 'client/dist/index.html')))
    throw new UsageError('the client is not built: npm run build -w client');
  await buildServer(bench.say, bench.signal);
  // The console serves the client that stands beside it.
  const served = join(dirname(builtMain), '../../client/dist');
  rmSync(served, { recursive: true, force: true });
  cpSync(join(root, 'client/dist'), served, { recursive: true });
  const system = await startConsole({
    dataDir: join(bench.folder, 'data'),
    main: [builtMain],
    env: { CHOI_CANH_RECORDER: 'none' },
  });
  bench.onEnd('console', () => system.stop());
  // The first browser of a machine reads itself from the disk.
  await visit(system.origin);
  const visits: Awaited<ReturnType<typeof visit>>[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const seen = await visit(system.origin);
    visits.push(seen);
    const load = loadavg()[0]?.toFixed(1) ?? '–';
    bench.say(
      `  visit ${round + 1}: usable after ${Math.round(seen.usableMs)} ms, ${seen.bytes} bytes in ${seen.requests} requests, load ${load}`,
    );
  }
  const usable = visits.map(({ usableMs }) => usableMs);
  const json = {
    bench: 'pages',
    kbps: options.kbps,
    latencyMs: options.latency,
    rounds: options.rounds,
    signInUsableMs: Math.round(median(usable)),
    signInUsableMsMax: Math.round(Math.max(...usable)),
    signInBytes: median(visits.map(({ bytes }) => bytes)),
    signInRequests: median(visits.map(({ requests }) => requests)),
  };
  bench.say(
    `The sign-in can be used after ${json.signInUsableMs} ms (slowest ${json.signInUsableMsMax} ms) at ${options.kbps} kbit/s and ${options.latency} ms; ${json.signInBytes} bytes.`,
  );
  return { json };
}

await runBench({ name: 'pages', json: options.json, limitMs: 10 * 60_000, parent: options.folder }, main);
