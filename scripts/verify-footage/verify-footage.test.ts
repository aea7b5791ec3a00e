import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  cp,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeChainLine, encodeChainLine } from '../../server/src/lib/chain/chain-line.js';
import { makeHeadsRecord, parseHeadsRecord } from '../../server/src/lib/chain/heads-record.js';
import { keyIdOf, publicKeyText, signJson } from '../../server/src/lib/chain/signed-json.js';
import { systemClock } from '../../server/src/lib/clock.js';
import { describeClosedFile } from '../../server/src/recorder/footage/footage-chain.js';
import {
  decodeIndex,
  encodeClosingRecord,
  encodeIndexHeader,
  encodeIndexRecord,
  type DecodedIndex,
} from '../../server/src/recorder/footage/index-file.js';
import { encodeMedia, fragmentAt, type TestMedia } from '../../server/src/recorder/footage/testing/test-fragments.js';
import type { Failure, FailureCode } from './finding.js';
import { describeReport } from './sentences.js';
import { openRig, recordFile, startAtMs, writeConsoleCopy } from './testing/recorded-folder.js';
import { verifyFolder, type Report, type VerifyOptions } from './verify-folder.js';
import { createVerifyPool } from './verify-pool.js';
import { replaceHolds } from '../../server/src/recorder/footage/testing/replace-holds.js';

const pool = createVerifyPool(2);
let root: string;
let golden: string;
let keys: string;
let consoleCopy: string;
let media: TestMedia;
let copies = 0;
/** Of cam-a: three files of 8 fragments; the first of four was deleted by age. */
let paths: string[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'choi-canh-verify-'));
  golden = join(root, 'golden');
  keys = join(root, 'keys');
  media = encodeMedia();
  const rig = await openRig(golden, keys);
  const old = startAtMs - 10 * 86_400_000;
  await recordFile(rig, media, 'cam-a', 0, 4, 5, old);
  for (const from of [0, 8]) await recordFile(rig, media, 'cam-a', from, from + 8);
  await recordFile(rig, media, 'cam-b', 0, 6);
  await rig.chain.sign('hour');
  await recordFile(rig, media, 'cam-a', 16, 24);
  rig.store.setRetention({ minFreeBytes: 0, daysOfCamera: new Map([['cam-a', 5]]) });
  await replaceHolds(rig.store.holds, []);
  const deadline = performance.now() + 10_000;
  while ((await footageOf(golden, 'cam-a')).length > 3 && performance.now() < deadline) await systemClock.sleep(20);
  await rig.stop();
  consoleCopy = await writeConsoleCopy(root, rig.records);
  paths = await footageOf(golden, 'cam-a');
  expect(paths).toHaveLength(3);
});
afterAll(async () => {
  await pool.stop();
  await rm(root, { recursive: true, force: true });
});

async function footageOf(folder: string, cameraId: string): Promise<string[]> {
  const names = await readdir(join(folder, cameraId), { recursive: true });
  return names
    .filter((name) => name.endsWith('.mp4'))
    .sort()
    .map((name) => `${cameraId}/${name}`);
}
async function copy(): Promise<string> {
  const folder = join(root, `copy-${++copies}`);
  await cp(golden, folder, { recursive: true });
  return folder;
}
const check = (folder: string, options: Partial<VerifyOptions> = {}): Promise<Report> =>
  verifyFolder({ folder, pool, ...options });
const codes = (report: Report): FailureCode[] => report.findings.map(({ code }) => code);
const idx = (path: string) => path.replace('.mp4', '.idx');

async function flip(path: string, at: number): Promise<void> {
  const file = await openFile(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0]! ^= 1;
  await file.write(byte, 0, 1, at);
  await file.close();
}
const indexOf = async (folder: string, path: string): Promise<DecodedIndex> =>
  decodeIndex(await readFile(join(folder, idx(path))))!;
