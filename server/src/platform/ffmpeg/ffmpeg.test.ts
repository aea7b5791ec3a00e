import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createFfmpeg } from './ffmpeg.js';
import { isNewEnough } from './ffmpeg-version.js';

const ffmpeg = createFfmpeg({ path: 'ffmpeg' });
const picture = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=64x64:d=1', '-frames:v', '1'];
const endless = ['-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=s=64x64', '-f', 'rawvideo', 'pipe:1'];

describe('createFfmpeg', () => {
  it('finds the installed version', async () => {
    expect(await ffmpeg.check()).toMatch(/^\S+$/);
  });

  it('says so when there is none', async () => {
    const none = createFfmpeg({ path: '/nowhere/ffmpeg' });
    await expect(none.check()).rejects.toMatchObject({ kind: 'unavailable', code: 'ffmpeg_missing' });
    await expect(
      none.run({ args: [...picture, '-f', 'mjpeg', 'pipe:1'], maxOutputBytes: 1e6, timeoutMs: 5000 }),
    ).rejects.toMatchObject({ kind: 'unavailable', code: 'ffmpeg_missing' });
  });

  it('returns all bytes of a run', async () => {
    const bytes = await ffmpeg.run({
      args: [...picture, '-f', 'mjpeg', 'pipe:1'],
      maxOutputBytes: 1e6,
      timeoutMs: 20_000,
    });
    expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    expect(bytes.subarray(-2)).toEqual(Buffer.from([0xff, 0xd9]));
  });

  it('feeds stdin', async () => {
    const jpeg = await ffmpeg.run({
      args: [...picture, '-f', 'mjpeg', 'pipe:1'],
      maxOutputBytes: 1e6,
      timeoutMs: 20_000,
    });
    const png = await ffmpeg.run({
      args: ['-v', 'error', '-f', 'mjpeg', '-i', 'pipe:0', '-f', 'image2', '-c:v', 'png', 'pipe:1'],
      stdin: jpeg,
      maxOutputBytes: 1e6,
      timeoutMs: 20_000,
    });
    expect(png.toString('latin1', 1, 4)).toBe('PNG');
  });

  it.each([
    ['refuses bad input', 'ffmpeg_failed', { stdin: Buffer.from('junk'), timeoutMs: 20_000, maxOutputBytes: 1e6 }],
  ])('%s', async (_name, code, options) => {
    const args = ['-v', 'error', '-f', 'mp4', '-i', 'pipe:0', '-f', 'mjpeg', 'pipe:1'];
    await expect(ffmpeg.run({ args, ...options })).rejects.toMatchObject({ code });
  });

  it('bounds time and bytes, and stops when aborted', async () => {
    await expect(ffmpeg.run({ args: endless, maxOutputBytes: 1e9, timeoutMs: 700 })).rejects.toMatchObject({
      code: 'ffmpeg_timeout',
    });
    await expect(ffmpeg.run({ args: endless, maxOutputBytes: 10_000, timeoutMs: 20_000 })).rejects.toMatchObject({
      code: 'ffmpeg_output_too_large',
    });
    const abort = new AbortController();
    const run = ffmpeg.run({ args: endless, maxOutputBytes: 1e9, timeoutMs: 20_000, signal: abort.signal });
    abort.abort();
    await expect(run).rejects.toMatchObject({ code: 'ffmpeg_stopped' });
  });

  it('reports a deliberate stop as such and leaves no process', async () => {
    const marker = `size=66x6${process.pid % 10}`;
    let seen: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (seen = resolve));
    const running = ffmpeg.start({
      args: ['-v', 'error', '-re', '-f', 'lavfi', '-i', `testsrc2=${marker}`, '-f', 'rawvideo', 'pipe:1'],
      onStdout: () => seen(),
    });
    await first;
    expect(commandLines().some((line) => line.includes(marker))).toBe(true);
    await running.stop();
    expect((await running.exited).stopped).toBe(true);
    expect(commandLines().some((line) => line.includes(marker))).toBe(false);
  });

  it('takes secrets out of stderr', async () => {
    const lines: string[] = [];
    const running = ffmpeg.start({
      args: ['-v', 'error', '-f', 'concat', '-safe', '0', '-i', 'pipe:0', '-f', 'mp4', 'pipe:1'],
      stdin: "ffconcat version 1.0\nfile '/nowhere/S3cret!'\nfile 'rtsp://u:S3cret%21@127.0.0.1/'\n",
      secrets: ['S3cret!'],
      onStdout: () => undefined,
      onStderrLine: (line) => lines.push(line),
    });
    const exit = await running.exited;
    expect(exit.code).not.toBe(0);
    expect(exit.stderr).toContain('/nowhere/***');
    expect(lines.join('\n') + exit.stderr).not.toContain('S3cret');
  });
});

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    });
}

describe('isNewEnough', () => {
  it.each([
    ['5.1.9-0+deb12u1', true],
    ['5.0.3', false],
    ['4.4.2-0ubuntu0.22.04.1', false],
    ['6.1', true],
    ['n7.0', true],
    ['N-117000-gabc', true],
  ])('%s: %s', (version, expected) => expect(isNewEnough(version)).toBe(expected));
});
