import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { buildSeiNal } from '../../camera-simulator/sei.js';
import { parseBitrateKbps } from './arguments.js';
import { auditFolder, completeness } from './frame-audit.js';
import { cpuSecondsOf, percentile, pssOf, slope } from './process-load.js';

it.each([
  ['1.5M', 1500],
  ['1500k', 1500],
  ['1500000', 1500],
  ['1500', 1500],
  ['1.5', 1500],
  ['384kbps', 384],
])('reads the bitrate %s', (text, kbps) => expect(parseBitrateKbps(text)).toBe(kbps));

it.each(['', 'fast', '0', '1G', '-3M', '200M'])('refuses the bitrate "%s"', (text) =>
  expect(() => parseBitrateKbps(text)).toThrow('--bitrate'),
);

it('tells slopes and percentiles', () => {
  expect(
    slope([
      { x: 1, y: 5 },
      { x: 2, y: 7 },
      { x: 4, y: 11 },
    ]),
  ).toBeCloseTo(2);
  expect(percentile([5, 1, 3, 2, 4], 0.5)).toBe(3);
});

it('counts what a process and its ended children used', async () => {
  // A shell whose child burns CPU and ends, and which then waits.
  const burn = `node -e 'const end = Date.now() + 400; while (Date.now() < end);'`;
  const child = spawn('sh', ['-c', `${burn}; echo burnt; read line`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  await once(child.stdout, 'data');
  expect(cpuSecondsOf([child.pid!])).toBeGreaterThan(0.1);
  const { bytes, processes } = pssOf([process.pid]);
  expect(processes).toBeGreaterThanOrEqual(2);
  expect(bytes).toBeGreaterThan(10e6);
  expect(pssOf([child.pid!]).bytes).toBeLessThan(bytes);
});

/** Stamps with `filler` bytes between them, as they stand in the footage of a camera. */
function recording(camera: number, counters: number[], filler: number): Buffer {
  const parts = counters.flatMap((counter) => {
    const nal = buildSeiNal(camera, BigInt(counter), 1000 + counter * 100);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(nal.length);
    return [length, nal, Buffer.alloc(filler, 0x41)];
  });
  return Buffer.concat(parts);
}

it('finds every frame of a recording, over the borders of what is read at once, and what is missing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'frame-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
  // 9 MB: every border of 4 MB falls somewhere else in a stamp of one of these.
  for (const camera of [1, 2, 3, 4, 5])
    writeFileSync(join(folder, `${camera}.mp4`), recording(camera, numbers(0, 2000), 4500 + camera * 7));
  writeFileSync(join(folder, '6.mp4'), recording(6, [...numbers(0, 50), ...numbers(53, 100)], 100));
  writeFileSync(join(folder, '7.m4s'), recording(7, [...numbers(0, 60), ...numbers(59, 100)], 100));
  writeFileSync(join(folder, '8.mp4'), recording(8, numbers(0, 30), 100));
  const { frames } = await auditFolder(folder);
  for (const camera of [1, 2, 3, 4, 5]) expect(frames.get(camera)!.counters).toHaveLength(2000);
  expect(completeness(frames, 9, 1000, 1000 + 90 * 100)).toEqual({
    frames: 5 * 2000 + 97 + 101 + 30,
    framesLost: 3,
    framesTwice: 1,
    camerasWithGap: 3,
    camerasNotCovering: 1,
    camerasMissing: 1,
  });
});

it('finds frames in a transport stream, whose packets cut the stamps', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'frame-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const payload = recording(3, [7, 8, 9], 150);
  const packets: Buffer[] = [];
  for (let at = 0; at < payload.length; at += 184) {
    const data = payload.subarray(at, at + 184);
    const missing = 184 - data.length;
    const adaptation =
      missing === 0 ? [] : [missing - 1, ...(missing > 1 ? [0, ...Array<number>(missing - 2).fill(0xff)] : [])];
    packets.push(Buffer.from([0x47, 1, 0, missing === 0 ? 0x10 : 0x30, ...adaptation]), data);
    packets.push(Buffer.concat([Buffer.from([0x47, 0, 0, 0x10]), Buffer.alloc(184, 0xff)])); // a table between
  }
  writeFileSync(join(folder, 'segment0.ts'), Buffer.concat(packets));
  const { frames } = await auditFolder(folder);
  expect(frames.get(3)?.counters).toEqual([7, 8, 9]);
});
