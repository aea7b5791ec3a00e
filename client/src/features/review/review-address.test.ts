import { describe, expect, it } from 'vitest';
import { readReviewAddress, writeReviewAddress } from './review-address.js';
import type { ReviewAddress } from './review-address.js';

const camera = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
const t0 = Date.UTC(2026, 10, 22, 7, 0, 0, 123);

describe('review address', () => {
  it('carries the whole view', () => {
    const address: ReviewAddress = {
      cameraIds: [camera(1), camera(2)],
      atMs: t0,
      window: { fromMs: t0 - 1000, toMs: t0 + 1000 },
      incidentId: camera(9),
      marks: { inMs: t0 - 500, outMs: t0 + 500 },
      rate: 4,
      focus: camera(2),
    };
    expect(readReviewAddress(new URLSearchParams(writeReviewAddress(address).toString()))).toEqual(address);
  });

  it.each([
    ['nothing', ''],
    ['junk', 'cams=x,y&at=yesterday&from=1&rate=100&focus=z&in=?'],
    ['an empty window', `from=2026-11-22T07:00:00Z&to=2026-11-22T07:00:00Z`],
    ['marks the wrong way round', `in=2026-11-22T07:00:01Z&out=2026-11-22T07:00:00Z`],
  ])('takes %s as absent', (_, text) => {
    const address = readReviewAddress(new URLSearchParams(text));
    expect(address).toMatchObject({ cameraIds: [], window: undefined, rate: 1, focus: undefined });
    expect(address.marks.inMs === undefined || address.marks.outMs === undefined).toBe(true);
  });

  it('takes at most four cameras, each once', () => {
    const text = [1, 1, 2, 3, 4, 5].map(camera).join(',');
    expect(readReviewAddress(new URLSearchParams({ cams: text })).cameraIds).toEqual([1, 2, 3, 4].map(camera));
  });
});
