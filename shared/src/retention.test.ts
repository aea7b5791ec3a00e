import { describe, expect, it } from 'vitest';
import { forecastRetention, type ForecastFacts } from './retention.js';

const nowMs = Date.parse('2026-11-22T07:00:00.000Z');
const gb = 1e9;
const daysAgo = (days: number) => new Date(nowMs - days * 86_400_000).toISOString();

interface Given {
  id?: string;
  days: number;
  gbPerDay: number;
  gb?: number;
  held?: number;
  age?: number;
}
const camera = ({ id = 'one', days, gbPerDay, gb: bytes = 0, held = 0, age }: Given) => ({
  cameraId: id,
  retentionDays: days,
  bytesPerDay: gbPerDay * gb,
  footageBytes: bytes * gb,
  heldBytes: held * gb,
  oldestAt: age === undefined ? null : daysAgo(age),
});
/** A disk of `room` GB for footage, five more that stay free. */
const disk = (room: number, cameras: Given[], others: Given[] = []): ForecastFacts => {
  const used = [...cameras, ...others].reduce((total, one) => total + (one.gb ?? 0), 0);
  return {
    freeBytes: (room - used + 5) * gb,
    minFreeBytes: 5 * gb,
    footageBytes: used * gb,
    cameras: cameras.map(camera),
    others: others.map((other) => camera(other)),
  };
};

