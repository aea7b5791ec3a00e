import type { EventPage, RecorderEvent, RecorderStatus } from '@choi-canh/shared/recorder-api';
import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { keptDigest } from '../../lib/kept-digest.js';
import type { Transaction } from '../../platform/db/database.js';
import type { RecorderClient } from './recorder-client.js';
import { ownLease } from './recorder-leases.js';
import type { RecorderRow } from './recorder.entity.js';
import { RecorderSync } from './recorder-sync.js';
import { usualSyncTimes } from './sync-times.js';
import type { RecordersRepository } from './recorders.repository.js';

const consoleId = 'c0000000-0000-4000-8000-000000000001';
const row: RecorderRow = {
  ...{ id: 'r', name: 'Đầu ghi', url: '', tokenBox: '', embedded: false },
  ...{
    lastSequence: 7,
    desiredRevision: 0,
    lastSeenAt: null,
    createdAt: 0,
    deletedAt: null,
    droppedCameras: [],
    keyPin: null,
  },
  scanRanges: [],
};
const statusAt = (sequence: number) =>
  ({
    ...{ revision: 0, startedAt: '2026-11-22T00:00:00.000Z', cameras: [], sequence, consoleId, holds: null },
    storage: { awaitingHolds: false },
  }) as unknown as RecorderStatus;
const event = (sequence: number): RecorderEvent => ({
  ...{ type: 'hold.state', holdId: '5f3f0000-0000-4000-8000-00000000000f', held: true },
  ...{ sequence, at: '2026-11-22T00:00:00.000Z' },
});

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

/** A recorder of whose answers each is given by hand, and a console that keeps its number in memory. */
function inStep(differs = (_sequence: number) => Promise.resolve(false)) {
  const answers = { status: [] as ((status: RecorderStatus) => void)[], events: [] as ((page: EventPage) => void)[] };
  const askedAfter: number[] = [];
  const applied: number[] = [];
  const agreed: number[] = [];
  const silences: (number | undefined)[] = [];
  let stored = row.lastSequence;
  const client = {
    status: () =>
      new Promise<RecorderStatus>((resolve) => answers.status.push(resolve)).then((status) => ({
        status,
        misfits: [],
      })),
    events: (after: number) => {
      askedAfter.push(after);
      return new Promise<EventPage>((resolve) => answers.events.push(resolve));
    },
    desiredMarks: () =>
      Promise.resolve({ consoleId, revision: 0, minFreeBytes: 0, cameras: [], keptDigest: keptDigest([]) }),
    holds: () => Promise.resolve({ count: 0, digest: '0', holds: [] }),
    close: () => undefined,
  };
  const repository = {
    sequenceOf: () => Promise.resolve(stored),
    find: () => Promise.resolve(row),
    setSequence: (_id: string, sequence: number) => {
      stored = sequence;
      return Promise.resolve();
    },
    advance: async (_id: string, from: number, to: number, work: (manager: Transaction) => Promise<void>) => {
      if (stored !== from) return false;
      await work({} as Transaction);
      stored = to;
      return true;
    },
    setLastSeen: () => Promise.resolve(),
    setRevision: () => Promise.resolve(),
  };
  const sync = new RecorderSync({
    row,
    client: client as unknown as RecorderClient,
    repository: repository as unknown as RecordersRepository,
    parts: {
      desired: {
        minFreeBytes: 0,
        cameras: () => Promise.resolve([]),
        marks: () => Promise.resolve([]),
        kept: () => Promise.resolve([]),
      },
      holds: {
        changes: () => Promise.resolve({ put: [], release: [] }),
        acknowledged: () => Promise.resolve(),
        summary: () => Promise.resolve({ count: 0, digest: '0' }),
        reconcile: () => Promise.resolve(null),
      },
      applyEvents: (_id, events) => {
        applied.push(...events.map(({ sequence }) => sequence));
        return Promise.resolve([]);
      },
      lost: () => Promise.resolve(),
      silent: (_id, since) => Promise.resolve(silences.push(since)).then(() => undefined),
      heardAgain: () => Promise.resolve(silences.push(undefined)).then(() => undefined),
      found: () => Promise.resolve(),
      differs: (_id, { sequence }) => differs(sequence),
      agree: (_id, { sequence }) => {
        agreed.push(sequence);
        return Promise.resolve(() => undefined);
      },
      setAside: () => Promise.resolve(() => undefined),
      applyUnderstood: () => Promise.resolve(),
    },
    lease: ownLease,
    clock: systemClock,
    logger: silentLogger,
    times: { ...usualSyncTimes, statusEveryMs: 1, debounceMs: 1, silentAfterMs: 600 },
    consoleId,
    changed: () => undefined,
    delivered: () => undefined,
  });
  onTestFinished(async () => {
    const stopped = sync.stop();
    for (const answer of answers.status) answer(statusAt(stored));
    for (const answer of answers.events) answer({ events: [], sequence: stored });
    await stopped;
  });
  sync.start();
  return { answers, askedAfter, applied, agreed, silences, sync };
}

