import { expect, it } from 'vitest';
import { FirstKeyframe } from './first-keyframe.js';

function setUp() {
  const seen: string[] = [];
  const clock = { now: 0 };
  const ignore = () => undefined;
  const wait = new FirstKeyframe({
    monotonicMs: () => clock.now,
    pull: {
      requestKeyframe: () => seen.push(`${clock.now / 1000}: asked`),
      report: {
        ...{ frame: ignore, codec: ignore, packets: ignore, time: ignore, audio: ignore },
        trouble: (trouble, detail) => seen.push(`${clock.now / 1000}: ${trouble} ${detail ?? 'over'}`),
      },
    },
  });
  const advance = (seconds: number) => {
    for (const end = clock.now + seconds * 1000; clock.now < end;) {
      clock.now += 1000;
      wait.tick();
    }
  };
  return { seen, wait, advance };
}

it.each([
  [
    'a decoder that complains',
    (wait: FirstKeyframe) => wait.said('[h264 @ 0x55a0ef523540] non-existing PPS 0 referenced'),
  ],
  ['one of H.265', (wait: FirstKeyframe) => wait.said('[hevc @ 0x55eedddde380] Could not find ref with POC 0')],
  ['a header', (wait: FirstKeyframe) => wait.picturesCome()],
])(
  '%s shows that pictures come: a keyframe is asked for, that none comes is reported until one does',
  (_name, shows) => {
    const { seen, wait, advance } = setUp();
    advance(2);
    shows(wait);
    advance(12);
    wait.came();
    advance(20);
    expect(seen).toEqual([
      '3: asked',
      '8: asked',
      '10: no_keyframe pictures come, but no keyframe',
      '13: asked',
      '14: no_keyframe over',
    ]);
  },
);

it('says nothing where nothing comes, and nothing of a keyframe that is there at once', () => {
  const { seen, wait, advance } = setUp();
  wait.said('[rtsp @ 0x557ee6b7db40] RTP: missed 3 packets');
  advance(30);
  wait.picturesCome();
  wait.came();
  advance(30);
  expect(seen).toEqual([]);
});
