import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ChainHeadsRecord } from '@choi-canh/shared/chain';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseChainEntry, type ChainEntry, type FileEntry } from '../../lib/chain/chain-entry.js';
import { decodeChainLine, genesisOf, sha256Hex } from '../../lib/chain/chain-line.js';
import {
  firstPrevious,
  isSelfSigned,
  isVouchedBy,
  parseHeadsRecord,
  type HeadsRecord,
} from '../../lib/chain/heads-record.js';
import { isSignedBy, readPublicKey } from '../../lib/chain/signed-json.js';
import { systemClock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { createChain, type Chain, type ChainOptions } from './chain.js';
import type { ChainedFile } from './chained-file.js';
import { findFileEntry } from './find-file-entry.js';

const folders: string[] = [];
const running = new Set<Chain>();
afterEach(async () => {
  for (const chain of running) await chain.stop();
  running.clear();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const startMs = Date.UTC(2026, 2, 4, 12);
const tenMinutesMs = 600_000;
const camera = 'cam-1';

function pathOf(index: number, cameraId = camera): string {
  const at = startMs + index * tenMinutesMs;
  return `${cameraId}/${new Date(at).toISOString().slice(0, 10)}/${at}-7.mp4`;
}
function fileOf(index: number, cameraId = camera): ChainedFile {
  const path = pathOf(index, cameraId);
  const startAtMs = startMs + index * tenMinutesMs + 0.25;
  return {
    cameraId,
    path,
    startAtMs,
    endAtMs: startAtMs + tenMinutesMs,
    byteLength: 1000 + index,
    run: 7,
    epoch: 0,
    initSha256: sha256Hex('init'),
    fragments: 600,
    contentSha256: sha256Hex(`content ${path}`),
    indexSha256: sha256Hex(`index ${path}`),
  };
}

const described = (path: string) => fileOf((Number(/(\d+)-7\.mp4$/.exec(path)![1]) - startMs) / tenMinutesMs);

interface Rig {
  footage: string;
  keys: string;
  chainPath: string;
  headsPath: string;
}
async function newRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'choi-canh-chain-'));
  folders.push(folder);
  const footage = join(folder, 'footage');
  return {
    footage,
    keys: join(folder, 'keys'),
    chainPath: join(footage, camera, 'chain.jsonl'),
    headsPath: join(footage, 'heads.jsonl'),
  };
}
/** A closed file in the folder; what it would be described as follows from its name. */
async function lay(rig: Rig, index: number): Promise<ChainedFile> {
  const file = fileOf(index);
  await mkdir(dirname(join(rig.footage, file.path)), { recursive: true });
  await writeFile(join(rig.footage, file.path), 'media');
  return file;
}
async function open(rig: Rig, options: Partial<ChainOptions> = {}): Promise<Chain> {
  const chain = createChain({
    directory: rig.footage,
    keysDirectory: rig.keys,
    clock: systemClock,
    logger: silentLogger,
    describe: (path) => Promise.resolve(described(path)),
    tickMs: 20,
    ...options,
  });
  running.add(chain);
  await chain.start();
  return chain;
}
async function close(chain: Chain): Promise<void> {
  running.delete(chain);
  await chain.stop();
}
/** As a kill: nothing is signed, nothing is finished. */
function abandon(chain: Chain): void {
  running.delete(chain);
}
async function linesOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}
/** Every entry, after checking that each follows the one before. */
async function entriesOf(rig: Rig, path = rig.chainPath, cameraId = camera): Promise<ChainEntry[]> {
  let previous = genesisOf(cameraId);
  return (await linesOf(path)).map((text, index) => {
    const line = decodeChainLine(text)!;
    const entry = parseChainEntry(line)!;
    expect(entry).toMatchObject({ n: index + 1, previous });
    previous = line.hash;
    return entry;
  });
}
async function recordsOf(rig: Rig): Promise<HeadsRecord[]> {
  let previous = firstPrevious;
  return (await linesOf(rig.headsPath)).map((text, index) => {
    const record = parseHeadsRecord(text)!;
    expect(record.body).toMatchObject({ sequence: index + 1, previous });
    expect(isSelfSigned(record)).toBe(true);
    previous = record.hash;
    return record;
  });
}
const files = (entries: ChainEntry[]) => entries.filter((entry): entry is FileEntry => entry.kind === 'file');

