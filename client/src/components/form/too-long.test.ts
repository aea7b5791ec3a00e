import i18next from 'i18next';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import vi from '../../locales/vi/common.json' with { type: 'json' };
import { tooLongBy } from './too-long.js';

const i18n = i18next.createInstance();
await i18n.init({
  lng: 'vi',
  resources: { vi: { common: vi } },
  ns: ['common'],
  interpolation: { escapeValue: false },
});
const complaint = (value: unknown, most: number | undefined) => tooLongBy(i18n.t, 'vi', value, most);

describe('tooLongBy', () => {
  it('counts, and says by how much', () =>
    expect(complaint('x'.repeat(5213), 5000)).toBe('Đã nhập 5.213 ký tự, tối đa 5.000. Hãy rút gọn 213 ký tự.'));
  it.each([
    ['x'.repeat(5000), 5000],
    [` ${'x'.repeat(5000)}\n`, 5000],
    ['', 5000],
    ['x'.repeat(9000), undefined],
    [undefined, 5000],
    [{ kind: 'wrong', text: 'x'.repeat(200) }, 80],
  ])('takes what fits', (value, most) => expect(complaint(value, most)).toBeUndefined());
});

it('no field cuts text off without a word', () => {
  const source = join(import.meta.dirname, '../..');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tsx'));
  expect(files.length).toBeGreaterThan(50);
  const cutting = files.filter((name) => /\bmaxLength\b/.test(readFileSync(join(source, name), 'utf8')));
  expect(cutting).toEqual([]);
});
