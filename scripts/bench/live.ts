/**
 * How soon a live picture comes and how far behind the camera it is, in Chromium through the real console, recorder and
 * cameras of the simulator, all on one clock: from the click on a tile of the wall to the first picture of the main
 * stream (which is being recorded), then the program date-time of shown pictures against now. Sub-streams, which must
 * first be pulled from the camera, are reported apart. Then the wall: from the load of its page, with no sub-stream
 * pulled before, until all tiles show a picture and until all of them move, and how far behind they are.
 */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { cameraListResponse } from '@choi-canh/shared/cameras';
import type { Page } from 'playwright-core';
import { openBrowser } from '../../test/harness/browser.js';
import { signIn } from '../../test/harness/stage.js';
import { addCameras, createArea, startConsole, waitUntilRecorded } from '../../test/harness/system.js';
import { startSimulatorProcess } from '../lib/simulator-process.js';
import { benchArguments, UsageError } from './lib/arguments.js';
import { runBench, type Bench, type BenchResult } from './lib/bench.js';
import { buildServer, builtMain, root } from './lib/built-server.js';
import { watchLivePictures, type LiveWatch } from './lib/live-watch.js';

const options = benchArguments('live', 'Live pictures in Chromium: click to first picture, delay behind the camera.', {
  cameras: { kind: 'number', fallback: 6, min: 0, max: 16, help: 'how many are clicked' },
  rounds: { kind: 'number', fallback: 2, min: 1, max: 20, help: 'clicks on each: the first is cold, the others warm' },
  seconds: { kind: 'number', fallback: 6, min: 2, max: 60, help: 'each is watched after its first picture' },
  wall: { kind: 'number', fallback: 16, min: 0, max: 16, help: 'tiles of the wall, 4, 9 or 16; 0: none' },
  wallrounds: { kind: 'number', fallback: 3, min: 1, max: 20, help: 'loads of the wall, each with cold sub-streams' },
  wallseconds: { kind: 'number', fallback: 30, min: 5, max: 600, help: 'it is watched after all tiles move' },
  bitrate: { kind: 'bitrate', fallback: 1500, help: 'of the main streams: 1.5M, 1500k' },
});

/** The player needs so long until its distance is what it will be. */
const settleMs = 2000;
const firstPictureMs = 30_000;
const wallMs = 60_000;
const password = 'mat-khau-thu-nghiem';

function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
const median = (values: readonly number[]) => percentile(values, 0.5);
const whole = (value: number | null) => (value === null ? null : Math.round(value));
const load = () => Math.round((loadavg()[0] ?? 0) * 10) / 10;
const spread = (values: readonly number[]) =>
  `median ${whole(median(values)) ?? '–'} ms, nine of ten within ${whole(percentile(values, 0.9)) ?? '–'} ms (${values.length})`;

async function firstPicture(watch: LiveWatch, click: () => Promise<void>): Promise<number> {
  await watch.begin();
  await click();
  return watch.firstPictureMs(firstPictureMs);
}

async function measureMain(bench: Bench, page: Page, watch: LiveWatch, origin: string, names: Map<string, string>) {
  const cold: number[] = [];
  const warm: number[] = [];
  const behind: number[] = [];
  for (let round = 0; round < options.rounds; round += 1)
    for (const [cameraId, name] of names) {
      await page.goto(`${origin}/live?n=4&cams=${cameraId}`);
      await page.locator(`article[data-camera-id="${cameraId}"] [data-video-state="playing"]`).waitFor();
      const tile = page.getByRole('button', { name: `Phóng to ${name}`, exact: true });
      const firstMs = await firstPicture(watch, () => tile.click());
      (round === 0 ? cold : warm).push(firstMs);
      await bench.sleep(settleMs);
      const samples = await watch.behindMs(options.seconds * 1000);
      behind.push(...samples);
      bench.say(`  ${name}: first picture ${Math.round(firstMs)} ms, then ${whole(median(samples)) ?? '–'} ms behind`);
    }
  return { cold, warm, behind };
}

async function measureSub(bench: Bench, page: Page, watch: LiveWatch, origin: string, names: Map<string, string>) {
  const first: number[] = [];
  const behind: number[] = [];
  for (const [cameraId, name] of names) {
    await page.goto(`${origin}/cameras/${cameraId}`);
    const light = page.getByText('Hình nhẹ', { exact: true });
    await light.waitFor();
    await page.locator('[data-video-state="playing"]').waitFor();
    first.push(await firstPicture(watch, () => light.click()));
    await bench.sleep(settleMs);
    behind.push(...(await watch.behindMs(2000)));
    bench.say(`  ${name}, sub-stream: first picture ${Math.round(first.at(-1) ?? 0)} ms`);
  }
  return { first, behind };
}

async function measureWall(bench: Bench, page: Page, watch: LiveWatch, origin: string, isCold: () => Promise<boolean>) {
  const pictures: number[] = [];
  const moving: number[] = [];
  const behind: number[] = [];
  const stillAges: number[] = [];
  let stills = 0;
  for (let round = 0; round < options.wallrounds; round += 1) {
    await page.goto('about:blank');
    await bench.until('cold sub-streams', 60_000, async () => ((await isCold()) ? true : undefined));
    await page.goto(`${origin}/live?n=${options.wall}`);
    const tiles = await bench.until('a moving wall', wallMs, async () => {
      const seen = await watch.wall();
      return seen.length >= options.wall && seen.every(({ movingMs }) => movingMs !== undefined) ? seen : undefined;
    });
    const of = (key: 'pictureMs' | 'movingMs') => tiles.map((tile) => tile[key] ?? Infinity).sort((a, b) => a - b);
    const ages = tiles.flatMap(({ stillAgeMs }) => stillAgeMs ?? []);
    const samples = await watch.behindMs(options.wallseconds * 1000);
    pictures.push(of('pictureMs').at(-1) ?? Infinity);
    moving.push(of('movingMs').at(-1) ?? Infinity);
    stillAges.push(...ages);
    stills += tiles.filter(({ pictureMs, movingMs }) => movingMs! - pictureMs! > 500).length;
    behind.push(...samples);
    bench.say(
      `  round ${round + 1}: pictures within ${whole(pictures.at(-1)!)} ms (half ${whole(median(of('pictureMs')))}), all move within ${whole(moving.at(-1)!)} ms (half ${whole(median(of('movingMs')))}), behind ${spread(samples)}, 95 % within ${whole(percentile(samples, 0.95)) ?? '–'} ms, load ${load()}`,
    );
  }
  return { pictures, moving, behind, stillAges, stills };
}

