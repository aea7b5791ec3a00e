import { expect, it } from 'vitest';
import { areaPhrase } from './area-phrase.js';

const level = (vi: string, en: string, code = 'x') => ({ code, vi, en, retired: false });
const commune = level('Xã', 'Commune');

it.each([
  ['Chí Đám', commune, 'xã Chí Đám', 'Chí Đám commune'],
  ['xã Chí Đám', commune, 'xã Chí Đám', 'xã Chí Đám commune'],
  ['Xã Chí Đám', commune, 'xã Chí Đám', 'Xã Chí Đám commune'],
  ['Phường 12', level('Phường', 'Ward'), 'phường 12', 'Phường 12 ward'],
  ['Thị trấn Phong Sơn', level('Thị trấn', 'Town'), 'thị trấn Phong Sơn', 'Thị trấn Phong Sơn town'],
  ['TP Thanh Hóa', level('Thành phố thuộc tỉnh', 'City'), 'TP Thanh Hóa', 'TP Thanh Hóa city'],
  ['Bản Mòng', level('Thôn/Bản', 'Village'), 'bản Mòng', 'Bản Mòng village'],
  ['Đông', level('Thôn/Bản', 'Village'), 'thôn Đông', 'Đông village'],
  ['Xãm', commune, 'xã Xãm', 'Xãm commune'],
  ['Quảng trường', level('Khác', 'Other', 'other'), 'Quảng trường', 'Quảng trường'],
  ['Chí Đám', undefined, 'Chí Đám', 'Chí Đám'],
  ['Long Sơn', level('KCN', 'Estate'), 'KCN Long Sơn', 'Long Sơn estate'],
])('%s stands in a sentence as "%s"', (name, of, vi, en) => {
  expect([areaPhrase(name, of, 'vi'), areaPhrase(name, of, 'en')]).toEqual([vi, en]);
});
