import { join } from 'node:path';
import { coverageResponse, openingResponse } from '@choi-canh/shared/footage';
import { cameraListResponse } from '@choi-canh/shared/cameras';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { missingFrames, shownFrames } from '../harness/clip-frames.js';
import { readPlaylist, saveSegments } from '../harness/playlist.js';
import { recorderPid } from '../harness/processes.js';
import { openStage, type Stage } from '../harness/stage.js';
import {
  addCameras,
  createArea,
  startConsole,
  waitUntilRecorded,
  type RunningConsole,
  type RunningSimulator,
} from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

let stage: Stage;
let simulator: RunningSimulator;
let system: RunningConsole;

beforeAll(async () => {
  stage = await openStage({ cameras: 2 });
  ({ simulator, system } = stage);
});
afterAll(async () => {
  await system?.stop();
  await stage?.close();
});

/** The recorder did not run at an instant: the gap around it has that reason, all of it, from footage to footage. */
async function expectStopped(cameraId: string, atMs: number): Promise<void> {
  const from = new Date(atMs - 10_000).toISOString();
  const { gap, recorded } = await waitFor(
    'there is footage from after it, and the reason is known',
    async () => {
      const path = `/api/coverage?cameraIds=${cameraId}&from=${from}&to=${new Date().toISOString()}`;
      const [found] = (await system.administrator.get(path, coverageResponse)).items;
      const around = found?.gaps.find((one) => Date.parse(one.from) <= atMs && Date.parse(one.to) > atMs);
      const isBack = found?.recorded.some((range) => Date.parse(range.from) > atMs) === true;
      return isBack && around?.reason === 'recorder_stopped' && { gap: around, recorded: found.recorded };
    },
    60_000,
  );
  expect(recorded.map((range) => range.to)).toContain(gap.from);
  expect(recorded.map((range) => range.from)).toContain(gap.to);
}

it('plays back to within 2 s of a SIGKILL of the recorder, and goes on recording by itself', async () => {
  const api = system.administrator;
  const area = await createArea(api, 'Chí Đám');
  const cameras = await addCameras(api, area.id, simulator.cameras);
  await waitUntilRecorded(
    api,
    cameras.map((camera) => camera.id),
  );
  const startedAtMs = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const killedAtMs = Date.now();
  process.kill(recorderPid(system.child.process.pid ?? 0), 'SIGKILL');

  for (const [index, camera] of cameras.entries()) {
    const opening = await waitFor(
      'the recorder is back and has footage from after the kill',
      async () => {
        const answer = await api.post('/api/openings', openingResponse, {
          cameraIds: [camera.id],
          from: new Date(startedAtMs - 1000).toISOString(),
          to: new Date(killedAtMs + 600_000).toISOString(),
          purpose: 'Kiểm tra sau sự cố mất điện',
        });
        const newestAt = answer.cameras[0]?.newestAt ?? null;
        return newestAt !== null && Date.parse(newestAt) > killedAtMs + 1000 && answer;
      },
      60_000,
      1000,
    );
    const query = `from=${encodeURIComponent(opening.from)}&to=${encodeURIComponent(opening.to)}`;
    const segments = await readPlaylist(api, `/api/openings/${opening.id}/cameras/${camera.id}/playlist.m3u8?${query}`);
    const firstAfter = segments.findIndex((segment, at) => at > 0 && segment.discontinuity);
    expect(firstAfter, 'the gap of the kill is a discontinuity').toBeGreaterThan(0);
    const path = join(stage.folder, `before-${index}.mp4`);
    await saveSegments(api, segments.slice(0, firstAfter), path);
    const frames = await shownFrames(path);
    const last = frames.at(-1);
    expect(last?.utcMs).toBeLessThanOrEqual(killedAtMs);
    expect(killedAtMs - (last?.utcMs ?? 0)).toBeLessThanOrEqual(2000);
    expect(missingFrames(frames)).toBe(0);
    expect(new Set(frames.map((frame) => frame.cameraNumber))).toEqual(new Set([simulator.cameras[index]?.number]));
    await expectStopped(camera.id, killedAtMs);
  }
});

it('says the same where all of it was stopped and started again', async () => {
  const { items } = await system.administrator.get('/api/cameras', cameraListResponse);
  await system.stop();
  // The last picture lasts until the next one would have come, which may be after the stop.
  const stoppedAtMs = Date.now() + 500;
  system = await startConsole({
    dataDir: stage.folder,
    env: { CHOI_CANH_DISCOVERY_PORT: String(simulator.discoveryPort) },
    signIn: true,
  });
  expect(items).toHaveLength(2);
  for (const { id } of items) await expectStopped(id, stoppedAtMs);
});
