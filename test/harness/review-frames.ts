// Which pictures a review shows, read from the pixels on the screen, against the stamps of what was recorded.
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { categoryListResponse, incidentResponse } from '@choi-canh/shared/incidents';
import { expect } from 'vitest';
import { frameCodeBits, frameCodeBoxes, frameCodeHeight } from '../../scripts/camera-simulator/scenes/frame-code.js';
import type { FrameStamp } from '../../scripts/camera-simulator/sei.js';
import type { ApiClient } from '../../scripts/lib/api-client.js';
import { recordedFrames } from './recorded-frames.js';
import type { Screen } from './screen.js';
import { openStage, type Stage } from './stage.js';
import { addCameras, createAccount, createArea, waitUntilRecorded } from './system.js';
import { waitFor } from './wait.js';

/** Three with a keyframe every two seconds, one of them with B-frames, and one with a keyframe every ten. */
const cameraNumbers = [1, 2, 3, 6];
const framesPerSecond = 10;
const media = ['--width', '704', '--height', '396', '--fps', String(framesPerSecond), '--bitrate-kbps', '300'];

export interface ReviewStage {
  stage: Stage;
  officer: { api: ApiClient; username: string; password: string };
  incidentId: string;
  cameras: { id: string; number: number }[];
  /** From here on every camera was recorded. */
  fromMs: number;
  /** What was recorded of each camera, by time. */
  recorded: ReadonlyMap<number, readonly RecordedPicture[]>;
}

/** A frame as it was recorded: what the camera stamped it with, and the number that ffmpeg sees in its picture. */
export interface RecordedPicture extends FrameStamp {
  code: number;
}

/** Console, recorder and four cameras whose pictures carry their number; resolves once `seconds` were recorded. */
export async function openReviewStage(seconds: number): Promise<ReviewStage> {
  const stage = await openStage({ cameras: Math.max(...cameraNumbers), media: [...media, '--frame-code'] });
  try {
    const { system, simulator } = stage;
    const area = await createArea(system.administrator, 'Chí Đám');
    const chosen = simulator.cameras.filter((camera) => cameraNumbers.includes(camera.number));
    const added = await addCameras(system.administrator, area.id, chosen);
    await waitUntilRecorded(
      system.administrator,
      added.map(({ id }) => id),
    );
    const officer = await createAccount(system, 'congan', 'commune_officer', area.id);
    const { items } = await officer.api.get('/api/categories', categoryListResponse);
    const incident = await officer.api.post('/api/incidents', incidentResponse, {
      areaId: area.id,
      occurredAt: new Date().toISOString(),
      place: 'Ngã ba chợ',
      category: items[0]?.code ?? '',
    });
    const cameras = chosen.map((camera, index) => ({ id: added[index]?.id ?? '', number: camera.number }));
    const all = async () => {
      const stamps = await recordedFrames(stage.folder);
      return cameraNumbers.map((number) => stamps.filter((stamp) => stamp.cameraNumber === number));
    };
    const fromMs = await waitFor('every camera has recorded something', async () => {
      const starts = (await all()).map((list) => list[0]?.utcMs);
      return starts.every((start) => start !== undefined) && Math.max(...(starts as number[]));
    });
    await waitFor(
      `${seconds} s are recorded`,
      async () => (await all()).every((list) => (list.at(-1)?.utcMs ?? 0) - fromMs > seconds * 1000),
      seconds * 1000 + 60_000,
      1000,
    );
    const recorded = await recordedPictures(stage.folder);
    return { stage, officer, incidentId: incident.id, cameras, fromMs, recorded };
  } catch (error) {
    await stage.close();
    throw error;
  }
}

const exec = promisify(execFile);

/** The numbers in a footage file's pictures, in order of presentation. */
async function codesIn(path: string): Promise<number[]> {
  const row = `crop=iw:ih*${frameCodeHeight}:0:ih*${1 - frameCodeHeight},scale=${frameCodeBoxes}:1:flags=area,format=gray`;
  const { stdout } = await exec(
    'ffmpeg',
    ['-nostdin', '-v', 'quiet', '-i', path, '-fps_mode', 'passthrough', '-vf', row, '-f', 'rawvideo', '-'],
    { encoding: 'buffer', maxBuffer: 16 * 1024 * 1024 },
  );
  return Array.from({ length: Math.floor(stdout.length / frameCodeBoxes) }, (_, frame) => {
    let code = 0;
    for (let bit = 0; bit < frameCodeBits; bit++)
      if ((stdout[frame * frameCodeBoxes + 2 + bit] ?? 0) > 128) code += 2 ** bit;
    return code;
  });
}

/** Stamps and pictures of every footage file below the folder, by camera. */
async function recordedPictures(folder: string): Promise<Map<number, RecordedPicture[]>> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.mp4'));
  const pictures: RecordedPicture[] = [];
  for (const name of files) {
    // A file that is being written ends somewhere; the copy does not grow between the two looks at it.
    const copy = await mkdtemp(join(tmpdir(), 'choi-canh-frames-'));
    try {
      await copyFile(join(folder, name), join(copy, 'footage.mp4'));
      const stamps = await recordedFrames(copy);
      const codes = await codesIn(join(copy, 'footage.mp4'));
      codes.forEach((code, index) => {
        const stamp = stamps[index];
        if (stamp !== undefined) pictures.push({ ...stamp, code });
      });
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  }
  pictures.sort((a, b) => a.utcMs - b.utcMs);
  return new Map(cameraNumbers.map((number) => [number, pictures.filter((one) => one.cameraNumber === number)]));
}

