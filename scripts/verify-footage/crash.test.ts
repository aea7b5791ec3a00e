import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile, appendFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../server/src/lib/clock.js';
import { storeMedia } from '../../server/src/recorder/footage/testing/stored-media.js';
import { encodeMedia, type TestMedia } from '../../server/src/recorder/footage/testing/test-fragments.js';
import { openRig, recordFile, startAtMs } from './testing/recorded-folder.js';
import { verifyFolder, type Report } from './verify-folder.js';
import { createVerifyPool } from './verify-pool.js';

const pool = createVerifyPool(2);
let root: string;
let media: TestMedia;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'choi-canh-chain-crash-'));
  media = encodeMedia();
});
afterAll(async () => {
  await pool.stop();
  await rm(root, { recursive: true, force: true });
});
const check = (folder: string): Promise<Report> => verifyFolder({ folder, pool });

/** Opens the folder again, until what the crash left is mended. */
async function mend(folder: string, keys: string): Promise<void> {
  const rig = await openRig(folder, keys);
  await rig.chain.compared();
  const deadline = performance.now() + 20_000;
  const marked = async (): Promise<boolean> =>
    (
      await Promise.all(
        (await readdir(folder)).map((name) =>
          stat(join(folder, name, 'open.json')).then(
            () => true,
            () => false,
          ),
        ),
      )
    ).includes(true);
  while ((await marked()) && performance.now() < deadline) await systemClock.sleep(50);
  await rig.stop();
}

it('is whole after a kill at any moment, again and again', async () => {
  const folder = join(root, 'killed');
  const keys = join(root, 'keys');
  const mediaPath = join(root, 'media');
  await writeFile(mediaPath, storeMedia(media));
  const script = fileURLToPath(new URL('testing/record-until-killed.ts', import.meta.url));
  let files = 0;
  for (let round = 0; round < 4; round++) {
    const begin = String(startAtMs + round * 600_000);
    const args = ['--conditions=source', '--import', 'tsx', script, folder, keys, mediaPath, begin, String(round)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await systemClock.sleep(150 + Math.random() * 700);
    child.kill('SIGKILL');
    await once(child, 'exit');
    // As it is: what was being written is told apart, an unfinished line is no damage.
    expect([round, (await check(folder)).findings]).toEqual([round, []]);
    if (round % 2 === 1) await mend(folder, keys);
    const report = await check(folder);
    expect([round, report.findings]).toEqual([round, []]);
    files = report.files;
  }
  const report = await check(folder);
  expect(report.openFiles).toEqual([]);
  expect(report.deletedByAge).toBeGreaterThan(0);
  expect(files).toBeGreaterThan(4);
}, 120_000);

it('is whole after a power cut that tears the end of the chain, and not when it takes what was signed', async () => {
  const keys = join(root, 'power-keys');
  for (let round = 0; round < 4; round++) {
    const folder = join(root, `power-${round}`);
    const chainPath = join(folder, 'cam', 'chain.jsonl');
    const rig = await openRig(folder, keys);
    await recordFile(rig, media, 'cam', 0, 2);
    await recordFile(rig, media, 'cam', 2, 4);
    await rig.chain.sign('demand');
    const signedBytes = (await stat(chainPath)).size;
    await recordFile(rig, media, 'cam', 4, 6);
    await recordFile(rig, media, 'cam', 6, 8);
    const bytes = await readFile(chainPath);
    const heads = await readFile(join(folder, 'heads.jsonl'));
    await rig.stop();
    // As the disk had it: no record of the stop, the chain cut at some byte, zeros or nothing behind.
    await writeFile(join(folder, 'heads.jsonl'), heads);
    const keepsSigned = round % 2 === 0;
    const cut = keepsSigned
      ? signedBytes + Math.floor(Math.random() * (bytes.length - signedBytes))
      : signedBytes - 1 - Math.floor(Math.random() * 300);
    await truncate(chainPath, cut);
    if (round < 2) await appendFile(chainPath, Buffer.alloc(4096));
    await mend(folder, keys);
    const report = await check(folder);
    expect([cut, Object.keys(report.byCode)]).toEqual([cut, keepsSigned ? [] : ['chain_rewritten']]);
    expect(report.files).toBe(4);
    expect(report.notes.entry_late).toBeGreaterThan(0);
    if (!keepsSigned) expect(report.notes.recorder_noted_loss).toBe(1);
  }
}, 60_000);
