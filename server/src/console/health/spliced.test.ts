import type { CameraReason, CameraState } from '@choi-canh/shared/health';
import { expect, it } from 'vitest';
import type { CameraStateIntervalRow } from './camera-state-interval.entity.js';
import { spliced } from './spliced.js';

type Row = CameraStateIntervalRow;
const row = (id: string, reason: CameraReason, sinceAt: number, toAt: number | null, detail = ''): Row => ({
  ...{ id, cameraId: 'c', state: stateOf(reason), reason, detail, sinceAt, toAt },
});
const stateOf = (reason: CameraReason): CameraState => (reason === 'ok' ? 'alive' : 'down');
const fact = (reason: CameraReason, detail = '') => ({ state: stateOf(reason), reason, detail });

/** The intervals after it, as `since-to reason detail`. */
function after(rows: readonly Row[], said: ReturnType<typeof fact>, at: number): string[] {
  const covering = rows.find(({ sinceAt, toAt }) => sinceAt <= at && (toAt === null || toAt > at)) ?? rows[0]!;
  const splice = spliced({ covering, follower: rows.find(({ sinceAt }) => sinceAt === covering.toAt) }, said, at);
  const byId = new Map(rows.map((one) => [one.id, one]));
  const { ended, restated, begunEarlier, inserted } = splice ?? {};
  if (ended !== undefined) byId.set(ended.id, { ...byId.get(ended.id)!, toAt: ended.toAt });
  for (const one of [restated, begunEarlier, inserted]) if (one !== undefined) byId.set(one.id, one);
  return [...byId.values()]
    .sort((one, other) => one.sinceAt - other.sinceAt)
    .map(({ sinceAt, toAt, reason, detail }) => `${sinceAt}-${toAt ?? ''} ${reason} ${detail}`.trim());
}

const one = [row('a', 'ok', 10, null)];
const two = [row('a', 'ok', 10, 20), row('b', 'no_stream', 20, null)];
const three = [row('a', 'ok', 10, 20), row('b', 'no_stream', 20, 30), row('d', 'ok', 30, null)];

it.each<[string, Row[], ReturnType<typeof fact>, number, string[]]>([
  ['now', one, fact('no_stream'), 15, ['10-15 ok', '15- no_stream']],
  ['from the beginning of what is so', one, fact('no_stream', 'x'), 10, ['10- no_stream x']],
  ['that is so already', one, fact('ok'), 15, ['10- ok']],
  ['that is so, with other words', one, fact('ok', 'x'), 15, ['10- ok x']],
  ['before the camera was there', one, fact('no_stream'), 5, ['10- no_stream']],
  [
    'late, until what is known next',
    two,
    fact('host_unreachable'),
    15,
    ['10-15 ok', '15-20 host_unreachable', '20- no_stream'],
  ],
  ['late, and as what is known next', two, fact('no_stream'), 15, ['10-15 ok', '15- no_stream']],
  ['late, and as what was so', two, fact('ok', 'x'), 15, ['10-20 ok', '20- no_stream']],
  [
    'late, from the beginning of a stretch',
    three,
    fact('host_unreachable'),
    20,
    ['10-20 ok', '20-30 host_unreachable', '30- ok'],
  ],
  ['of a part of a millisecond', one, fact('no_stream'), 15.7, ['10-15 ok', '15- no_stream']],
])('a fact %s', (_name, rows, said, at, expected) => {
  expect(after(rows, said, at)).toEqual(expected);
});