describe('entries', () => {
  it('are on the disk in order, one behind the other, each covering the file and the entry before', async () => {
    const rig = await newRig();
    await lay(rig, 0);
    const chain = await open(rig);
    await chain.enter(fileOf(0), 'closed');
    expect(await entriesOf(rig)).toHaveLength(1);
    await Promise.all([1, 2, 3].map((index) => chain.enter(fileOf(index), 'closed')));
    const entries = files(await entriesOf(rig));
    expect(entries.map(({ path, how }) => [path, how])).toEqual([0, 1, 2, 3].map((index) => [pathOf(index), 'closed']));
    expect(entries[2]).toMatchObject({
      startMs: startMs + 2 * tenMinutesMs + 0.25,
      endMs: startMs + 3 * tenMinutesMs + 0.25,
      bytes: 1002,
      run: 7,
      epoch: 0,
      fragments: 600,
      content: sha256Hex(`content ${pathOf(2)}`),
      index: sha256Hex(`index ${pathOf(2)}`),
    });
  });

  it('enters a recovered file once, also when the crash came between its entry and its marker', async () => {
    const rig = await newRig();
    await lay(rig, 0);
    let chain = await open(rig);
    await chain.enter(fileOf(0), 'closed');
    abandon(chain);
    chain = await open(rig);
    await chain.enter(fileOf(0), 'recovered');
    await chain.enter(fileOf(1), 'recovered');
    expect(files(await entriesOf(rig)).map(({ path, how }) => [path, how])).toEqual([
      [pathOf(0), 'closed'],
      [pathOf(1), 'recovered'],
    ]);
  });

  it('notes a deletion with the signature of the key and the hash of the entry it ends', async () => {
    const rig = await newRig();
    await lay(rig, 0);
    const chain = await open(rig);
    await chain.enter(fileOf(0), 'closed');
    await chain.enter(fileOf(1), 'closed');
    await chain.tombstone({ cameraId: camera, path: pathOf(0) }, 'age');
    // The file could not be deleted and is tried again: once is enough.
    await chain.tombstone({ cameraId: camera, path: pathOf(0) }, 'age');
    await chain.tombstone({ cameraId: camera, path: pathOf(9) }, 'headroom');
    const entries = await entriesOf(rig);
    const [first] = await linesOf(rig.chainPath);
    expect(entries.slice(2)).toMatchObject([
      { kind: 'deleted', path: pathOf(0), why: 'age', entry: first!.slice(0, 64), key: chain.condition().keyId },
      { kind: 'deleted', path: pathOf(9), why: 'headroom', entry: null },
    ]);
    const json = decodeChainLine((await linesOf(rig.chainPath))[2]!)!.json;
    const key = readPublicKey(chain.condition().publicKey)!;
    expect(isSignedBy(json, key)).toBe(true);
    expect(isSignedBy(json.replace('"age"', '"headroom"'), key)).toBe(false);
  });

  it('finds an entry of years ago without reading the years', async () => {
    const rig = await newRig();
    await mkdir(dirname(rig.chainPath), { recursive: true });
    const count = 30_000;
    const hashes: string[] = [];
    const text: string[] = [];
    for (let index = 0; index < count; index++) {
      // One in 50 is entered a day late, as after a crash of the catalogue.
      const how = index % 50 === 49 ? 'late' : 'closed';
      const json = JSON.stringify({
        n: index + 1,
        previous: hashes.at(-1) ?? genesisOf(camera),
        kind: 'file',
        path: pathOf(how === 'late' ? index - 144 : index),
        how,
        pad: 'x'.repeat(400),
      });
      hashes.push(sha256Hex(json));
      text.push(`${hashes.at(-1)} ${json}\n`);
    }
    await writeFile(rig.chainPath, text.join(''));
    for (const index of [0, 1, 777, 15_000, 29_990, count - 2])
      expect([index, await findFileEntry(rig.chainPath, pathOf(index))]).toEqual([index, hashes[index]]);
    expect(await findFileEntry(rig.chainPath, pathOf(15_049 - 144))).toBe(hashes[15_049]);
    expect(await findFileEntry(rig.chainPath, pathOf(count + 5))).toBeUndefined();
    expect(await findFileEntry(join(rig.footage, 'nothing'), pathOf(1))).toBeUndefined();
    const chain = await open(rig);
    await chain.enter(fileOf(count), 'closed');
    const last = (await linesOf(rig.chainPath)).at(-1)!;
    expect(parseChainEntry(decodeChainLine(last)!)).toMatchObject({ n: count + 1, previous: hashes.at(-1) });
  });

  it('makes room for the note of a deletion on a full disk, and says when it cannot be written', async () => {
    const rig = await newRig();
    const chain = await open(rig);
    expect((await stat(join(rig.footage, 'chain-reserve'))).size).toBe(4 * 1024 * 1024);
    // A folder where the chain should be: it cannot be written at all.
    await mkdir(rig.chainPath, { recursive: true });
    await chain.enter(fileOf(0), 'closed');
    expect(chain.condition().troubles).toBe(1);
    await expect(chain.tombstone({ cameraId: camera, path: pathOf(0) }, 'age')).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'chain_not_written',
    });
    // When it can be written again the file gets its entry, late.
    await rm(rig.chainPath, { recursive: true });
    await lay(rig, 0);
    chain.watch();
    await chain.compared();
    expect(files(await entriesOf(rig))).toMatchObject([{ path: pathOf(0), how: 'late' }]);
  });
});

