import { describe, expect, it } from 'vitest';
import { byteRange } from './byte-range.js';
import { attachment, clipDownloadName } from './download-name.js';

describe('the name of a downloaded clip', () => {
  const clip = {
    incidentNumber: '2026/CĐ-0147',
    cameraName: 'Ngã ba chợ',
    fromMs: Date.parse('2026-11-22T17:30:05Z'),
    index: 0,
    count: 1,
  };
  it.each([
    [clip, '2026-CĐ-0147_Ngã ba chợ_20261123-003005.mp4'],
    [{ ...clip, index: 1, count: 3 }, '2026-CĐ-0147_Ngã ba chợ_20261123-003005_2-3.mp4'],
    [{ ...clip, cameraName: '../a\\b:"c"\r\n' }, '2026-CĐ-0147_..-a-b-c-_20261123-003005.mp4'],
  ])('%#', (given, expected) => {
    expect(clipDownloadName(given)).toBe(expected);
  });

  it.each([
    ['clip.mp4', `attachment; filename="clip.mp4"; filename*=UTF-8''clip.mp4`],
    [
      'Đường chợ.mp4',
      `attachment; filename="Duong cho.mp4"; filename*=UTF-8''%C4%90%C6%B0%E1%BB%9Dng%20ch%E1%BB%A3.mp4`,
    ],
    [`a"b%c'd(1)*.mp4`, `attachment; filename="a_b_c'd(1)*.mp4"; filename*=UTF-8''a%22b%25c%27d%281%29%2A.mp4`],
    [
      'x\r\nset-cookie: a.mp4',
      `attachment; filename="x__set-cookie: a.mp4"; filename*=UTF-8''x%0D%0Aset-cookie%3A%20a.mp4`,
    ],
  ])('%j as a header', (name, expected) => {
    expect(attachment(name)).toBe(expected);
  });
});

describe('a byte range', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-', { start: 0, end: 100 }],
    ['bytes=10-19', { start: 10, end: 20 }],
    ['bytes=90-500', { start: 90, end: 100 }],
    ['bytes=-5', { start: 95, end: 100 }],
    ['bytes=-500', { start: 0, end: 100 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=20-10', undefined],
    ['bytes=0-1,5-6', undefined],
    ['items=0-1', undefined],
    ['bytes=-', undefined],
  ])('%s', (header, expected) => {
    expect(byteRange(header, 100)).toEqual(expected);
  });
});
