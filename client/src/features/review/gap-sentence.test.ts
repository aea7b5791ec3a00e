import { readFileSync } from 'node:fs';
import { cameraReasons } from '@choi-canh/shared/health';
import i18next from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import { gapSentence } from './gap-sentence.js';

const review = (language: string) =>
  JSON.parse(readFileSync(new URL(`../../locales/${language}/review.json`, import.meta.url), 'utf8')) as {
    gapReasons: Record<string, string>;
  };
const gap = { fromMs: Date.UTC(2026, 10, 22, 7, 20), toMs: Date.UTC(2026, 10, 22, 7, 55), reason: 'recorder_stopped' };

describe('the sentence of a gap', () => {
  beforeAll(async () => {
    await i18next.init({
      resources: { vi: { review: review('vi') }, en: { review: review('en') } },
      interpolation: { escapeValue: false },
    });
  });

  it.each([
    ['vi', 'Không có hình ảnh từ 14:20 đến 14:55: máy ghi không hoạt động.'],
    ['en', 'No footage from 14:20 to 14:55: the recorder was not running.'],
  ])('says in %s that the recorder did not run', (language, expected) => {
    expect(gapSentence(i18next.getFixedT(language), gap)).toBe(expected);
  });

  it.each([
    [
      'vi',
      'Không kết nối được với máy ghi từ 22/11/2026 14:02. Chưa biết có hình ảnh hay không; sẽ hiện khi máy ghi kết nối lại.',
    ],
    [
      'en',
      'The recorder has been out of reach since 22/11/2026 14:02. Whether there is footage is not known; it appears once the recorder is back.',
    ],
  ])('does not say in %s that there is none where nobody can ask', (language, expected) => {
    const awaySince = new Date(Date.UTC(2026, 10, 22, 7, 2)).toISOString();
    expect(gapSentence(i18next.getFixedT(language), { ...gap, awaySince })).toBe(expected);
    expect(gapSentence(i18next.getFixedT(language), { ...gap, awaySince: null })).not.toBe('');
  });

  it.each(['vi', 'en'])('has words in %s for whatever can be the reason', (language) => {
    const { gapReasons } = review(language);
    expect(cameraReasons.filter((reason) => gapReasons[reason] === undefined)).toEqual([]);
  });
});