describe('after a crash', () => {
  it('takes up a chain cut at any byte: no entry is lost, none comes twice', async () => {
    const rig = await newRig();
    for (let index = 0; index < 6; index++) await lay(rig, index);
    let chain = await open(rig);
    for (let index = 0; index < 6; index++) await chain.enter(fileOf(index), 'closed');
    abandon(chain);
    const whole = await readFile(rig.chainPath);
    const ends = [...whole.toString('latin1').matchAll(/\n/g)].map((match) => match.index + 1);
    const cuts = [0, 1, ends[0]!, ends[2]! - 1, ends[2]! + 70, ends[4]! + 300, whole.length - 1, whole.length];
    for (const cut of cuts) {
      for (const tail of [0, 64, 5000]) {
        await writeFile(rig.chainPath, Buffer.concat([whole.subarray(0, cut), Buffer.alloc(tail)]));
        chain = await open(rig);
        chain.watch();
        await chain.compared();
        abandon(chain);
        const kept = ends.filter((end) => end <= cut).length;
        const entries = files(await entriesOf(rig));
        expect([cut, tail, entries.map(({ path }) => path)]).toEqual([
          cut,
          tail,
          [0, 1, 2, 3, 4, 5].map((i) => pathOf(i)),
        ]);
        expect(entries.map(({ how }) => how)).toEqual(entries.map((_, index) => (index < kept ? 'closed' : 'late')));
        expect(chain.condition().troubles).toBe(0);
        await chain.stop();
        await rm(rig.headsPath);
      }
    }
  });

  it('enters what is there from before there was a chain, goes on with that after a crash, and leaves the open file', async () => {
    const rig = await newRig();
    for (let index = 0; index < 100; index++) await lay(rig, index);
    await writeFile(join(rig.footage, camera, 'open.json'), JSON.stringify({ path: pathOf(99) }));
    await writeFile(join(dirname(join(rig.footage, pathOf(0))), 'foreign.mp4'), 'x');
    let described = 0;
    let chain = await open(rig, {
      describe: (path) => {
        described += 1;
        if (described > 40) return new Promise(() => undefined); // dies in the middle
        return Promise.resolve(fileOf((Number(/(\d+)-7\.mp4$/.exec(path)![1]) - startMs) / tenMinutesMs));
      },
    });
    chain.watch();
    const deadline = performance.now() + 10_000;
    while (described <= 40 && performance.now() < deadline) await systemClock.sleep(10);
    abandon(chain);
    expect(files(await entriesOf(rig))).toHaveLength(32);
    chain = await open(rig);
    // Meanwhile recording goes on: an entry of now comes between.
    await chain.enter(fileOf(200), 'closed');
    chain.watch();
    await chain.compared();
    const entries = files(await entriesOf(rig));
    expect(new Set(entries.map(({ path }) => path)).size).toBe(entries.length);
    expect(entries.filter(({ how }) => how === 'late').map(({ path }) => path)).toEqual(
      Array.from({ length: 99 }, (_, index) => pathOf(index)),
    );
    expect((await readdir(join(rig.footage, camera))).sort()).not.toContain('chain.jsonl.incomplete');
  });

  it('does not look through the folder again after a stop in order', async () => {
    const rig = await newRig();
    await lay(rig, 0);
    let chain = await open(rig);
    await chain.enter(fileOf(0), 'closed');
    chain.watch();
    await chain.compared();
    await close(chain);
    await lay(rig, 1); // not ours: put there by hand while nothing ran
    chain = await open(rig);
    chain.watch();
    await chain.compared();
    expect(files(await entriesOf(rig))).toHaveLength(1);
  });

  it('states a loss of what had been signed, and does not hide it', async () => {
    const rig = await newRig();
    for (let index = 0; index < 4; index++) await lay(rig, index);
    let chain = await open(rig);
    for (let index = 0; index < 4; index++) await chain.enter(fileOf(index), 'closed');
    await chain.sign('hour');
    abandon(chain);
    const lines = await linesOf(rig.chainPath);
    await truncate(rig.chainPath, lines.slice(0, 2).join('\n').length + 1);
    chain = await open(rig);
    chain.watch();
    await chain.compared();
    expect(chain.condition().troubles).toBe(1);
    const entries = await entriesOf(rig);
    expect(entries.map((entry) => entry.kind)).toEqual(['file', 'file', 'break', 'file', 'file']);
    expect(entries[2]).toMatchObject({ why: 'lost', signed: { sequence: 1, count: 4, hash: lines[3]!.slice(0, 64) } });
  });

  it('reports damage and keeps what it cuts off', async () => {
    const rig = await newRig();
    for (let index = 0; index < 5; index++) await lay(rig, index);
    let chain = await open(rig);
    for (let index = 0; index < 5; index++) await chain.enter(fileOf(index), 'closed');
    abandon(chain);
    const good = await readFile(rig.chainPath, 'latin1');
    // In the middle: the chain goes on behind it, the damage stays for whoever verifies.
    const damaged = good.replace(`"bytes":1001`, `"bytes":1002`);
    await writeFile(rig.chainPath, damaged);
    chain = await open(rig);
    await chain.enter(fileOf(5), 'closed');
    abandon(chain);
    expect(chain.condition().troubles).toBe(2); // unreadable, and what follows does not follow
    expect((await readFile(rig.chainPath, 'latin1')).startsWith(damaged)).toBe(true);
    // At the end: cut off, kept beside, the files entered again.
    await writeFile(rig.chainPath, good.replace(`"bytes":1004`, `"bytes":1005`));
    chain = await open(rig);
    chain.watch();
    await chain.compared();
    expect(chain.condition().troubles).toBe(1);
    expect((await entriesOf(rig)).map((entry) => entry.kind)).toEqual([
      'file',
      'file',
      'file',
      'file',
      'break',
      'file',
    ]);
    const kept = (await readdir(join(rig.footage, camera))).filter((name) => name.includes('.cut-'));
    expect(kept).toHaveLength(1);
    expect(await readFile(join(rig.footage, camera, kept[0]!), 'latin1')).toContain(`"bytes":1005`);
  });

  it('compares once more where an entry failed while it compared', async () => {
    const rig = await newRig();
    let chain = await open(rig);
    await chain.enter(await lay(rig, 0), 'closed');
    abandon(chain);
    await lay(rig, 1);
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    let arrive: () => void = () => undefined;
    const comparing = new Promise<void>((resolve) => (arrive = resolve));
    chain = await open(rig, {
      describe: async (path) => {
        arrive();
        await gate;
        return described(path);
      },
    });
    chain.watch();
    await comparing; // the folder was listed before the next file is there
    const late = await lay(rig, 2);
    await rename(rig.chainPath, `${rig.chainPath}.away`);
    await mkdir(rig.chainPath);
    await chain.enter(late, 'closed');
    await rm(rig.chainPath, { recursive: true });
    await rename(`${rig.chainPath}.away`, rig.chainPath);
    letGo();
    await vi.waitFor(
      async () =>
        expect(files(await entriesOf(rig)).map(({ path }) => path)).toEqual([0, 1, 2].map((at) => pathOf(at))),
      { timeout: 10_000 },
    );
  });

  it('notices that something else wrote to a chain', async () => {
    const rig = await newRig();
    await lay(rig, 0);
    const chain = await open(rig);
    await chain.enter(fileOf(0), 'closed');
    await appendFile(rig.chainPath, 'not a line');
    await chain.enter(fileOf(1), 'closed');
    expect(files(await entriesOf(rig)).map(({ path }) => path)).toEqual([pathOf(0), pathOf(1)]);
    expect(chain.condition().troubles).toBe(1);
  });
});

