import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { holdListResponse } from '@choi-canh/shared/evidence';
import { coverageResponse } from '@choi-canh/shared/footage';
import { incidentResponse } from '@choi-canh/shared/incidents';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  addCameras,
  createArea,
  startConsole,
  startSimulator,
  temporaryFolder,
  waitUntilRecorded,
  type RunningConsole,
  type RunningSimulator,
} from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let simulator: RunningSimulator;
let system: RunningConsole;

beforeAll(async () => {
  folder = await temporaryFolder();
  simulator = await startSimulator(2);
  system = await startConsole({ dataDir: folder.path, env: { CHOI_CANH_FOOTAGE_FILE_SECONDS: '10' } });
});
afterAll(async () => {
  await system?.stop();
  await simulator?.stop();
  await folder?.remove();
});

/** Every file of the recorder's catalogue (its SQLite and what belongs to it), wherever it lies. */
function catalogueFiles(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /catalogue.*\.(sqlite|db)/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

it('a hold outlives the loss of the catalogue: without room the held range stays and the rest goes', async () => {
  const api = system.administrator;
  const area = await createArea(api, 'Chí Đám');
  const [held, free] = await addCameras(api, area.id, simulator.cameras);
  if (held === undefined || free === undefined) throw new Error('two cameras are needed');
  await waitUntilRecorded(api, [held.id, free.id]);
  const fromMs = Date.now();
  const range = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + 5000).toISOString() };
  const incident = await api.post('/api/incidents', incidentResponse, {
    areaId: area.id,
    occurredAt: range.from,
    place: 'Chợ',
    category: 'theft',
  });
  await api.post(`/api/incidents/${incident.id}/holds`, holdListResponse, { cameraIds: [held.id], ...range });
  await waitFor('the recorder has acknowledged the hold', async () => {
    const { items } = await api.get(`/api/incidents/${incident.id}/holds`, holdListResponse);
    return items.length > 0 && items.every((hold) => hold.state === 'held');
  });
  // Once a third file is begun those of the range are closed and could be deleted.
  const filesOf = ({ id }: { id: string }) =>
    readdirSync(folder.path, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.includes(id) && path.endsWith('.mp4'),
    ).length;
  await waitFor('the files of the range are closed', () => Math.min(filesOf(held), filesOf(free)) >= 4, 90_000);
  await system.stop();

  const lost = catalogueFiles(folder.path);
  expect(lost.length).toBeGreaterThan(0);
  for (const path of lost) rmSync(path);

  // More headroom than the disk has: everything that may be deleted is deleted.
  system = await startConsole({
    dataDir: folder.path,
    signIn: true,
    env: { CHOI_CANH_FOOTAGE_FILE_SECONDS: '10', CHOI_CANH_MIN_FREE_GB: '100000' },
  });
  const coverage = async () => {
    const query = `cameraIds=${held.id},${free.id}&from=${range.from}&to=${range.to}`;
    const { items } = await system.administrator.get(`/api/coverage?${query}`, coverageResponse);
    const recordedMs = (id: string) =>
      (items.find((item) => item.cameraId === id)?.recorded ?? []).reduce(
        (sum, part) => sum + Math.min(Date.parse(part.to), fromMs + 5000) - Math.max(Date.parse(part.from), fromMs),
        0,
      );
    return { held: recordedMs(held.id), free: recordedMs(free.id) };
  };
  await waitFor(
    'what nobody holds is deleted',
    async () => {
      const now = await coverage();
      return now.free === 0 && now.held > 0;
    },
    90_000,
    500,
  );
  expect((await coverage()).held).toBeGreaterThanOrEqual(4900);
});
