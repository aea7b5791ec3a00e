import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fragmentsOf, makeFragmentedMp4, type MediaOptions } from '../../../../test/harness/fake-footage.js';
import { buildKeyframeFragment } from '../../lib/isobmff/keyframe-fragment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createKeyframePictures, type KeyframePictures } from './keyframe-pictures.js';
import type { StillPictureRun } from './picture-run.js';

/** Each second's keyframe, as playback and live hand it in. */
async function keyframesOf(options: Omit<MediaOptions, 'gop'>): Promise<Buffer[]> {
  const { init, fragments } = fragmentsOf(await makeFragmentedMp4({ frameRate: 5, gop: 5, ...options }), 0);
  const defaults = parseTrackDefaults(init.bytes, init.trackId);
  return fragments.flatMap(({ bytes }) => {
    const sample = parseMoof(bytes, defaults).samples.find(({ isSync }) => isSync);
    if (sample === undefined) return [];
    const accessUnit = bytes.subarray(sample.offset, sample.offset + sample.size);
    const { trackId } = init;
    return [
      Buffer.concat([
        init.bytes,
        buildKeyframeFragment({ sequenceNumber: 1, trackId, presentationTime: 0n, durationTicks: 1, accessUnit }),
      ]),
    ];
  });
}

/** The same without anything that can be decoded. */
function damaged(keyframe: Buffer): Buffer {
  const bytes = Buffer.from(keyframe);
  bytes.fill(7, bytes.lastIndexOf('mdat') + 4);
  return bytes;
}

const ffmpeg = createFfmpeg({ path: 'ffmpeg' });
let runs: StillPictureRun[];
/** What the next runs wait for. */
let held: Promise<void>;
let pictures: KeyframePictures;
let small: Buffer[];
let large: Buffer[];

const encode = async (options: StillPictureRun) => {
  runs.push(options);
  await held;
  return ffmpeg.run(options);
};
const ask = (keyframe: Buffer, name: string | number, signal?: AbortSignal, loaded: (string | number)[] = []) =>
  pictures.picture(
    `${name}`,
    () => {
      loaded.push(name);
      return Promise.resolve(keyframe);
    },
    64,
    signal,
  );
/** A gate, shut. */
function gate() {
  let open: () => void = () => undefined;
  held = new Promise((resolve) => (open = resolve));
  return () => open();
}

beforeAll(async () => {
  small = await keyframesOf({ seconds: 12, size: '160x90' });
  large = await keyframesOf({ seconds: 3, size: '320x240', bFrames: 2 });
});
beforeEach(() => {
  runs = [];
  held = Promise.resolve();
  pictures = createKeyframePictures({ ffmpeg: { run: encode } });
});

describe('pictures of keyframes', () => {
  it('are made together when they are asked for together, each the same as alone', async () => {
    const together = await Promise.all(small.map((keyframe, index) => ask(keyframe, index)));
    expect(runs).toHaveLength(2);
    const alone: Buffer[] = [];
    for (const [index, keyframe] of small.entries()) alone.push(await ask(keyframe, `alone ${index}`));
    expect(runs).toHaveLength(2 + small.length);
    expect(new Set(alone.map((jpeg) => jpeg.toString('hex'))).size).toBe(small.length);
    expect(together).toEqual(alone);
    // From memory.
    expect(await ask(small[3]!, 3)).toEqual(alone[3]);
    expect(runs).toHaveLength(2 + small.length);
  });

  it.each(['mjpeg', 'mpeg4', 'libx265'] as const)('of %s too', async (codec) => {
    const keyframes = await keyframesOf({ seconds: 3, size: '160x90', codec });
    const jpegs = await Promise.all(keyframes.map((keyframe, index) => ask(keyframe, index)));
    expect(new Set(jpegs.map((jpeg) => jpeg.toString('hex'))).size).toBe(keyframes.length);
    for (const jpeg of jpegs) expect(jpeg.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  });

  it('of several cameras do not mix', async () => {
    const both = [small[0]!, large[0]!, small[1]!, large[1]!];
    const together = await Promise.all(both.map((keyframe, index) => ask(keyframe, index)));
    for (const [index, keyframe] of both.entries())
      expect(together[index]).toEqual(await ask(keyframe, `alone ${index}`));
  });

  it('are made although one among them is damaged', async () => {
    const asked = small
      .slice(0, 6)
      .map((keyframe, index) => ask(index % 3 === 0 ? damaged(keyframe) : keyframe, index));
    const answers = await Promise.allSettled(asked);
    expect(answers.map(({ status }) => status)).toEqual([
      ...['rejected', 'fulfilled', 'fulfilled'],
      ...['rejected', 'fulfilled', 'fulfilled'],
    ]);
  });

  it('are made one by one after a run that failed', async () => {
    const single = small.reduce((most, { length }) => Math.max(most, length), 0);
    pictures = createKeyframePictures({
      ffmpeg: {
        run: (options) => {
          if (options.stdin.length > single) return Promise.reject(new Error('it ended'));
          return encode(options);
        },
      },
    });
    const jpegs = await Promise.all(small.slice(0, 5).map((keyframe, index) => ask(keyframe, index)));
    expect(new Set(jpegs.map((jpeg) => jpeg.toString('hex'))).size).toBe(5);
    expect(runs).toHaveLength(5);
  });

  it('are not made when nobody waits for them any more', async () => {
    const open = gate();
    const first = [ask(small[0]!, 0), ask(small[1]!, 1)];
    await expect.poll(() => runs.length).toBe(2);
    const gone = new AbortController();
    const loaded: (string | number)[] = [];
    const left = [2, 3, 4].map((index) => ask(small[index]!, index, gone.signal, loaded));
    const stays = ask(small[3]!, 3, new AbortController().signal, loaded);
    gone.abort(new Error('the viewer went away'));
    for (const one of left) await expect(one).rejects.toThrow('the viewer went away');
    open();
    await Promise.all([...first, stays]);
    expect(loaded).toEqual([3]);
    expect(runs).toHaveLength(3);
    // Whoever asks again gets it.
    expect((await ask(small[2]!, 2)).length).toBeGreaterThan(0);
  });

  it('are given up while they are made when all viewers have gone', async () => {
    const open = gate();
    const [one, other] = [new AbortController(), new AbortController()];
    const asked = [ask(small[0]!, 0, one.signal), ask(small[1]!, 1, other.signal), ask(small[2]!, 2, other.signal)];
    const settled = Promise.allSettled(asked);
    await expect.poll(() => runs.length).toBe(2);
    other.abort(new Error('gone'));
    const aborted = () => runs.filter(({ signal }) => signal?.aborted === true).length;
    await expect.poll(aborted).toBe(1);
    one.abort(new Error('gone'));
    await expect.poll(aborted).toBe(2);
    open();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('are refused when too many wait', async () => {
    const open = gate();
    const asked = Array.from({ length: 80 }, (_, index) => ask(small[index % small.length]!, index));
    const answers = Promise.allSettled(asked);
    open();
    const refused = (await answers).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(16);
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'pictures_busy' } });
  });
});
