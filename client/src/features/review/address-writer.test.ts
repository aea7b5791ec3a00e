import { describe, expect, it } from 'vitest';
import { createAddressWriter } from './address-writer.js';
import type { ReviewAddress } from './review-address.js';

const start: ReviewAddress = { cameraIds: [], marks: {}, rate: 1 };

describe('address writer', () => {
  it('loses no change that was made before the page read the one before it', () => {
    const writer = createAddressWriter(start);
    const first = writer.change((latest) => ({ marks: { ...latest.marks, inMs: 1000 } }));
    writer.change({ atMs: 5000 });
    writer.seen(first);
    const last = writer.change((latest) => ({ marks: { ...latest.marks, outMs: 2000 } }));
    expect(last).toMatchObject({ atMs: 5000, marks: { inMs: 1000, outMs: 2000 } });
  });

  it('takes an address from elsewhere as it is', () => {
    const writer = createAddressWriter(start);
    writer.change({ atMs: 5000 });
    writer.seen({ ...start, rate: 4 });
    expect(writer.change({ focus: 'a' })).toEqual({ ...start, rate: 4, focus: 'a' });
  });

  it('going back after everything was read is an address from elsewhere', () => {
    const writer = createAddressWriter(start);
    writer.seen(writer.change({ atMs: 5000 }));
    writer.seen(start);
    expect(writer.change({ rate: 2 })).toEqual({ ...start, rate: 2 });
  });
});
