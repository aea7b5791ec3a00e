import { describe, expect, it } from 'vitest';
import { freeCode, initialsOf } from './area-code.js';

describe('the mark of an area', () => {
  it.each([
    ['Chí Đám', 'CĐ'],
    ['xã Chí Đám', 'CĐ'],
    ['Thị trấn Phong Sơn', 'PS'],
    ['TP Thanh Hóa', 'TH'],
    ['Thành phố Hồ Chí Minh', 'HCM'],
    ['Phường 12', '12'],
    ['Bà Rịa - Vũng Tàu', 'BRVT'],
    ['Xã', 'X'],
    ['chi\u0301 đa\u0301m', 'CĐ'],
    ['!!!', 'X'],
    ['a b c d e f g h i j k l m n', 'ABCDEFGHIJKL'],
    ['Đặc khu Phú Quốc', 'PQ'],
    ['Tổ dân phố 3', '3'],
    ['Bản Mòng', 'M'],
  ])('%s is %s', (name, code) => expect(initialsOf(name)).toBe(code));
  it('leaves out what an administrator calls a level', () => {
    expect(initialsOf('Ấp Bình An')).toBe('ẤBA');
    expect(initialsOf('Ấp Bình An', ['Ấp', 'Tổ'])).toBe('BA');
  });

  it('is given once', () => {
    const taken = new Set(['CĐ', 'CĐ2', 'ABCDEFGHIJKL']);
    expect(freeCode('PS', taken)).toBe('PS');
    expect(freeCode('CĐ', taken)).toBe('CĐ3');
    expect(freeCode('ABCDEFGHIJKL', taken)).toBe('ABCDEFGHIJK2');
  });
});
