import { describe, expect, it } from 'vitest';
import { formatDate, formatTime, startOfDay } from './time.js';
import { msOf, readTypedTime, typedTime } from './typed-time.js';

describe('what a field holds', () => {
  it('is what stands in the box: text that is no time leaves nothing of an older value', () => {
    expect(readTypedTime('14h3x', 'second')).toEqual({ kind: 'wrong', text: '14h3x', fault: 'unknown' });
    expect(msOf(readTypedTime('25:00', 'second'))).toBeUndefined();
    expect(readTypedTime('   ', 'second')).toEqual({ kind: 'empty' });
  });

  it('keeps a given instant to the millisecond until something is typed', () => {
    const ms = Date.parse('2026-11-22T07:29:52.470Z');
    expect(typedTime(ms, 'minute')).toEqual({ kind: 'understood', value: ms, text: '22/11/2026 14:29' });
    expect(typedTime(undefined, 'second')).toEqual({ kind: 'empty' });
  });

  it('of a field for minutes begins with the minute', () => {
    const ms = msOf(readTypedTime('bây giờ', 'minute')) ?? Number.NaN;
    expect(ms % 60_000).toBe(0);
    expect(Date.now() - ms).toBeLessThan(61_000);
  });
});

describe('a field for days', () => {
  it.each(['hôm qua', '22/11', '2 ngày trước', 'thứ hai', 'yesterday'])('takes "%s" as a midnight', (text) => {
    const ms = msOf(readTypedTime(text, 'day')) ?? Number.NaN;
    expect(ms).toBe(startOfDay(ms));
    expect(formatTime(ms)).toBe('00:00:00');
    expect(formatDate(ms)).toMatch(/^\d\d\/\d\d\/\d{4}$/);
  });
  it.each(['14:30', 'hôm qua 14:30', '15 phút trước', 'tối qua', 'rubbish'])('refuses "%s", a time', (text) => {
    expect(readTypedTime(text, 'day')).toEqual({ kind: 'wrong', text, fault: 'unknown' });
  });
});