describe('signed records', () => {
  it('tell where every chain stands, at start, on demand, each interval and at stop', async () => {
    const rig = await newRig();
    const told: ChainHeadsRecord[] = [];
    let chain = await open(rig, { onRecord: (record) => told.push(record), signEveryMs: 60 });
    await lay(rig, 0);
    await mkdir(join(rig.footage, 'cam-2'));
    await chain.enter(fileOf(0), 'closed');
    await chain.enter(fileOf(1), 'closed');
    await chain.enter(fileOf(0, 'cam-2'), 'closed');
    chain.watch();
    await chain.compared();
    const deadline = performance.now() + 10_000;
    while (told.length < 3 && performance.now() < deadline) await systemClock.sleep(10);
    await chain.sign('demand');
    await close(chain);
    const records = await recordsOf(rig);
    expect(records.map(({ line }) => line)).toEqual(told.map(({ line }) => line));
    const reasons = records.map(({ body }) => body.kind === 'heads' && body.why);
    expect(reasons[0]).toBe('start');
    expect(reasons.slice(1, -2)).toContain('hour');
    expect(reasons.at(-1)).toBe('stop');
    expect(reasons).toContain('demand');
    const last = records.at(-1)!.body;
    const [, second] = await linesOf(rig.chainPath);
    expect(last.kind === 'heads' && last.cameras.map(([id, count]) => [id, count])).toEqual([
      ['cam-1', 2],
      ['cam-2', 1],
    ]);
    expect(last.kind === 'heads' && last.cameras[0]![2]).toBe(second!.slice(0, 64));

    chain = await open(rig);
    expect(chain.condition()).toMatchObject({ sequence: records.length, signedAt: last.at, troubles: 0 });
    expect((await chain.records(1)).map(({ sequence }) => sequence)).toEqual(
      records.slice(1).map(({ body }) => body.sequence),
    );
    expect(await chain.records(records.length)).toEqual([]);
    expect((await stat(join(rig.keys, 'footage-chain.key'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(rig.footage, 'chain-key.pem'), 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  });

  it('goes on behind a torn record', async () => {
    const rig = await newRig();
    let chain = await open(rig);
    await chain.sign('hour');
    await chain.sign('hour');
    abandon(chain);
    const { size } = await stat(rig.headsPath);
    await truncate(rig.headsPath, size - 20);
    chain = await open(rig);
    await chain.sign('hour');
    expect(await recordsOf(rig)).toHaveLength(2);
    expect(chain.condition().troubles).toBe(0);
  });

  it('goes over to a new key: vouched for by the old one where that is there, stated as a trouble where it is lost', async () => {
    const rig = await newRig();
    const keyPath = join(rig.keys, 'footage-chain.key');
    let chain = await open(rig);
    const first = chain.condition();
    await chain.sign('hour');
    await close(chain);
    await rename(keyPath, join(rig.keys, 'footage-chain.former.key'));
    chain = await open(rig);
    const second = chain.condition();
    expect(second.keyId).not.toBe(first.keyId);
    expect(second.troubles).toBe(0);
    await close(chain);
    await writeFile(keyPath, 'no key at all');
    chain = await open(rig);
    expect(chain.condition().troubles).toBe(1);
    await chain.sign('hour');
    await close(chain);

    const keys = (await recordsOf(rig)).filter(({ body }) => body.kind === 'key');
    expect(keys.map((record) => record.body)).toMatchObject([
      { former: first.keyId, key: second.keyId },
      { former: second.keyId, formerSignature: null },
    ]);
    expect(isVouchedBy(keys[0]!, first.publicKey)).toBe(true);
    expect(isVouchedBy(keys[0]!, second.publicKey)).toBe(false);
    expect(isVouchedBy(keys[1]!, second.publicKey)).toBe(false);
  });
});
