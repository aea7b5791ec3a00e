import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineReasons, type CameraRuntime } from '@choi-canh/shared/recorder-api';
import i18next from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import { clockWords, engineWords, soundWords, timeWords } from './runtime-words.js';

const read = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../locales/vi', `${name}.json`), 'utf8')) as Record<
    string,
    unknown
  >;
beforeAll(async () => {
  const resources = { vi: { cameras: read('cameras'), common: read('common') } };
  await i18next.init({ lng: 'vi', resources, interpolation: { escapeValue: false } });
});
const t = i18next.t;
const runtime = (given: Partial<CameraRuntime>) =>
  ({ engine: 'native', engineReason: 'default', codec: 'h264', audio: false, sound: null, ...given }) as CameraRuntime;

describe('how a camera is recorded, in words', () => {
  it.each([
    [{}, 'Lấy trực tiếp'],
    [{ engine: null, engineReason: null }, 'Chưa kết nối'],
    [{ engine: 'ffmpeg', engineReason: 'codec', codec: 'mjpeg' }, 'Lấy qua ffmpeg: camera gửi MJPEG'],
    [
      { engine: 'ffmpeg', engineReason: 'codec', codec: null },
      'Lấy qua ffmpeg: camera gửi dạng hình không lấy trực tiếp được',
    ],
    [{ engine: 'ffmpeg', engineReason: 'transport' }, 'Lấy qua ffmpeg: camera không gửi hình qua TCP'],
    [{ engineReason: 'configured' }, 'Lấy trực tiếp: máy ghi được cài đặt như vậy'],
    [{ engine: 'native', engineReason: 'refused' }, 'Lấy trực tiếp'],
  ] satisfies [Partial<CameraRuntime>, string][])('%j', (given, words) => {
    expect(engineWords(t, runtime(given))).toBe(words);
  });

  it('has a sentence for every reason of ffmpeg', () => {
    for (const engineReason of engineReasons) {
      const words = engineWords(t, runtime({ engine: 'ffmpeg', engineReason }));
      if (engineReason === 'default') expect(words).toBe('Lấy qua ffmpeg');
      else expect(words, engineReason).toMatch(/^Lấy qua ffmpeg: /);
    }
  });

  it.each([
    [12_000, 'Nhanh 12 giây so với máy ghi'],
    [-5300, 'Chậm 5,3 giây so với máy ghi'],
    [3_600_000, 'Nhanh 1 giờ so với máy ghi'],
    [-340.4, 'Đúng giờ máy ghi (lệch 340 mili giây)'],
    [null, 'Chưa đo được'],
  ])('a clock that is %s ms ahead', (clockOffsetMs, words) => {
    const nowMs = Date.parse('2026-11-22T07:20:00Z');
    for (const clockMeasuredAt of [null, '2026-11-22T07:19:58.000Z', '2026-11-22T07:15:01.000Z'])
      expect(clockWords(t, 'vi', { clockOffsetMs, clockMeasuredAt, state: 'alive' }, nowMs)).toBe(words);
  });

  it.each([
    ['alive', '2026-11-22T07:15:00.000Z', 'Nhanh 12 giây so với máy ghi, đo lúc 14:15'],
    ['paused', '2026-11-21T16:59:59.999Z', 'Nhanh 12 giây so với máy ghi, đo lúc 21/11/2026 23:59'],
    ['down', '2026-11-22T07:19:58.000Z', 'Nhanh 12 giây so với máy ghi, đo lúc 14:19'],
  ] as const)('of a camera that is %s a clock measured at %s', (state, clockMeasuredAt, words) => {
    const runtime = { clockOffsetMs: 12_000, clockMeasuredAt, state };
    expect(clockWords(t, 'vi', runtime, Date.parse('2026-11-22T07:20:00Z'))).toBe(words);
  });

  it.each([
    ['rtcp', 1.2, 'Theo giờ camera báo kèm hình (RTCP), sai số không quá ±2 mili giây'],
    ['arrival', 1500, 'Theo giờ máy ghi nhận hình, sai số không quá ±1,5 giây'],
    ['arrival', null, 'Theo giờ máy ghi nhận hình'],
    [null, null, 'Chưa xác định'],
  ] as const)('time from %s within %s ms', (timeSource, timeErrorMs, words) =>
    expect(timeWords(t, 'vi', { timeSource, timeErrorMs })).toBe(words),
  );

  it('says of sound whether it is recorded, and where it was wanted in vain', () => {
    expect(soundWords(t, runtime({ audio: true }), true)).toBe('Đang ghi');
    expect(soundWords(t, runtime({}), false)).toBe('Không ghi');
    expect(soundWords(t, runtime({}), true)).toBe('Đã bật nhưng camera không gửi âm thanh ghi được');
  });

  it.each([
    [{ audio: true, sound: 'PCMA' }, true, 'Đang ghi (G.711 A-law)'],
    [{ sound: 'PCMU' }, false, 'Không ghi (camera có gửi G.711 µ-law)'],
    [{ sound: 'PCMU' }, true, 'Đã bật nhưng hiện chưa ghi được âm thanh G.711 µ-law của camera'],
    [{ sound: 'G726-32' }, true, 'Đã bật nhưng âm thanh G.726 của camera không ghi được'],
    [{ sound: 'L16' }, true, 'Đã bật nhưng âm thanh LPCM của camera không ghi được'],
    [{ sound: 'MP4A-LATM' }, true, 'Đã bật nhưng âm thanh AAC-LATM của camera không ghi được'],
    [
      { sound: 'PCMA', engine: 'ffmpeg' },
      true,
      'Đã bật nhưng âm thanh G.711 A-law không ghi được khi camera được lấy qua ffmpeg',
    ],
  ] satisfies [Partial<CameraRuntime>, boolean, string][])('names the sound: %j', (given, wanted, words) => {
    expect(soundWords(t, runtime(given), wanted)).toBe(words);
  });
});