async function main(bench: Bench): Promise<BenchResult> {
  if (!existsSync(join(root, 'client/dist/index.html')))
    throw new UsageError('the client is not built: npm run build -w client');
  await buildServer(bench.say, bench.signal);
  // The console serves the client that stands beside it.
  const served = join(dirname(builtMain), '../../client/dist');
  rmSync(served, { recursive: true, force: true });
  cpSync(join(root, 'client/dist'), served, { recursive: true });
  const media = ['--bitrate-kbps', String(options.bitrate), '--discovery-port', '0'];
  const cameraCount = Math.max(options.cameras, options.wall);
  bench.say(`Starting ${cameraCount} simulated cameras …`);
  const simulator = await startSimulatorProcess(['--cameras', String(cameraCount), ...media], (child) =>
    bench.onEnd(child.name, () => child.stop()),
  );
  const system = await startConsole({
    dataDir: join(bench.folder, 'data'),
    main: [builtMain],
    env: { CHOI_CANH_DISCOVERY_PORT: String(simulator.discoveryPort) },
  });
  bench.onEnd('console', () => system.stop());
  const area = await createArea(system.administrator, 'Chí Đám');
  const cameras = await addCameras(system.administrator, area.id, simulator.cameras);
  const ids = cameras.map(({ id }) => id);
  await waitUntilRecorded(system.administrator, ids);
  const { items } = await system.administrator.get('/api/cameras', cameraListResponse);
  const clicked = items.filter(({ id }) => ids.slice(0, options.cameras).includes(id));
  const names = new Map(clicked.map(({ id, name }) => [id, name]));
  const withSub = new Map(clicked.flatMap(({ id, name, sub }) => (sub === null ? [] : [[id, name] as const])));

  const browser = await openBrowser({ origin: system.origin });
  bench.onEnd('browser', () => browser.close());
  const { page } = browser;
  await signIn(page, system.origin, 'quantri', password);
  const watch = await watchLivePictures(page);
  // The first page of a browser compiles everything.
  await page.goto(`${system.origin}/live?n=4`);
  await page.locator('[data-video-state="playing"]').first().waitFor({ timeout: 60_000 });
  // A few seconds of footage, so that the newest group of pictures is there.
  await bench.sleep(6000);

  const busyBefore = load();
  bench.say('Main streams, which are being recorded:');
  const shown = await measureMain(bench, page, watch, system.origin, names);
  bench.say('Sub-streams, which are pulled from the camera for this:');
  const sub = await measureSub(bench, page, watch, system.origin, withSub);
  bench.say(`The wall of ${options.wall}, cold:`);
  const wall =
    options.wall === 0
      ? undefined
      : await measureWall(bench, page, watch, system.origin, async () => (await simulator.load()).subReceivers === 0);
  const first = [...shown.cold, ...shown.warm];
  bench.say(`Click to first picture, main: ${spread(first)}; nobody had watched before: ${spread(shown.cold)}`);
  bench.say(`Behind the camera, main: ${spread(shown.behind)}`);
  bench.say(`Click to first picture, sub-stream: ${spread(sub.first)}; behind: ${spread(sub.behind)}`);
  return {
    json: {
      bench: 'live',
      cameras: options.cameras,
      // Pictures are decoded in software: a machine with other work to do shows them later.
      loadAverage: busyBefore,
      loadAverageAtEnd: load(),
      clicks: first.length,
      firstFrameMsP50: whole(median(first)),
      firstFrameMsP90: whole(percentile(first, 0.9)),
      firstFrameColdMsP50: whole(median(shown.cold)),
      behindMsP50: whole(median(shown.behind)),
      behindMsP90: whole(percentile(shown.behind, 0.9)),
      subFirstFrameMsP50: whole(median(sub.first)),
      subFirstFrameMsP90: whole(percentile(sub.first, 0.9)),
      subBehindMsP50: whole(median(sub.behind)),
      ...(wall === undefined
        ? {}
        : {
            wallTiles: options.wall,
            wallRounds: options.wallrounds,
            wallFirstPicturesMs: whole(median(wall.pictures)),
            wallMovingMs: whole(median(wall.moving)),
            wallStills: wall.stills,
            wallStillAgeMsMax: wall.stillAges.length === 0 ? null : whole(Math.max(...wall.stillAges)),
            wallBehindMsP50: whole(median(wall.behind)),
            wallBehindMsP95: whole(percentile(wall.behind, 0.95)),
          }),
    },
    ...(options.cameras > 0 && (first.length === 0 || shown.behind.length === 0)
      ? { invalid: 'no picture was measured' }
      : {}),
  };
}

const seconds =
  options.cameras * options.rounds * (options.seconds + 40) +
  options.cameras * 60 +
  options.wallrounds * (options.wallseconds + 120) +
  300;
await runBench({ name: 'live', json: options.json, limitMs: seconds * 1000, parent: options.folder }, main);
