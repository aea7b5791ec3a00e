import { mkdtemp, open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { canWrite, createWriteThread } from './write-thread.js';

let folder: string;
let file: FileHandle;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-write-thread-'));
  file = await open(join(folder, 'file'), 'wx+');
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

function started(atTurnEnd?: (work: () => void) => void) {
  const thread = createWriteThread({ logger: silentLogger, ...(atTurnEnd === undefined ? {} : { atTurnEnd }) });
  onTestFinished(() => thread.stop());
  return thread;
}

function shared(text: string): Buffer {
  const block = Buffer.from(new SharedArrayBuffer(64 + text.length));
  block.write(text, 64);
  return block.subarray(64);
}

const content = () => readFile(join(folder, 'file'), 'latin1');

describe('the thread that writes', () => {
  it('writes shared and small memory side by side, where it is told to', async () => {
    const thread = started();
    await file.write('..........');
    const written = await thread.writev(file.fd, [Buffer.from('head '), shared('body')], 3);
    expect(written).toEqual({ bytesWritten: 9 });
    expect(await content()).toBe('...head body');
  });

  it('is handed all of one turn together, and answers each', async () => {
    const turns: (() => void)[] = [];
    const thread = started((work) => turns.push(work));
    const writes = [0, 1, 2, 3].map((at) => thread.writev(file.fd, [shared(String(at))], at));
    expect(turns).toHaveLength(1);
    turns[0]!();
    const later = thread.writev(file.fd, [shared('4')], 4);
    expect(turns).toHaveLength(2);
    turns[1]!();
    expect(await Promise.all([...writes, later])).toEqual(Array(5).fill({ bytesWritten: 1 }));
    expect(await content()).toBe('01234');
  });

  it('tells what the system says, and goes on with the others', async () => {
    const thread = started();
    const full = await open('/dev/full', 'w');
    onTestFinished(() => full.close());
    const results = await Promise.allSettled([
      thread.writev(full.fd, [shared('x')], 0),
      thread.writev(999_999, [shared('x')], 0),
      thread.writev(file.fd, [shared('x')], 0),
    ]);
    expect(
      results.map((one) => (one.status === 'rejected' ? (one.reason as NodeJS.ErrnoException).code : 'ok')),
    ).toEqual(['ENOSPC', 'EBADF', 'ok']);
    expect(await content()).toBe('x');
  });

  it('writes what it was given before it ends', async () => {
    const thread = createWriteThread({ logger: silentLogger });
    const writes = ['a', 'b', 'c'].map((text, at) => thread.writev(file.fd, [shared(text)], at));
    await thread.stop();
    await Promise.all(writes);
    expect(await content()).toBe('abc');
  });

  it('begins anew after its end', async () => {
    const thread = started();
    await thread.writev(file.fd, [shared('a')], 0);
    await thread.stop();
    await thread.writev(file.fd, [shared('b')], 1);
    expect(await content()).toBe('ab');
  });

  it('does not make later what it reported as failed', async () => {
    const turns: (() => void)[] = [];
    const thread = started((work) => turns.push(work));
    const kill = vi.spyOn(Worker.prototype, 'postMessage');
    onTestFinished(() => kill.mockRestore());
    const first = thread.writev(file.fd, [shared('A')], 0);
    turns.shift()!();
    await first;
    const late = thread.writev(file.fd, [shared('LATE')], 1);
    void (kill.mock.instances[0] as unknown as Worker).terminate();
    await expect(late).rejects.toMatchObject({ code: 'EIO' });
    turns.shift()!();
    const next = thread.writev(file.fd, [shared('B')], 1);
    turns.shift()!();
    await next;
    expect(await content()).toBe('AB');
  });

  it('refuses what would be copied for it', () => {
    expect(canWrite([shared('x'.repeat(100_000)), Buffer.alloc(200)])).toBe(true);
    expect(canWrite([Buffer.alloc(100_000)])).toBe(false);
  });
});
