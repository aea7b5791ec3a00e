import { expect, it } from 'vitest';
import { encodeIndexRecord, type IndexRecord } from './index-file.js';
import { createPackedIndex, rememberedRecords } from './packed-index.js';

const record = (index: number): IndexRecord => ({
  offset: 1000 + index * 500,
  byteLength: 468,
  sampleCount: 15,
  startAtMs: 1.7e12 + index * 1000 + 0.25,
  durationMs: 1000.5,
  baseMediaDecodeTime: BigInt(index) * 90_000n,
  independent: index % 2 === 0,
  timeSource: index % 3 === 0 ? 'rtcp' : 'arrival',
  sha256: Buffer.alloc(32, index),
});
const records = Array.from({ length: rememberedRecords + 50 }, (_, index) => record(index));
const written = Buffer.concat(records.map(encodeIndexRecord));

function filled(count: number) {
  const index = createPackedIndex();
  for (const one of records.slice(0, count)) index.push(encodeIndexRecord(one));
  return index;
}
const never = () => Promise.reject(new Error('not asked'));

it.each([0, 1, rememberedRecords])('tells %i records from memory alone', async (count) => {
  expect(await filled(count).all(never)).toEqual(records.slice(0, count));
});

it('remembers the newest and the first, and reads back what is older', async () => {
  const index = filled(records.length);
  expect(index.count).toBe(records.length);
  expect(index.first).toEqual(records[0]);
  expect(index.at(-1)).toEqual(records.at(-1));
  expect(index.at(50)).toEqual(records[50]);
  expect(index.at(49)).toBeUndefined();
  expect(index.at(records.length)).toBeUndefined();
  const asked: number[] = [];
  const all = await index.all((byteLength) => {
    asked.push(byteLength);
    return Promise.resolve(written.subarray(0, byteLength));
  });
  expect(all).toEqual(records);
  expect(asked).toEqual([written.length]);
});

it('tells those that were there when it was asked, also while more come', async () => {
  const index = filled(rememberedRecords + 1);
  const all = index.all((byteLength) => {
    index.push(encodeIndexRecord(records[rememberedRecords + 1]!));
    return Promise.resolve(written.subarray(0, byteLength));
  });
  expect(await all).toEqual(records.slice(0, rememberedRecords + 1));
});

it('does not believe an index that is not what was written', async () => {
  const other = Buffer.from(written);
  other[80 + 50] = other[80 + 50]! ^ 1; // in a hash
  await expect(filled(records.length).all(() => Promise.resolve(other))).rejects.toThrow('not what was written');
});