it('keeps its number where a status comes late that was made before the newest events', async () => {
  const { answers, askedAfter, applied } = inStep();
  await until(() => expect([answers.status, answers.events].map(({ length }) => length)).toEqual([1, 1]));
  answers.events[0]?.({ events: [event(8)], sequence: 8 });
  await until(() => expect(askedAfter).toEqual([7, 8]));
  answers.status[0]?.(statusAt(7));
  await until(() => expect(answers.status).toHaveLength(2));
  answers.events[1]?.({ events: [event(9)], sequence: 9 });
  await until(() => expect(askedAfter).toHaveLength(3));
  expect(askedAfter).toEqual([7, 8, 9]);
  expect(applied).toEqual([8, 9]);

  // What is behind the number that it was asked with has lost its events.
  answers.status[1]?.(statusAt(3));
  await until(() => expect(answers.status).toHaveLength(3));
  answers.events[2]?.({ events: [], sequence: 3 });
  await until(() => expect(askedAfter).toHaveLength(4));
  expect(askedAfter.at(-1)).toBe(0);
});

it('believes a status rather than its events when all of them are applied, and only then', async () => {
  const compared: number[] = [];
  const { answers, askedAfter, agreed } = inStep((sequence) => {
    compared.push(sequence);
    return Promise.resolve(compared.length > 1);
  });
  await until(() => expect([answers.status, answers.events].map(({ length }) => length)).toEqual([1, 1]));
  answers.status[0]?.(statusAt(8));
  await until(() => expect(answers.status).toHaveLength(2));
  answers.events[0]?.({ events: [event(8)], sequence: 8 });
  await until(() => expect(askedAfter).toHaveLength(2));
  for (const index of [1, 2]) {
    answers.status[index]?.(statusAt(8));
    await until(() => expect(answers.status).toHaveLength(index + 2));
  }
  expect(compared).toEqual([8, 8]);
  expect(agreed).toEqual([8]);
});

it('does not believe a status where an event comes before it is written', async () => {
  const { answers, askedAfter, agreed } = inStep(async () => {
    answers.events[0]?.({ events: [event(8)], sequence: 8 });
    await until(() => expect(askedAfter).toEqual([7, 8]));
    return true;
  });
  await until(() => expect([answers.status, answers.events].map(({ length }) => length)).toEqual([1, 1]));
  answers.status[0]?.(statusAt(7));
  await until(() => expect(answers.status).toHaveLength(2));
  expect(agreed).toEqual([]);
});

it('reports a recorder that falls silent long before it is lost, and that it was heard again, by status or event', async () => {
  const { answers, silences, sync } = inStep();
  await until(() => expect([answers.status, answers.events].map(({ length }) => length)).toEqual([1, 1]));
  expect(sync.silentSince).toBeUndefined();
  const before = Date.now();
  answers.status[0]?.(statusAt(7));
  await until(() => expect(silences).toHaveLength(1));
  expect(silences[0]).toBeGreaterThanOrEqual(before);
  expect(sync.silentSince).toBe(silences[0]);
  expect([sync.reachable, sync.lost]).toEqual([true, false]);

  answers.events[0]?.({ events: [event(8)], sequence: 8 });
  await until(() => expect(silences).toEqual([silences[0], undefined]));
  expect(sync.silentSince).toBeUndefined();
  await until(() => expect(silences).toHaveLength(3));
  answers.status[1]?.(statusAt(8));
  await until(() => expect(silences).toEqual([silences[0], undefined, silences[2], undefined]));
  expect(sync.reachable).toBe(true);
});
