import { describe, expect, it } from 'vitest';
import type { LiveFragment } from './live-window.js';
import { SegmentLog } from './segment-log.js';

let made = 0;
function fragment(independent: boolean, durationMs = 500, byteLength = 1000): LiveFragment {
  const key = `k${made++}`;
  const load = () => Promise.resolve(Buffer.from(key));
  const counts = { sampleCount: 5, recoveryPictures: 0 };
  return { ...counts, key, independent, shownFromMs: 0, durationMs, mediaMs: 0, run: 1, initId: 'a', byteLength, load };
}

/** K: a keyframe begins it; p: not; |: a break. */
function fill(log: SegmentLog, pattern: string, durationMs?: number, byteLength?: number): void {
  let follows = true;
  for (const letter of pattern) {
    if (letter === '|') follows = false;
    else {
      log.push(fragment(letter === 'K', durationMs, byteLength), follows);
      follows = true;
    }
  }
}

const numbers = (log: SegmentLog, after?: number) => log.after(after).map(({ number }) => number);

describe('the segments of a live stream for those who get them pushed', () => {
  it.each<[string, string, number | undefined, number[]]>([
    ['begin at the newest keyframe', 'KppKpp', undefined, [13, 14, 15]],
    ['wait for a keyframe', 'ppp', undefined, []],
    ['go on after the one that is known', 'KppKpp', 13, [14, 15]],
    ['are none when all are known', 'KppKpp', 15, []],
    ['begin at the newest keyframe where the number is of another life', 'KppKpp', 4711, [13, 14, 15]],
    ['reach over a keyframe while the viewer is near', 'KpppKp', 12, [13, 14, 15]],
    ['skip to the newest keyframe for who is too far behind', `${'Kppp'.repeat(4)}Kp`, 12, [26, 27]],
    [
      'skip nothing where no newer keyframe is',
      'KpppppppppppppP'.toLowerCase().replace('k', 'K'),
      11,
      [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24],
    ],
  ])('%s', (_name, pattern, after, expected) => {
    const log = new SegmentLog(10);
    fill(log, pattern);
    expect(numbers(log, after)).toEqual(expected);
  });

  it('say where they do not follow, and begin with a keyframe there', () => {
    const log = new SegmentLog(0);
    fill(log, 'Kp|ppKp');
    expect(
      log.after(0).map(({ number, discontinuity, fragments }) => [number, discontinuity, fragments[0]?.independent]),
    ).toEqual([
      [1, false, false],
      [2, true, true],
      [3, false, false],
    ]);
  });

  it('put keyframes of a tenth of a second together, and only those', () => {
    const log = new SegmentLog(0);
    fill(log, 'KKKKKKK', 100);
    expect(log.after(0).map(({ durationMs }) => durationMs)).toEqual([300]);
    fill(log, 'pK', 100);
    expect(log.after(1).map(({ fragments }) => fragments.length)).toEqual([2]);
  });

  it('are bounded: ten seconds, back to the last but one keyframe, never more than 24 MB', () => {
    const short = new SegmentLog(0);
    fill(short, 'Kppp'.repeat(100));
    expect(numbers(short, 0).length).toBeLessThanOrEqual(4); // number 0 is gone: from the newest keyframe on
    expect(numbers(short, 378).length).toBeGreaterThan(0);
    const long = new SegmentLog(0);
    fill(long, `K${'p'.repeat(119)}`.repeat(3));
    expect(numbers(long)).toHaveLength(120);
    expect(numbers(long, 120).length).toBeGreaterThan(0);
    const large = new SegmentLog(0);
    fill(large, `K${'p'.repeat(119)}`, 500, 1024 * 1024);
    expect(numbers(large)).toEqual([]); // its keyframe had to go
    fill(large, 'Kp');
    expect(numbers(large)).toEqual([120, 121]);
  });
});
