import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { descendants } from '../harness/processes.js';
import { openStage, type Stage } from '../harness/stage.js';
import {
  addCameras,
  createArea,
  waitUntilRecorded,
  type RunningConsole,
  type RunningSimulator,
} from '../harness/system.js';

let stage: Stage;
let simulator: RunningSimulator;
let system: RunningConsole;

beforeAll(async () => {
  stage = await openStage({ cameras: 66, env: { CHOI_CANH_ENGINE: 'ffmpeg' } });
  ({ simulator, system } = stage);
});
afterAll(async () => {
  await stage?.close();
});

it('shows no password in any command line or environment while 66 cameras record through 66 ffmpeg processes', async () => {
  const api = system.administrator;
  const area = await createArea(api, 'Chí Đám');
  const cameras = await addCameras(api, area.id, simulator.cameras);
  expect(cameras).toHaveLength(66);
  await waitUntilRecorded(
    api,
    cameras.map((camera) => camera.id),
    120_000,
  );
  const passwords = [...new Set(simulator.cameras.map((camera) => camera.password))];
  expect(passwords.length).toBeGreaterThanOrEqual(6);
  const processes = descendants(system.child.process.pid ?? 0);
  expect(processes.filter(({ commandLine }) => commandLine.includes('ffmpeg')).length).toBeGreaterThanOrEqual(66);
  for (const { pid, commandLine } of processes) {
    const environment = readEnvironment(pid);
    for (const password of passwords) {
      expect(commandLine).not.toContain(password);
      expect(environment).not.toContain(password);
    }
  }
  const listed = await (await api.fetch('GET', '/api/cameras')).text();
  for (const password of passwords) expect(listed).not.toContain(password);
});

function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}