async function writeIndex(folder: string, path: string, index: DecodedIndex): Promise<void> {
  const last = index.records.at(-1)!;
  const parts = [encodeIndexHeader(index.header), ...index.records.map(encodeIndexRecord)];
  await writeFile(
    join(folder, idx(path)),
    Buffer.concat([...parts, encodeClosingRecord(last.offset + last.byteLength)]),
  );
}
type Line = Record<string, unknown>;
const chainOf = (folder: string, camera = 'cam-a') => join(folder, camera, 'chain.jsonl');
async function readLines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trimEnd().split('\n');
}
async function editLines(path: string, edit: (lines: string[]) => string[]): Promise<void> {
  await writeFile(
    path,
    edit(await readLines(path))
      .map((line) => `${line}\n`)
      .join(''),
  );
}
/** As somebody without the key would: every entry from `from` on is made anew, so that the chain holds together. */
function relink(lines: string[], from: number, change: (body: Line, index: number) => Line | undefined): string[] {
  const kept = lines.slice(0, from);
  for (const [index, line] of lines.slice(from).entries()) {
    const body = change(JSON.parse(line.slice(65)) as Line, from + index);
    if (body === undefined) continue;
    const before = kept.at(-1);
    kept.push(
      encodeChainLine(
        JSON.stringify({
          ...body,
          n: kept.length + 1,
          ...(before === undefined ? {} : { previous: before.slice(0, 64) }),
        }),
      ),
    );
  }
  return kept;
}

describe('a folder as it was recorded', () => {
  it('is whole, says what was deleted and what it was held to', async () => {
    const report = await check(golden, { consoleHeads: consoleCopy });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({
      whole: true,
      cameras: 2,
      files: 4,
      fragments: 30,
      deletedByAge: 1,
      deletedForRoom: 0,
      entries: 6,
      openFiles: [],
      notes: {},
    });
    expect(report.consoleRecords).toBe(report.records);
    expect(describeReport(report, golden, 'vi')).toMatch(/KẾT QUẢ: TOÀN VẸN/);
    expect(describeReport(report, golden, 'en')).toMatch(/RESULT: WHOLE/);
  });

  it('is checked in part when asked', async () => {
    const fromMs = startAtMs + 4500;
    expect(await check(golden, { cameraId: 'cam-a', fromMs, toMs: fromMs + 1000 })).toMatchObject({
      files: 1,
      whole: true,
    });
    expect(await check(golden, { cameraId: 'cam-b' })).toMatchObject({ files: 1, cameras: 1, whole: true });
    await expect(check(golden, { cameraId: 'nobody' })).rejects.toThrow(/nobody/);
  });

  it('is whole while a recorder writes, deletes and signs', async () => {
    const folder = await copy();
    const rig = await openRig(folder, keys);
    try {
      let done = false;
      const writing = (async () => {
        for (let round = 0; !done; round++) {
          await recordFile(rig, media, 'cam-b', round * 3, round * 3 + 3, 9 + round, startAtMs + 60_000);
          await rig.store.append(
            'cam-a',
            fragmentAt(media, round, {
              startAtMs: startAtMs + 90_000,
              run: 50,
            }),
          );
          if (round % 3 === 0) await rig.chain.sign('demand');
        }
      })();
      for (let round = 0; round < 8; round++) {
        if (round === 4)
          rig.store.setRetention({
            minFreeBytes: 0,
            daysOfCamera: new Map([
              ['cam-a', 1 / 24],
              ['cam-b', 5],
            ]),
          });
        const report = await check(folder);
        expect(report.findings).toEqual([]);
      }
      const deadline = performance.now() + 15_000;
      while ((await check(folder)).deletedByAge < 2 && performance.now() < deadline) await systemClock.sleep(50);
      done = true;
      await writing;
      const report = await check(folder);
      expect(report.openFiles.map((path) => path.split('/')[0])).toEqual(['cam-a']);
      expect(report.deletedByAge).toBeGreaterThan(1);
    } finally {
      await rig.stop();
    }
    expect((await check(folder)).findings).toEqual([]);
  });
});

