import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { HoldDigest, holdHash } from '../../lib/hold-digest.js';
import { silentLogger } from '../../lib/logger.js';
import type { Hold } from './footage-types.js';
import { Holds } from './holds.js';
import { createRetention } from './retention.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-holds-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function open(directory = folder): Promise<Holds> {
  const holds = new Holds({ directory, logger: silentLogger });
  await holds.load(() => Promise.resolve(true));
  return holds;
}
const hold = (number: number): Hold => ({
  id: `h${String(number).padStart(6, '0')}`,
  cameraId: `cam${number % 3}`,
  fromMs: number * 1000,
  toMs: number * 1000 + 500,
});
const idsOf = (holds: Holds) => holds.page('', 1e6).map(({ id }) => id);

describe('the list of holds', () => {
  it('is unknown where there is none, and known from the confirmation on, also after a restart', async () => {
    const holds = await open();
    expect(holds.known).toBe(false);
    await holds.put([hold(1)]);
    expect((await open()).known).toBe(false);
    await holds.confirm();
    const again = await open();
    expect(again.known).toBe(true);
    expect(idsOf(again)).toEqual([hold(1).id]);
  });

  it('is known where there is no footage of which anything could have been held', async () => {
    const holds = new Holds({ directory: folder, logger: silentLogger });
    await holds.load(() => Promise.resolve(false));
    expect(holds.known).toBe(true);
    expect((await open()).known).toBe(true);
  });

  it('loses a hold only by its own release', async () => {
    const holds = await open();
    await holds.put([hold(1), hold(2)]);
    await holds.put([]);
    await holds.release(['unknown']);
    await holds.release([hold(1).id]);
    expect(idsOf(holds)).toEqual([hold(2).id]);
    expect(idsOf(await open())).toEqual([hold(2).id]);
  });

  it('never makes a hold narrower, and never moves it to another camera', async () => {
    const holds = await open();
    await holds.put([hold(5)]);
    await holds.put([{ ...hold(5), fromMs: 5200, toMs: 9000 }]);
    await holds.put([{ ...hold(5), cameraId: 'other' }]);
    expect(holds.page('', 10)).toEqual([{ ...hold(5), toMs: 9000 }]);
    expect((await open()).page('', 10)).toEqual([{ ...hold(5), toMs: 9000 }]);
  });

  it('keeps what is given again while it is being released', async () => {
    const holds = await open();
    await holds.put([hold(1)]);
    const releasing = holds.release([hold(1).id]);
    await holds.put([hold(1)]);
    await releasing;
    expect(idsOf(holds)).toEqual([hold(1).id]);
    expect(idsOf(await open())).toEqual([hold(1).id]);
  });

  it('gives pages in order, and a digest that does not depend on the order of changes', async () => {
    const holds = await open();
    const numbers = [7, 3, 9, 1, 5];
    await holds.put(numbers.map(hold));
    await holds.put([{ ...hold(2), job: true }]);
    expect(holds.page('', 2)).toEqual([hold(1), hold(3)]);
    expect(holds.page(hold(3).id, 10)).toEqual([hold(5), hold(7), hold(9)]);
    await holds.release([hold(9).id]);
    const wanted = new HoldDigest();
    for (const number of [1, 3, 5, 7]) wanted.add(holdHash(hold(number)));
    expect(holds.summary).toEqual({ count: 4, digest: wanted.text });
    expect((await open()).summary).toEqual(holds.summary);
    expect((await open()).jobIds()).toEqual([hold(2).id]);
  });

  it('takes over the list of earlier versions once', async () => {
    const former = { version: 1, holds: [{ ...hold(1), fromMs: 1000.4, toMs: 1500.2 }] };
    await writeFile(join(folder, 'holds.json'), JSON.stringify(former));
    const holds = await open();
    expect(holds.known).toBe(true);
    expect(holds.page('', 10)).toEqual([{ ...hold(1), fromMs: 1000, toMs: 1501 }]);
    expect(existsSync(join(folder, 'holds.json'))).toBe(false);
    await rm(join(folder, 'holds.log'));
    expect((await open()).known).toBe(false);
  });

  it('does not delete by a damaged list of earlier versions', async () => {
    await writeFile(join(folder, 'holds.json'), '{"version":1,"holds":[{"id"');
    expect((await open()).known).toBe(false);
    expect((await open()).known).toBe(false);
  });

  it('is written again when most of its log is of the past, and goes on', async () => {
    const holds = await open();
    for (let round = 0; round < 4; round++) {
      const some = Array.from({ length: 400 }, (_, number) => hold(round * 1000 + number));
      await holds.put(some);
      await holds.release(some.slice(1).map(({ id }) => id));
    }
    await holds.put([hold(9999)]); // which comes behind the writing again
    expect((await readFile(join(folder, 'holds.log'), 'utf8')).split('\n').length).toBeLessThan(1600);
    expect(idsOf(await open())).toEqual(idsOf(holds));
    expect(idsOf(holds)).toHaveLength(5);
  });
});

