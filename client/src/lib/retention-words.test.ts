import { forecastRetention, type ForecastFacts } from '@choi-canh/shared/retention';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import i18next from 'i18next';
import { beforeAll, expect, it } from 'vitest';
import { forecastLines } from './retention-words.js';

beforeAll(async () => {
  const path = join(import.meta.dirname, '../locales/vi/common.json');
  const common = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  await i18next.init({ lng: 'vi', resources: { vi: { common } }, interpolation: { escapeValue: false } });
});
const nowMs = Date.parse('2026-11-22T00:00:00.000Z');
const tenDaysAgo = '2026-11-12T00:00:00.000Z';
const camera = (cameraId: string, gbPerDay: number, heldGb = 0) => ({
  ...{ cameraId, retentionDays: 30, bytesPerDay: gbPerDay * 1e9, heldBytes: heldGb * 1e9 },
  ...{ footageBytes: (gbPerDay * 10 + heldGb) * 1e9, oldestAt: tenDaysAgo },
});
const facts = (freeGb: number, cameras: ForecastFacts['cameras']): ForecastFacts => ({
  ...{ freeBytes: freeGb * 1e9, minFreeBytes: 0, cameras },
  footageBytes: cameras.reduce((sum, one) => sum + one.footageBytes, 0),
});
const said = (given: ForecastFacts, days: number, chosen = ['a']) => {
  const set = new Set(chosen);
  return forecastLines(i18next.t, {
    now: forecastRetention(given, { nowMs }),
    then: forecastRetention(given, { nowMs, daysOfCamera: (id, own) => (set.has(id) ? days : own) }),
    chosen: set,
    days,
  }).map((line) => `${line.tone}: ${line.text}`);
};

it.each([
  [
    'enough room',
    facts(100, [camera('a', 1)]),
    30,
    ['good: Đủ chỗ: với mức ghi hiện tại, hình ảnh được lưu đủ 30 ngày.'],
  ],
  [
    'too little',
    facts(13, [camera('a', 1)]),
    30,
    [
      'warning: Với mức ghi hiện tại, đĩa chỉ lưu được 23 ngày. Đặt 30 ngày thì hình ảnh cũ nhất vẫn bị xóa sau 23 ngày.',
      'plain: Đĩa sẽ đầy sau khoảng 13 ngày.',
    ],
  ],
  [
    'less than a day',
    { ...facts(0.4, [{ ...camera('a', 1), footageBytes: 0, oldestAt: null }]) },
    30,
    [
      'warning: Với mức ghi hiện tại, đĩa lưu được chưa đến 1 ngày. Đặt 30 ngày thì hình ảnh cũ nhất vẫn bị xóa sớm hơn.',
      'plain: Đĩa sẽ đầy trong vòng 1 ngày.',
    ],
  ],
  [
    'fewer days than there are',
    facts(100, [camera('a', 1)]),
    4,
    [
      'good: Đủ chỗ: với mức ghi hiện tại, hình ảnh được lưu đủ 4 ngày.',
      'warning: Khoảng 6 GB hình ảnh cũ hơn 4 ngày sẽ bị xóa ngay và không lấy lại được. Hình ảnh giữ lại cho vụ việc vẫn còn.',
    ],
  ],
  [
    'others pay for it',
    facts(40, [camera('a', 1), camera('b', 1)]),
    90,
    [
      'warning: Với mức ghi hiện tại, đĩa chỉ lưu được 30 ngày. Đặt 90 ngày thì hình ảnh cũ nhất vẫn bị xóa sau 30 ngày.',
      'plain: Đĩa sẽ đầy sau khoảng 20 ngày.',
    ],
  ],
  [
    'held footage takes it all',
    facts(0, [{ ...camera('a', 0, 20), bytesPerDay: 1e9 }]),
    30,
    ['warning: Đĩa đã hết chỗ: hình ảnh giữ lại chiếm hết, không còn chỗ để ghi thêm.'],
  ],
  [
    'something else takes it all',
    { ...facts(4, [{ ...camera('a', 0), bytesPerDay: 1e9 }]), minFreeBytes: 5e9 },
    30,
    ['warning: Đĩa đã hết chỗ ghi: phần khác chiếm chỗ, hoặc dung lượng dự phòng quá lớn.'],
  ],
  [
    'no figures yet',
    facts(10, [camera('b', 1)]),
    30,
    ['plain: Chưa có số liệu để dự báo. Hãy xem lại sau khi camera ghi được vài phút.'],
  ],
])('%s', (_what, given, days, lines) => expect(said(given, days)).toEqual(lines));

it('warns where other cameras would be kept for less than now', () => {
  const given = facts(30, [camera('a', 1), { ...camera('b', 1), retentionDays: 28 }]);
  const now = {
    ...given,
    cameras: given.cameras.map((one) => (one.cameraId === 'a' ? { ...one, retentionDays: 10 } : one)),
  };
  expect(said(now, 60)).toContain('warning: Khi đó hình ảnh của các camera khác chỉ lưu được 25 ngày.');
});
