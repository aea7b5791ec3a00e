import { expect, it } from 'vitest';
import { changedFields, isOvertaken } from './changed-since.js';

const seen = { name: 'Cam 1', place: '', enabled: true };

it('sends what was changed and nothing else', () => {
  expect(changedFields(seen, { ...seen, place: 'Cổng A' })).toEqual({ place: 'Cổng A' });
  expect(changedFields(seen, seen)).toEqual({});
});

it.each([
  ['nobody else changed it', { place: 'Cổng A' }, {}, false],
  ['somebody changed another field', { place: 'Cổng A' }, { enabled: false }, false],
  ['somebody changed the same field', { place: 'Cổng A' }, { place: 'Cổng B' }, true],
  ['somebody changed it to the same', { place: 'Cổng A' }, { place: 'Cổng A' }, false],
  ['nothing is written', {}, { place: 'Cổng B' }, false],
])('%s', (_case, draft, newest, overtaken) =>
  expect(isOvertaken(seen, { ...seen, ...draft }, { ...seen, ...newest })).toBe(overtaken),
);