export interface TileView {
  phase: string;
  /** Number read from the pixels of the video on top; undefined where there is none to be read. */
  code?: number;
  wallMs: number;
  label: string;
}

/** What each tile shows now. */
export function tilesOn(screen: Screen, cameras: readonly { id: string }[]): Promise<TileView[]> {
  return screen.evaluate(`(() => {
    const boxes = ${frameCodeBoxes}, bits = ${frameCodeBits};
    return ${JSON.stringify(cameras.map(({ id }) => id))}.map((id) => {
      const tile = document.querySelector('[data-testid="review-tile-' + id + '"]');
      const video = tile?.querySelector('video[data-on-top]');
      if (!tile || !video) return { phase: 'absent', wallMs: NaN, label: '' };
      const view = {
        phase: tile.dataset.phase,
        wallMs: Number(video.dataset.wallMs),
        label: tile.querySelector('[data-testid="review-time"]')?.textContent ?? '',
      };
      if (video.videoWidth === 0) return view;
      const canvas = document.createElement('canvas');
      canvas.width = boxes * 16;
      canvas.height = 16;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      const high = video.videoHeight * ${frameCodeHeight};
      context.drawImage(video, 0, video.videoHeight - high, video.videoWidth, high, 0, 0, canvas.width, 16);
      const { data } = context.getImageData(0, 0, canvas.width, 16);
      const isWhite = (box) => data[(8 * canvas.width + box * 16 + 8) * 4] > 128;
      if (!isWhite(0) || isWhite(1)) return view;
      let code = 0;
      for (let bit = 0; bit < bits; bit++) if (isWhite(bit + 2)) code += 2 ** bit;
      return { ...view, code };
    });
  })()`);
}

/** The instant of the clock as the address has it, once the clock stands. */
export function addressMs(screen: Screen, name = 'at'): number | undefined {
  const text = new URL(screen.url()).searchParams.get(name);
  return text === null ? undefined : Date.parse(text);
}

/** Waits until the clock stands and the address says where. */
async function standingAt(screen: Screen): Promise<number> {
  return waitFor('the clock stands and the address says where', async () => {
    const clockMs = await screen.evaluate<number>(
      `Number(document.querySelector('[data-testid="review-clock"]').dataset.atMs)`,
    );
    const atMs = addressMs(screen);
    // The clock's face is cut to tenths; the address is rounded up.
    return atMs !== undefined && atMs >= clockMs && atMs <= clockMs + 101 && atMs;
  });
}

/** The stamps that may be shown at an instant: two where it is within rounding of the border. */
function shownAt(stamps: readonly RecordedPicture[], atMs: number): RecordedPicture[] {
  const index = stamps.findLastIndex((stamp) => stamp.utcMs <= atMs + 1);
  const [last, before] = [stamps[index], stamps[index - 1]];
  if (last === undefined) throw new Error(`nothing was recorded at ${new Date(atMs).toISOString()}`);
  return last.utcMs >= atMs - 1 && before !== undefined ? [last, before] : [last];
}

const time = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Ho_Chi_Minh', timeStyle: 'medium' });

/** Every tile shows the frame of the clock's instant: its pixels, and the time that is written beside its name. */
export async function expectExactFrames(screen: Screen, review: ReviewStage, what: string): Promise<number> {
  const startedMs = performance.now();
  let atMs = Number.NaN;
  let tiles: TileView[] = [];
  let expected: RecordedPicture[][] = [];
  const codesOf = (index: number) => (expected[index] ?? []).map(({ code }) => code);
  const isRight = (tile: TileView, index: number) =>
    tile.phase === 'ready' && tile.code !== undefined && codesOf(index).includes(tile.code);
  await waitFor(
    `${what}: each tile shows the frame of the clock`,
    async () => {
      // The address follows the clock half a second later.
      atMs = await standingAt(screen);
      expected = review.cameras.map(({ number }) => shownAt(review.recorded.get(number) ?? [], atMs));
      tiles = await tilesOn(screen, review.cameras);
      return tiles.every(isRight);
    },
    30_000,
    50,
  ).catch((error: unknown) => {
    const lines = tiles.map((tile, index) => `${JSON.stringify(tile)} expected ${codesOf(index).join(' or ')}`);
    throw new Error(`${(error as Error).message}, ${atMs}\n${lines.join('\n')}`, { cause: error });
  });
  for (const [index, tile] of tiles.entries()) {
    const stamp = expected[index]?.find(({ code }) => code === tile.code);
    expect(Math.abs(tile.wallMs - (stamp?.utcMs ?? 0)), `${what}: time of the picture`).toBeLessThanOrEqual(1.5);
    expect(tile.label, `${what}: label`).toContain(time.format(tile.wallMs));
  }
  return performance.now() - startedMs;
}
