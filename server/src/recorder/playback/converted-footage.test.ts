import { describe, expect, it } from 'vitest';
import { FakeFootage, fragmentsOf, makeFragmentedMp4 } from '../../../../test/harness/fake-footage.js';
import { parseInitSegment } from '../../lib/isobmff/init-segment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createTranscodes } from '../transcoding/transcodes.js';
import { createKeyframePictures } from './keyframe-pictures.js';
import { createPlayback } from './playback.js';

const startAtMs = Date.UTC(2026, 10, 22, 7, 30);
const camera = 'camera';
const ffmpeg = createFfmpeg({ path: 'ffmpeg' });
const codecs = ['libx264', 'libx265'] as const;
const media = Object.fromEntries(
  codecs.map((codec) => [
    codec,
    makeFragmentedMp4({ seconds: 14, frameRate: 10, gop: 100, bFrames: 2, codec }).then((mp4) =>
      fragmentsOf(mp4, startAtMs),
    ),
  ]),
) as Record<(typeof codecs)[number], Promise<ReturnType<typeof fragmentsOf>>>;
const guard = { fromMs: startAtMs, toMs: startAtMs + 14_000 };

async function setUp(codec: (typeof codecs)[number], limit = 2) {
  const footage = new FakeFootage('f');
  footage.appendAll(camera, (await media[codec]).fragments);
  const converter = createTranscodes({ ffmpeg, limit, logger: silentLogger });
  return createPlayback({ footage, pictures: createKeyframePictures({ ffmpeg }), converter });
}

/** Presentation times of the pictures, ticks, ordered; and where they end. */
function shown(init: Buffer, body: Buffer): { ticks: number[]; end: number } {
  const { trackId } = parseInitSegment(init);
  const { samples, baseMediaDecodeTime } = parseMoof(body, parseTrackDefaults(init, trackId));
  let at = Number(baseMediaDecodeTime);
  const ticks = samples.map(({ duration, compositionOffset }) => {
    at += duration;
    return at - duration + compositionOffset;
  });
  return { ticks: ticks.sort((a, b) => a - b), end: at };
}

const urisOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const instantsOf = (text: string) => [...text.matchAll(/PROGRAM-DATE-TIME:(\S+)/g)].map((match) => match[1]);

describe('footage that the browser cannot play', () => {
  it('is given as H.264, every picture at its own instant, none missing and none twice', async () => {
    const playback = await setUp('libx265');
    const asItIs = await playback.playlist(camera, guard.fromMs, guard.toMs, 'full');
    expect(urisOf(asItIs).every((uri) => uri.startsWith('files/'))).toBe(true);
    const text = await playback.playlist(camera, guard.fromMs, guard.toMs, 'full', { plays: ['h264'] });
    expect(instantsOf(text)[0]).toBe(instantsOf(asItIs)[0]);
    const fileId = /converted\/([\w-]+)\.mp4/.exec(text)?.[1] ?? '';
    const init = (await playback.convertedInit(camera, fileId, guard)).body;
    expect(parseInitSegment(init).codec).toMatch(/^avc1\./);
    const ticks: number[] = [];
    let endBefore: number | undefined;
    for (const uri of urisOf(text)) {
      const [, id = '', start, end] = /^converted\/([\w-]+)-(\d+)-(\d+)\.m4s$/.exec(uri) ?? [];
      const piece = await playback.converted(camera, id, 'stretch', Number(start), Number(end), guard);
      const own = shown(init, piece.body);
      // A keyframe every 10 s, and pieces of 6 s: some begin where the original has none.
      expect(parseMoof(piece.body, parseTrackDefaults(init, 1)).samples[0]?.isSync).toBe(true);
      if (endBefore !== undefined) expect(own.ticks[0]).toBe(endBefore);
      endBefore = own.end;
      ticks.push(...own.ticks);
    }
    const { fragments, init: original } = await media.libx265;
    const expected = fragments.flatMap(({ bytes }) => shown(original.bytes, bytes).ticks).sort((a, b) => a - b);
    expect(ticks).toEqual(expected);
    expect(urisOf(text).length).toBeGreaterThanOrEqual(3);
  }, 60_000);

  it('is given as keyframes too, several in a piece', async () => {
    const playback = await setUp('libx265');
    const plain = await playback.playlist(camera, guard.fromMs, guard.toMs, 'keyframes');
    const text = await playback.playlist(camera, guard.fromMs, guard.toMs, 'keyframes', { plays: ['h264'] });
    expect(urisOf(plain)).toHaveLength(2);
    const [uri = '', ...others] = urisOf(text);
    expect(others).toEqual([]);
    const [, id = '', first, last] = /^converted-keyframes\/([\w-]+)-(\d+)-(\d+)\.m4s$/.exec(uri) ?? [];
    const init = (await playback.convertedInit(camera, id, guard)).body;
    const piece = await playback.converted(camera, id, 'keyframes', Number(first), Number(last), guard);
    const { ticks, end } = shown(init, piece.body);
    const { fragments, init: original } = await media.libx265;
    const keyframes = fragments
      .filter((one) => one.independent)
      .map(({ bytes }) => shown(original.bytes, bytes).ticks[0]);
    expect(ticks).toEqual(keyframes);
    const seconds = Number(/EXTINF:([\d.]+)/.exec(text)?.[1]);
    expect((end - (ticks[0] ?? 0)) / original.timescale).toBeCloseTo(seconds, 3);
  });

  it('stays inside of what was opened, and stays what it is for who can play it', async () => {
    const playback = await setUp('libx265');
    const text = await playback.playlist(camera, guard.fromMs, guard.toMs, 'full', { plays: ['h264'] });
    const [, id = '', start, end] = /converted\/([\w-]+)-(\d+)-(\d+)\.m4s/.exec(urisOf(text).at(-1) ?? '') ?? [];
    const early = { fromMs: startAtMs, toMs: startAtMs + 5000 };
    for (const [from, to] of [
      [Number(start), Number(end)],
      [Number(start) + 1, Number(end)],
      [0, 1e9],
    ] as const)
      await expect(playback.converted(camera, id, 'stretch', from, to, early)).rejects.toMatchObject({
        code: 'outside_opened_range',
      });
    await expect(playback.converted('other', id, 'stretch', Number(start), Number(end), guard)).rejects.toMatchObject({
      code: 'footage_gone',
    });
    const played = await playback.playlist(camera, guard.fromMs, guard.toMs, 'full', { plays: ['h264', 'h265'] });
    expect(played).not.toContain('converted');
  });

  it('is not converted where nothing may be', async () => {
    const playback = await setUp('libx265', 0);
    const text = await playback.playlist(camera, guard.fromMs, guard.toMs, 'full', { plays: ['h264'] });
    const [, id = '', start, end] = /converted\/([\w-]+)-(\d+)-(\d+)\.m4s/.exec(urisOf(text)[0] ?? '') ?? [];
    await expect(playback.converted(camera, id, 'stretch', Number(start), Number(end), guard)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'transcodes_busy',
    });
  });

  it('H.264 is never converted', async () => {
    const playback = await setUp('libx264');
    const text = await playback.playlist(camera, guard.fromMs, guard.toMs, 'full', { plays: ['h264'] });
    expect(text).not.toContain('converted');
  });
});
