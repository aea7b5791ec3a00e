import { describe, expect, it } from 'vitest';
import { KeyframeWatch, type KeyframeState } from './keyframe-watch.js';

/** A camera of so many pictures a second, whose keyframes a test places. */
function camera(framesPerSecond = 10) {
  const watch = new KeyframeWatch();
  const stepMs = 1000 / framesPerSecond;
  let nowMs = 5000;
  let state: KeyframeState = 'fine';
  const picture = (isKey: boolean) => {
    state = watch.picture(isKey, nowMs);
    nowMs += stepMs;
  };
  return {
    pause: (ms: number) => (nowMs += ms),
    key: () => {
      picture(true);
      return state;
    },
    /** Groups of pictures of these lengths; what was said meanwhile, but for `fine`. */
    groups(...seconds: number[]): KeyframeState[] {
      const said: KeyframeState[] = [];
      for (const length of seconds)
        for (let index = 0; index < Math.round(length * framesPerSecond); index += 1) {
          picture(index === 0);
          if (state !== 'fine') said.push(state);
        }
      return said;
    },
    /** Pictures without a keyframe: after how many seconds since the last one this was said first; at most 300. */
    without(wanted: KeyframeState): number {
      const last = nowMs - stepMs;
      while (state !== wanted && nowMs - last < 300_000) picture(false);
      return Math.round((nowMs - stepMs - last) / 1000);
    },
  };
}
const times = (count: number, ...seconds: number[]) => Array.from({ length: count }, () => seconds).flat();

describe('keyframes that stay away', () => {
  it.each<[string, number[], number]>([
    ['a second', times(10, 1), 15],
    ['two seconds', times(10, 2), 15],
    ['eight seconds', times(5, 8), 24],
    ['twenty seconds', times(5, 20), 40],
    ['a minute', times(5, 60), 80],
    ['two seconds or twenty', times(5, 2, 2, 20, 2, 2), 40],
    ['two seconds, and once in the night five minutes', [...times(5, 2), 300, ...times(5, 2)], 140],
    ['who knows', [2, 2], 60],
  ])('are asked for and told: usually every %s', (_usual, groups, overdueSeconds) => {
    const one = camera();
    one.groups(...groups);
    one.key();
    expect(one.without('overdue')).toBe(overdueSeconds);
    expect(one.without('missing')).toBe(8);
    expect(one.key()).toBe('fine');
  });

  it.each<[string, number[]]>([
    ['every second', times(100, 1)],
    ['every minute, from the first', times(4, 60)],
    ['every minute, after one at the connection', [3, ...times(4, 60)]],
    ['less and less often', [2, 2, 2, 2, 5, 10, 14.9, 30, 49, 68, 87]],
    ['a day of movement between quiet nights', [...times(10, 20), ...times(40_000, 2), ...times(2, 39)]],
  ])('is not what is said of those that come %s', (_name, groups) => {
    expect(camera(2).groups(...groups)).toEqual([]);
  });

  it('is not told of those that come a little later than ever, for the first time or when they are asked for', () => {
    const one = camera();
    expect(one.groups(...times(10, 2), 22.5, 2, 2)).not.toContain('missing');
    expect(one.groups(40, 40)).toEqual([]);
  });

  it('is forgotten of a day long past', () => {
    const one = camera(1);
    one.groups(...times(5, 40), ...times(86_400, 2));
    one.key();
    expect(one.without('overdue')).toBe(15);
  });

  it('is not told where no picture comes, nor of what comes all at once after it', () => {
    const one = camera();
    one.groups(...times(10, 2));
    for (let pause = 0; pause < 5; pause += 1) {
      one.pause(60_000);
      expect(one.groups(1)).toEqual([]);
    }
  });

  it('is told of a camera of a picture in five seconds too', () => {
    const one = camera(0.2);
    expect(one.groups(...times(6, 50))).toEqual([]);
    one.key();
    expect(one.without('missing')).toBeLessThan(140);
  });
});