describe('what somebody changed is found, with its place', () => {
  /** The one finding of a check after `tamper`. */
  async function finding(
    tamper: (folder: string) => Promise<void>,
    options: Partial<VerifyOptions> = {},
  ): Promise<Failure> {
    const folder = await copy();
    await tamper(folder);
    const report = await check(folder, options);
    expect(codes(report)).toHaveLength(1);
    for (const language of ['vi', 'en'] as const)
      expect(describeReport(report, folder, language)).not.toMatch(/undefined|\?/);
    return report.findings[0]!;
  }

  it('one bit of a picture', async () => {
    const { records } = await indexOf(golden, paths[1]!);
    const record = records[5]!;
    expect(
      await finding((folder) => flip(join(folder, paths[1]!), record.offset + record.byteLength - 1)),
    ).toMatchObject({
      code: 'media_changed',
      cameraId: 'cam-a',
      path: paths[1],
      fragment: 6,
      bytes: [record.offset, record.offset + record.byteLength],
      fromMs: record.startAtMs,
      toMs: record.startAtMs + record.durationMs,
      fragmentsWrong: 1,
    });
  });

  it('one bit of a time stamp, of the init segment, of each part of the index', async () => {
    const { header, records } = await indexOf(golden, paths[1]!);
    const [, second] = records;
    expect(await finding((folder) => flip(join(folder, paths[1]!), second!.offset - 10))).toMatchObject({
      code: 'time_changed',
      fragment: 2,
      bytes: [second!.offset - 32, second!.offset],
    });
    expect(await finding((folder) => flip(join(folder, paths[1]!), 30))).toMatchObject({
      code: 'init_changed',
      bytes: [0, header.initByteLength],
    });
    const bytes = await readFile(join(golden, idx(paths[1]!)));
    const headerBytes = bytes.length - 9 * 80;
    for (const [at, place] of [
      [3, { bytes: [0, headerBytes] }],
      [40, { bytes: [0, headerBytes] }],
      [headerBytes + 80 * 2 + 50, { fragment: 3, bytes: [headerBytes + 160, headerBytes + 240] }],
      [bytes.length - 1, { fragment: 9, bytes: [bytes.length - 80, bytes.length] }],
    ] as const)
      expect(await finding((folder) => flip(join(folder, idx(paths[1]!)), at))).toMatchObject({
        code: 'index_damaged',
        path: idx(paths[1]!),
        mediaWhole: true,
        ...place,
      });
  });

  it('any bit at all', async () => {
    const folder = await copy();
    const targets = [paths[0]!, idx(paths[0]!), 'cam-a/chain.jsonl', 'heads.jsonl'];
    for (let round = 0; round < 40; round++) {
      const target = join(folder, targets[round % targets.length]!);
      const at = Math.floor(Math.random() * (await stat(target)).size);
      await flip(target, at);
      const report = await check(folder, { cameraId: 'cam-a' });
      expect([target, at, report.whole]).toEqual([target, at, false]);
      await flip(target, at);
    }
    expect((await check(folder)).whole).toBe(true);
  });

  it('a fragment taken out, its index made anew', async () => {
    const failure = await finding(async (folder) => {
      const index = await indexOf(folder, paths[0]!);
      const out = index.records[3]!;
      const gone = out.byteLength + 32;
      const bytes = await readFile(join(folder, paths[0]!));
      const at = out.offset - 32;
      await writeFile(join(folder, paths[0]!), Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + gone)]));
      const records = index.records
        .filter((record) => record !== out)
        .map((record) => (record.offset > out.offset ? { ...record, offset: record.offset - gone } : record));
      await writeIndex(folder, paths[0]!, { ...index, records });
    });
    expect(failure).toMatchObject({ code: 'content_changed', path: paths[0], entry: 2, fromMs: startAtMs + 0.25 });
  });

  it('a fragment taken out, its index left', async () => {
    const folder = await copy();
    const { records } = await indexOf(folder, paths[0]!);
    const out = records[3]!;
    const bytes = await readFile(join(folder, paths[0]!));
    await writeFile(
      join(folder, paths[0]!),
      Buffer.concat([bytes.subarray(0, out.offset - 32), bytes.subarray(out.offset + out.byteLength)]),
    );
    const report = await check(folder);
    expect(report.findings[0]).toMatchObject({ path: paths[0], fragment: 4, fragmentsWrong: 5 });
  });

  it('a file cut short, a file with something behind it', async () => {
    const { records } = await indexOf(golden, paths[0]!);
    const last = records.at(-1)!;
    expect(await finding((folder) => truncate(join(folder, paths[0]!), last.offset + 10))).toMatchObject({
      code: 'file_cut',
      fragment: 8,
      bytes: [last.offset + 10, last.offset + last.byteLength],
    });
    const end = last.offset + last.byteLength;
    expect(await finding(async (folder) => truncate(join(folder, paths[0]!), end + 100))).toMatchObject({
      code: 'file_longer',
      bytes: [end, end + 100],
    });
  });

  it('a file removed, its index removed', async () => {
    expect(await finding((folder) => rm(join(folder, paths[1]!)))).toMatchObject({
      code: 'file_missing',
      path: paths[1],
      entry: 3,
      fromMs: startAtMs + 4000.25,
    });
    expect(await finding((folder) => rm(join(folder, idx(paths[1]!))))).toMatchObject({
      code: 'index_missing',
      mediaWhole: true,
    });
  });

  it('an index removed of motion JPEG, whose pictures are whole', async () => {
    const folder = join(root, 'jpeg');
    const rig = await openRig(folder, join(root, 'jpeg-keys'));
    await recordFile(rig, encodeMedia('64x48', 'mjpeg'), 'cam-j', 0, 6);
    await rig.stop();
    const [made] = await footageOf(folder, 'cam-j');
    await rm(join(folder, idx(made!)));
    expect((await check(folder)).findings).toMatchObject([{ code: 'index_missing', mediaWhole: true }]);
  });

  it('an index that says other things with right checksums, but not one that was made anew in good faith', async () => {
    expect(
      await finding(async (folder) => {
        const index = await indexOf(folder, paths[1]!);
        const records = index.records.map((record, at) =>
          at === 2 ? { ...record, startAtMs: record.startAtMs - 60_000 } : record,
        );
        await writeIndex(folder, paths[1]!, { ...index, records });
      }),
    ).toMatchObject({ code: 'index_changed', path: idx(paths[1]!), fragment: 3, mediaWhole: true });
    const folder = await copy();
    const index = await indexOf(folder, paths[1]!);
    await writeIndex(folder, paths[1]!, { ...index, header: { ...index.header, epoch: index.header.epoch + 1 } });
    expect(await check(folder)).toMatchObject({ whole: true, notes: { index_rebuilt: 1 } });
  });

  it('two files swapped, within a camera and between two', async () => {
    const swap = (one: string, other: string) => async (folder: string) => {
      for (const name of [(path: string) => path, idx]) {
        await rename(join(folder, name(one)), join(folder, 'aside'));
        await rename(join(folder, name(other)), join(folder, name(one)));
        await rename(join(folder, 'aside'), join(folder, name(other)));
      }
    };
    const folder = await copy();
    await swap(paths[0]!, paths[1]!)(folder);
    expect((await check(folder)).findings).toMatchObject([
      { code: 'file_swapped', path: paths[0], other: paths[1] },
      { code: 'file_swapped', path: paths[1], other: paths[0] },
    ]);
    const across = await copy();
    const [ofB] = await footageOf(across, 'cam-b');
    await swap(paths[0]!, ofB!)(across);
    expect((await check(across)).findings).toMatchObject([
      { code: 'file_swapped', path: paths[0], other: 'cam-b' },
      { code: 'file_swapped', path: ofB, other: 'cam-a' },
    ]);
  });

  it('a file replaced with a right index, a file that is in no chain', async () => {
    const foreign = join(root, 'foreign');
    const rig = await openRig(foreign, join(root, 'other-keys'));
    await recordFile(rig, media, 'cam-a', 9, 17, 7, startAtMs - 500);
    await rig.stop();
    const [made] = await footageOf(foreign, 'cam-a');
    expect(
      await finding(async (folder) => {
        await cp(join(foreign, made!), join(folder, paths[1]!));
        const index = await indexOf(foreign, made!);
        const { fileId } = (await indexOf(folder, paths[1]!)).header;
        await writeIndex(folder, paths[1]!, { ...index, header: { ...index.header, fileId } });
      }),
    ).toMatchObject({ code: 'content_changed', path: paths[1] });
    const added = made!.replace('-7.', '-8.');
    expect(
      await finding(async (folder) => {
        await cp(join(foreign, made!), join(folder, added));
        await cp(join(foreign, idx(made!)), join(folder, idx(added)));
      }),
    ).toMatchObject({ code: 'file_unchained', path: added });
  });

  it('one bit of the chain', async () => {
    const lines = await readLines(chainOf(golden));
    const at = lines.slice(0, 2).join('\n').length + 1;
    expect(await finding((folder) => flip(chainOf(folder), at + 300))).toMatchObject({
      code: 'chain_damaged',
      path: 'cam-a/chain.jsonl',
      entry: 3,
      bytes: [at, at + lines[2]!.length],
    });
  });

  it('an entry taken out of the chain, with and without making what follows anew', async () => {
    const folder = await copy();
    await editLines(chainOf(folder), (lines) => lines.filter((_, index) => index !== 2));
    expect(codes(await check(folder))).toContain('chain_broken');
    const rewritten = await copy();
    await editLines(chainOf(rewritten), (lines) => relink(lines, 2, (body, index) => (index === 2 ? undefined : body)));
    const report = await check(rewritten);
    expect(codes(report)).toContain('chain_rewritten');
    expect(codes(report)).toContain('file_unchained');
  });

  it('a file replaced and the chain written anew from its entry on: the signed heads tell', async () => {
    const folder = await copy();
    {
      // Swallow a picture: the last fragment goes, index and chain are made to fit.
      const index = await indexOf(folder, paths[1]!);
      const records = index.records.slice(0, -1);
      const end = records.at(-1)!.offset + records.at(-1)!.byteLength;
      await truncate(join(folder, paths[1]!), end);
      await writeIndex(folder, paths[1]!, { ...index, records });
      const alone = await check(folder, { cameraId: 'cam-a' });
      expect(codes(alone)).toEqual(['content_changed']);
      const now = (await describeClosedFile(folder, paths[1]!))!;
      await editLines(chainOf(folder), (lines) =>
        relink(lines, 2, (body, at) =>
          at === 2
            ? {
                ...body,
                endMs: now.endAtMs,
                bytes: now.byteLength,
                fragments: now.fragments,
                content: now.contentSha256,
                index: now.indexSha256,
              }
            : body.kind === 'deleted'
              ? undefined
              : body,
        ),
      );
    }
    const report = await check(folder);
    expect(report.findings[0]).toMatchObject({ code: 'chain_rewritten', cameraId: 'cam-a', entry: 3, sequence: 2 });
    // The deletion cannot be signed anew, so it had to be left out.
    expect(codes(report)).toEqual(['chain_rewritten', 'file_missing']);
  });

  it('a chain cut, a chain gone, a camera gone', async () => {
    const folder = await copy();
    await editLines(chainOf(folder), (lines) => lines.slice(0, 3));
    const report = await check(folder);
    expect(report.findings).toMatchObject([
      { code: 'chain_truncated', entry: 4, other: '5' },
      { code: 'file_missing', entry: 1 }, // its lawful deletion was cut off too
      { code: 'file_unchained', path: paths[2] },
    ]);
    expect(codes(await check(await without('cam-a/chain.jsonl')))).toEqual(['chain_missing']);
    expect(codes(await check(await without('cam-b')))).toEqual(['chain_missing']);
  });
  async function without(path: string): Promise<string> {
    const folder = await copy();
    await rm(join(folder, path), { recursive: true });
    return folder;
  }

  it('a deletion without the key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const folder = await copy();
    const lines = await readLines(chainOf(folder));
    const entry = decodeChainLine(lines[1]!)!.hash;
    const forged = (key: string) =>
      encodeChainLine(
        signJson(
          {
            n: 6,
            previous: lines.at(-1)!.slice(0, 64),
            kind: 'deleted',
            path: paths[0],
            entry,
            why: 'age',
            at: new Date().toISOString(),
            key,
          },
          privateKey,
        ),
      );
    const { body } = parseHeadsRecord((await readLines(join(folder, 'heads.jsonl')))[0]!)!;
    for (const key of [body.key, keyIdOf(publicKeyText(privateKey))]) {
      await writeFile(chainOf(folder), [...lines, forged(key)].map((line) => `${line}\n`).join(''));
      await rm(join(folder, paths[0]!), { force: true });
      expect((await check(folder)).findings).toMatchObject([
        { code: 'tombstone_unsigned', other: paths[0] },
        { code: 'file_missing', path: paths[0] },
      ]);
    }
  });

  it('signed records changed, taken out, or signed by somebody else', async () => {
    const heads = (folder: string) => join(folder, 'heads.jsonl');
    const count = (await readLines(heads(golden))).length;
    expect(codes(await check(await edited((lines) => lines.slice(0, -1)), { consoleHeads: consoleCopy }))).toEqual([
      'records_missing',
    ]);
    expect(codes(await check(await edited((lines) => lines.filter((_, index) => index !== 0))))).toEqual([
      'record_broken',
    ]);
    expect(codes(await check(await without('heads.jsonl')))).toEqual(['records_missing']);
    // All made anew with another key: only the key, or the console's copy, tells.
    const { privateKey } = generateKeyPairSync('ed25519');
    const remade = await edited((lines) => {
      const kept: string[] = [];
      for (const line of lines) {
        const { body, hash: _hash } = parseHeadsRecord(line)!;
        if (body.kind !== 'heads') continue;
        const previous = kept.at(-1)?.slice(0, 64) ?? body.previous;
        kept.push(makeHeadsRecord({ ...body, sequence: kept.length + 1, previous }, privateKey).line);
      }
      return kept;
    });
    const { body } = parseHeadsRecord((await readLines(heads(golden)))[0]!)!;
    expect(codes(await check(remade, { publicKeys: [body.publicKey] }))).toEqual(['key_unexpected']);
    expect((await check(remade, { publicKeys: [publicKeyText(privateKey)], cameraId: 'cam-b' })).whole).toBe(true);
    const compared = await check(remade, { consoleHeads: consoleCopy });
    expect(compared.byCode).toMatchObject({ record_differs: count, key_changed: 1 });
    expect((await check(remade)).notes).toMatchObject({ key_from_folder: 1 });
  });
  async function edited(edit: (lines: string[]) => string[]): Promise<string> {
    const folder = await copy();
    await editLines(join(folder, 'heads.jsonl'), edit);
    return folder;
  }
});

describe('the command', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', main, ...args]);
    const [out, err, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'exit')]);
    return { code: code as number, out, err };
  }

  it('answers with sentences or JSON and an exit code, and changes nothing', async () => {
    const folder = await copy();
    const good = await run(folder, '--json', '--heads', consoleCopy);
    expect(good.code).toBe(0);
    expect(JSON.parse(good.out)).toMatchObject({ whole: true, files: 4, failures: 0 });
    await flip(join(folder, paths[2]!), (await stat(join(folder, paths[2]!))).size - 1);
    const before = await readdir(folder, { recursive: true });
    const bad = await run(folder);
    expect(bad.code).toBe(1);
    expect(bad.out).toContain('KHÔNG TOÀN VẸN');
    expect(bad.out).toContain(paths[2]);
    expect(await readdir(folder, { recursive: true })).toEqual(before);
    expect((await run(join(root, 'nowhere'))).code).toBe(2);
  });
});
