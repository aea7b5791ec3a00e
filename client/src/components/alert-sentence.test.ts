import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecorderAlert } from '@choi-canh/shared/recorders';
import i18next from 'i18next';
import { expect, it } from 'vitest';
import { alertSentence } from './alert-sentence.js';

it.each([
  ['vi', { held: 1 }, 'chỉ còn hình ảnh giữ lại cho vụ việc'],
  ['vi', { held: 0 }, 'Hãy dọn phần khác trên ổ đĩa'],
  ['en', { held: 1 }, 'release what is no longer needed'],
  ['en', {}, 'Clear other files from the disk'],
])('a full disk (%s, %o) is explained by what takes its room', async (language, facts, words) => {
  const read = (file: string): unknown =>
    JSON.parse(readFileSync(join(import.meta.dirname, '../locales', language, `${file}.json`), 'utf8'));
  const texts = { common: read('common'), recorders: read('recorders') } as Record<string, Record<string, unknown>>;
  await i18next.init({ lng: language, resources: { [language]: texts } });
  const alert: RecorderAlert = {
    ...{ code: 'storage_full', severity: 'critical', sinceAt: '2026-11-22T07:00:00.000Z', facts },
  };
  const named = { recorderId: 'r', recorderName: 'Xã A', alert };
  expect(alertSentence(i18next.t, language, named)).toContain('Xã A');
  expect(alertSentence(i18next.t, language, named)).toContain(words);
});
