import { describe, expect, it } from 'vitest';
import { detailLines, detailSpan, detailText } from './audit-details.js';

const names: Record<string, string> = { 'area-1': 'Chí Đám', true: 'Có' };
const nameOf = (id: string) => names[id];

describe('detailText', () => {
  it.each([
    [null, '—'],
    ['', '—'],
    [true, 'Có'],
    [false, '✗'],
    [15, '15'],
    ['2026-11-22T07:30:00.000Z', '22/11/2026 14:30:00'],
    ['area-1', 'Chí Đám'],
    [['a', 'area-1'], 'a, Chí Đám'],
    [[], '—'],
    [{ lat: 1, lon: 2 }, 'lat: 1; lon: 2'],
    ['7247397d-0000-4000-8000-000000000001', '#7247397d'],
  ])('%j', (value, expected) => expect(detailText(value, nameOf)).toBe(expected));
});

it('names the fields of what is nested too', () => {
  const label = (key: string) => (key === 'lat' ? 'Vĩ độ' : key);
  expect(detailText({ lat: 1 }, nameOf, '', label)).toBe('Vĩ độ: 1');
});

describe('detailSpan', () => {
  const span = { from: '2026-11-22T07:20:00.000Z', to: '2026-11-22T07:50:00.000Z' };
  it.each([
    [span, span],
    [{ after: span }, span],
    [{ from: 'x', to: 3 }, undefined],
    [{}, undefined],
  ])('%j', (details, expected) => expect(detailSpan(details)).toEqual(expected));
});

describe('detailLines', () => {
  it('shows only what changed, then the rest', () => {
    expect(
      detailLines(
        { before: { name: 'Cam 7', areaId: 'area-1' }, after: { name: 'Cam 07', areaId: 'area-1' }, count: 3 },
        nameOf,
      ),
    ).toEqual([
      { key: 'name', before: 'Cam 7', after: 'Cam 07' },
      { key: 'count', before: undefined, after: '3' },
    ]);
  });
  it('shows a created and a deleted thing whole', () => {
    expect(detailLines({ after: { name: 'A' } }, nameOf)).toEqual([{ key: 'name', before: undefined, after: 'A' }]);
    expect(detailLines({ before: { name: 'A' } }, nameOf)).toEqual([{ key: 'name', before: 'A', after: '—' }]);
  });
  it('keeps what has an unexpected form', () => {
    expect(detailLines({ before: 'x', after: 5 }, nameOf)).toEqual([
      { key: 'before', before: undefined, after: 'x' },
      { key: 'after', before: undefined, after: '5' },
    ]);
  });
});