describe('a forecast of retention', () => {
  const cases: [what: string, facts: ForecastFacts, expected: object, kept: [days: number, limit: string][]][] = [
    [
      'room for all: age limits, the disk never ends',
      disk(100, [{ days: 30, gbPerDay: 2, gb: 10, age: 5 }]),
      { diskDays: 50, cutDays: null, fullInDays: null },
      [[30, 'age']],
    ],
    [
      'too little room: the disk cuts, and is full when what is free is used up',
      disk(46, [{ days: 30, gbPerDay: 2, gb: 10, age: 5 }]),
      { diskDays: 23, cutDays: 23, fullInDays: 18 },
      [[23, 'disk']],
    ],
    [
      'a full disk is full now',
      disk(46, [{ days: 30, gbPerDay: 2, gb: 46, age: 23 }]),
      { cutDays: 23, fullInDays: 0 },
      [[23, 'disk']],
    ],
    [
      'exactly enough is enough',
      disk(60, [{ days: 30, gbPerDay: 2, gb: 60, age: 30 }]),
      { cutDays: null, fullInDays: null },
      [[30, 'age']],
    ],
    [
      'held footage takes room for good',
      disk(46, [{ days: 30, gbPerDay: 2, gb: 20, held: 16, age: 90 }]),
      { heldBytes: 16 * gb, roomBytes: 30 * gb, cutDays: 15 },
      [[15, 'disk']],
    ],
    [
      'held footage that fills the disk leaves nothing',
      disk(20, [{ days: 30, gbPerDay: 2, gb: 20, held: 20, age: 90 }]),
      { roomBytes: 0, fullOfHeld: true, diskDays: 0, cutDays: 0, fullInDays: 0 },
      [[0, 'disk']],
    ],
    [
      'a disk below its headroom already: no less than nothing',
      { ...disk(0, [{ days: 30, gbPerDay: 2 }]), freeBytes: 0 },
      { roomBytes: 0, fullOfHeld: false, cutDays: 0, fullInDays: 0 },
      [[0, 'disk']],
    ],
    [
      'a disk that something else fills: no room either without the little that is held',
      disk(0, [{ days: 30, gbPerDay: 2, gb: 1, held: 1, age: 90 }]),
      { roomBytes: 0, heldBytes: gb, fullOfHeld: false },
      [[0, 'disk']],
    ],
    [
      'a new camera without history counts from its bitrate',
      disk(100, [{ days: 30, gbPerDay: 5 }]),
      { cutDays: 20, fullInDays: 20 },
      [[20, 'disk']],
    ],
    [
      'nothing is recorded: nothing fills the disk',
      disk(100, [{ days: 30, gbPerDay: 0, gb: 90, age: 12 }]),
      { diskDays: null, cutDays: null, fullInDays: null, bytesPerDay: 0 },
      [[30, 'age']],
    ],
    ['no cameras', disk(100, []), { diskDays: null, cutDays: null, fullInDays: null }, []],
    [
      'all are cut at one age; who keeps less than that is not',
      disk(100, [
        { id: 'short', days: 7, gbPerDay: 2 },
        { id: 'long', days: 60, gbPerDay: 2 },
        { id: 'middle', days: 30, gbPerDay: 2 },
      ]),
      // 7 days of three = 42 GB, then two at 4 GB a day for 14.5 days.
      { cutDays: 21.5 },
      [
        [7, 'age'],
        [21.5, 'disk'],
        [21.5, 'disk'],
      ],
    ],
    [
      'cameras of other areas fill the same disk',
      disk(46, [{ days: 30, gbPerDay: 1 }], [{ days: 30, gbPerDay: 1 }]),
      { cutDays: 23, bytesPerDay: 2 * gb },
      [[23, 'disk']],
    ],
    [
      'some stop growing before the disk is full',
      disk(40, [
        { id: 'short', days: 5, gbPerDay: 2, gb: 4, age: 2 },
        { id: 'long', days: 60, gbPerDay: 1, gb: 2, age: 2 },
      ]),
      // After 3 days the short one stays at 10; the long one has 5 then, and 30 after 25 more.
      { fullInDays: 28, cutDays: 30 },
      [
        [5, 'age'],
        [30, 'disk'],
      ],
    ],
  ];
  it.each(cases)('%s', (_what, facts, expected, kept) => {
    const forecast = forecastRetention(facts, { nowMs });
    for (const [name, value] of Object.entries(expected)) {
      const found = forecast[name as keyof typeof forecast];
      if (value === null) expect(found, name).toBeNull();
      else expect(found, name).toBeCloseTo(value as number, 6);
    }
    expect(forecast.cameras.map((one) => [Math.round(one.keptDays * 1000) / 1000, one.limit])).toEqual(kept);
  });

  it('tries other days than the camera has, and says what goes at once', () => {
    const facts = disk(100, [
      { id: 'a', days: 30, gbPerDay: 1, gb: 20, age: 20 },
      { id: 'b', days: 30, gbPerDay: 1, gb: 20, age: 20 },
    ]);
    const asIs = forecastRetention(facts, { nowMs });
    expect(asIs.deletedAtOnceBytes).toBe(0);
    const shorter = forecastRetention(facts, { nowMs, daysOfCamera: (id, days) => (id === 'a' ? 5 : days) });
    expect(shorter.cameras.map((one) => [one.days, one.keptDays])).toEqual([
      [5, 5],
      [30, 30],
    ]);
    expect(shorter.cameras.map((one) => one.deletedAtOnceBytes / gb)).toEqual([15, 0]);
    const longer = forecastRetention(facts, { nowMs, daysOfCamera: () => 90 });
    expect(longer.cameras[0]).toMatchObject({ keptDays: 50, limit: 'disk', deletedAtOnceBytes: 0 });
    expect(longer.fullInDays).toBeCloseTo(30, 6);
  });

  it('counts held footage neither as deleted nor as room', () => {
    const facts = disk(100, [{ days: 30, gbPerDay: 1, gb: 20, held: 8, age: 20 }]);
    const shorter = forecastRetention(facts, { nowMs, daysOfCamera: () => 5 });
    expect(shorter.deletedAtOnceBytes / gb).toBeCloseTo(9, 6);
    expect(shorter.roomBytes / gb).toBe(92);
  });

  it('lets old footage of a higher bitrate go before it says that the disk fills', () => {
    const facts = disk(25, [{ days: 10, gbPerDay: 2, gb: 24, age: 10 }]);
    expect(forecastRetention(facts, { nowMs })).toMatchObject({ cutDays: null, fullInDays: null });
  });

  it('takes thousands of cameras at once', () => {
    const many = Array.from({ length: 2000 }, (_, index) => ({
      ...{ id: String(index), days: 1 + (index % 60), gbPerDay: 1, gb: 1, age: 1 },
    }));
    const forecast = forecastRetention(disk(20_000, many), { nowMs });
    const total = many.reduce((bytes, one) => bytes + Math.min(one.days, forecast.cutDays!), 0);
    expect(total).toBeCloseTo(20_000, 3);
  });
});
