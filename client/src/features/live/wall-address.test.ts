import { describe, expect, it } from 'vitest';
import { pageOf, readWallAddress } from './wall-address.js';

const a = '00000000-0000-4000-8000-000000000001';
const b = '00000000-0000-4000-8000-000000000002';

describe('readWallAddress', () => {
  it.each([
    ['', { size: 9, page: 1, cameraIds: [], focus: undefined }],
    [`n=16&page=3&cams=${a},${b}&focus=${a}`, { size: 16, page: 3, cameraIds: [a, b], focus: a }],
    ['tiles=16', { size: 16, page: 1, cameraIds: [], focus: undefined }],
    ['tiles=16&n=4', { size: 4, page: 1, cameraIds: [], focus: undefined }],
    ['tiles=5', { size: 9, page: 1, cameraIds: [], focus: undefined }],
    ['n=7&page=-2&cams=x', { size: 9, page: 1, cameraIds: [], focus: undefined }],
    [`n=4&page=1.5&cams=${b},${a},${b}`, { size: 4, page: 1, cameraIds: [b, a], focus: undefined }],
  ])('%s', (text, expected) => {
    expect(readWallAddress(new URLSearchParams(text))).toEqual(expected);
  });
});

describe('pageOf', () => {
  const items = [1, 2, 3, 4, 5];
  it.each([
    [2, 1, { pages: 3, page: 1, first: 0, items: [1, 2] }],
    [2, 3, { pages: 3, page: 3, first: 4, items: [5] }],
    [2, 99, { pages: 3, page: 3, first: 4, items: [5] }],
    [9, 1, { pages: 1, page: 1, first: 0, items }],
  ])('%i a page, page %i', (size, page, expected) => {
    expect(pageOf(items, size, page)).toEqual(expected);
  });
  it('has one empty page of nothing', () => {
    expect(pageOf([], 4, 2)).toEqual({ pages: 1, page: 1, first: 0, items: [] });
  });
});
