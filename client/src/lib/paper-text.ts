import { formatDate, type Instant } from './time.js';

/** A text of a form with the area put where the administrator wrote a placeholder; without an area the gap closes. */
export function fillForm(text: string, area: { phrase: string; name: string } | undefined): string {
  return text
    .replace(/\{(tên địa bàn|area name)\}/giu, () => area?.name ?? '')
    .replace(/\{(địa bàn|area)\}/giu, () => area?.phrase ?? '')
    .trim();
}

/**
 * The date as official papers write it: "ngày 22 tháng 11 năm 2026". Days below ten and the first two months have a
 * zero before them, so that nothing can be added by hand.
 */
export function paperDate(instant: Instant, language: string): { day: string; month: string; year: string } {
  const [day = '', month = '', year = ''] = formatDate(instant).split('/');
  if (language === 'en') {
    const name = new Intl.DateTimeFormat('en-GB', { month: 'long', timeZone: 'Asia/Ho_Chi_Minh' });
    return { day: String(Number(day)), month: name.format(new Date(instant)), year };
  }
  return { day, month: Number(month) < 3 ? month : String(Number(month)), year };
}
