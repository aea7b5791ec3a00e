import { expect, it } from 'vitest';
import { keepPurpose, purposeOf } from './kept-purpose.js';

function memory(text?: string): Storage {
  let kept: string | null = text ?? null;
  return {
    ...{ length: 1, key: () => null, clear: () => undefined, removeItem: () => undefined },
    getItem: () => kept,
    setItem: (_key, value) => {
      kept = value;
    },
  };
}

it('is known again to the same person for the same cameras, in any order, and to nobody else', () => {
  const storage = memory();
  keepPurpose({ accountId: 'a', cameraIds: ['1', '2'], purpose: 'Tìm xe thất lạc' }, storage);
  expect(purposeOf({ accountId: 'a', cameraIds: ['2', '1'] }, storage)).toBe('Tìm xe thất lạc');
  expect(purposeOf({ accountId: 'b', cameraIds: ['1', '2'] }, storage)).toBeUndefined();
  expect(purposeOf({ accountId: 'a', cameraIds: ['1', '3'] }, storage)).toBeUndefined();
  expect(purposeOf({ accountId: 'a', cameraIds: [] }, storage)).toBeUndefined();
});

it.each(['{', '{}', 'null', '{"purpose":3}'])('what is not ours (%s) is none', (text) =>
  expect(purposeOf({ accountId: 'a', cameraIds: ['1'] }, memory(text))).toBeUndefined(),
);