describe('a log that ends early', () => {
  it('holds, cut at any byte, what was acknowledged before, or says that it is not complete', async () => {
    const holds = await open();
    await holds.put([hold(1), hold(2)]);
    await holds.confirm();
    const whole = await open();
    const sizes: { bytes: number; ids: string[] }[] = [];
    const note = async () =>
      sizes.push({ bytes: (await readFile(join(folder, 'holds.log'))).length, ids: idsOf(whole) });
    await note();
    await whole.put([hold(3)]);
    await note();
    await whole.release([hold(1).id]);
    await note();
    await whole.put([hold(4), hold(5)]);
    await note();
    const bytes = await readFile(join(folder, 'holds.log'));
    for (let length = 0; length <= bytes.length; length++) {
      const cut = join(folder, `cut-${length}`);
      mkdirSync(cut);
      writeFileSync(join(cut, 'holds.log'), bytes.subarray(0, length));
      const found = await open(cut);
      const acknowledged = sizes.findLast((size) => size.bytes <= length);
      const here = idsOf(found);
      if (acknowledged === undefined) {
        // Before the confirmation was whole.
        expect(found.known, `${length} bytes`).toBe(false);
      } else {
        expect(found.known, `${length} bytes`).toBe(true);
        // Of the change that was being written all, a part or nothing is there; of what was acknowledged all.
        const next = sizes.find((size) => size.bytes > length)?.ids ?? acknowledged.ids;
        const sure = acknowledged.ids.filter((id) => next.includes(id));
        expect(here).toEqual(expect.arrayContaining(sure));
        for (const id of here) expect([...acknowledged.ids, ...next]).toContain(id);
      }
      // It goes on behind the cut.
      await found.put([hold(77)]);
      expect(idsOf(await open(cut))).toEqual([...here, hold(77).id].sort());
    }
  });

  it('is damaged where something in its middle is, and keeps the rest held', async () => {
    const holds = await open();
    await holds.confirm();
    for (let number = 1; number <= 5; number++) await holds.put([hold(number)]);
    const bytes = await readFile(join(folder, 'holds.log'));
    const at = bytes.indexOf(hold(3).id);
    bytes[at] = 0x78;
    await writeFile(join(folder, 'holds.log'), bytes);
    const found = await open();
    expect(found.known).toBe(false);
    expect(idsOf(found)).toEqual([1, 2, 4, 5].map((number) => hold(number).id));
    expect((await open()).known).toBe(false);
  });

  it('is damaged where its first part is shorter than it says', async () => {
    const holds = await open();
    await holds.confirm();
    for (let round = 0; round < 3; round++) {
      await holds.put(Array.from({ length: 600 }, (_, number) => hold(number)));
      await holds.release(Array.from({ length: 598 }, (_, number) => hold(number).id));
    }
    await holds.put([hold(9999)]); // which comes behind the writing again
    const bytes = await readFile(join(folder, 'holds.log'));
    expect(bytes.toString().split('\n')[0]).toMatch(/"records":[1-9]/);
    await writeFile(join(folder, 'holds.log'), bytes.subarray(0, bytes.indexOf('\n') + 20));
    expect((await open()).known).toBe(false);
  });
});

describe('a hold and a deletion of the same footage', () => {
  it('do not cross: the file is there, or the answer says that it is gone', async () => {
    const outcomes = { kept: 0, gone: 0, keptButBuried: 0, goneUnsaid: 0 };
    for (let round = 0; round < 120; round++) {
      const directory = join(folder, String(round));
      const path = 'cam/2026-01-01/1000-1.mp4';
      mkdirSync(join(directory, 'cam/2026-01-01'), { recursive: true });
      writeFileSync(join(directory, path), Buffer.alloc(1000));
      const holds = await open(directory);
      await holds.confirm();
      const row = { id: 'f', cameraId: 'cam', path, startAtMs: 1000, endAtMs: 2000, byteLength: 1000, epoch: 0 };
      let buried = false;
      const retention = createRetention({
        directory,
        clock: systemClock,
        logger: silentLogger,
        holds,
        catalogue: {
          cameras: () => Promise.resolve(['cam']),
          expired: () => Promise.resolve([]),
          oldest: () => Promise.resolve([row as never]),
          remove: () => Promise.resolve(),
        },
        walk: async function* () {},
        catalogueReady: () => true,
        guard: {
          condition: () => ({ epoch: 0, ageDeletionSuspended: false, stepMs: null, steppedAtMs: null }),
          shiftMs: () => 0,
          shiftedEpochs: () => [],
        },
        chain: {
          tombstone: async () => {
            await systemClock.sleep(5);
            buried = true;
          },
        },
        space: () => Promise.resolve({ freeBytes: 0, totalBytes: 1e9 }),
        isRunning: () => true,
      });
      retention.setPolicy({ minFreeBytes: 500, daysOfCamera: new Map() });
      if (round % 6 === 0) await holds.put([{ id: 'early', cameraId: 'cam', fromMs: 0, toMs: 5000 }]);
      const run = retention.run();
      await systemClock.sleep((round % 40) * 0.2);
      const gone = await holds.put([{ id: 'h', cameraId: 'cam', fromMs: 0, toMs: 5000 }]);
      const isThere = existsSync(join(directory, path));
      await run;
      expect(existsSync(join(directory, path))).toBe(isThere);
      if (isThere) outcomes.kept += 1;
      else outcomes.gone += 1;
      if (isThere && buried) outcomes.keptButBuried += 1;
      if (isThere === gone.includes('h')) outcomes.goneUnsaid += 1;
    }
    expect(outcomes).toMatchObject({ keptButBuried: 0, goneUnsaid: 0 });
    expect(outcomes.kept).toBeGreaterThan(0);
    expect(outcomes.gone).toBeGreaterThan(0);
  });
});
