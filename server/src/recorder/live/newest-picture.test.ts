import { expect, it } from 'vitest';
import type { LiveFragment } from './live-window.js';
import { NewestPicture } from './newest-picture.js';

/** After each fragment: the keys of those that give the picture. */
function seen(...fragments: (Partial<LiveFragment> & { key: string })[]): string[] {
  const picture = new NewestPicture();
  return fragments.map((change) => {
    picture.take({
      ...{ independent: false, shownFromMs: 0, durationMs: 1000, mediaMs: 0, run: 1, initId: 'a', byteLength: 1 },
      ...{ sampleCount: 10, recoveryPictures: 0, load: () => Promise.resolve(Buffer.alloc(0)), ...change },
    });
    return picture.fragments?.map(({ key }) => key).join(' ') ?? '';
  });
}
const refresh = { independent: true, recoveryPictures: 14 };

it('is that of the newest keyframe', () => {
  expect(seen({ key: 'a' }, { key: 'K', independent: true }, { key: 'b' }, { key: 'L', independent: true })).toEqual([
    ...['', 'K', 'K', 'L'],
  ]);
});

it('is that of the newest refresh that is whole', () => {
  expect(seen({ key: 'R', ...refresh }, { key: 'a' }, { key: 'S', ...refresh }, { key: 'b' })).toEqual([
    ...['', 'R a', 'R a', 'S b'],
  ]);
  const long = { ...refresh, recoveryPictures: 25 };
  expect(seen({ key: 'R', ...long }, { key: 'a' }, { key: 'S', ...long }, { key: 'K', independent: true })).toEqual([
    ...['', '', 'R a S', 'K'],
  ]);
});

it('is none of a refresh that another run broke off', () => {
  const other = { run: 2 };
  expect(seen({ key: 'R', ...refresh }, { key: 'S', ...refresh, ...other }, { key: 'a', ...other })).toEqual([
    ...['', '', 'S a'],
  ]);
});
