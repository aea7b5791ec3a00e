const offset = '([+-]?)(\\d{1,2})(?::?(\\d{2}))?(?::(\\d{2}))?';
const posix = new RegExp(
  `^(?:[A-Za-z]{3,10}|<[\\w+-]{1,20}>)${offset}(?:([A-Za-z]{3,10}|<[\\w+-]{1,20}>)(?:${offset})?)?(?:,|$)`,
);
const plain = new RegExp(`^(?:UTC|GMT)?${offset}$`);
const longestMs = 15 * 3_600_000;

function ms(
  sign: string | undefined,
  hours: string | undefined,
  minutes: string | undefined,
  seconds: string | undefined,
) {
  const size = Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1000;
  return sign === '-' ? -size : size;
}
const plausible = (value: number): number | null => (Math.abs(value) <= longestMs ? value + 0 : null);

/**
 * Local time minus UTC, ms, by a POSIX TZ string (IEEE 1003.1, 8.3, as ONVIF Core 8.3.3 wants it: `ICT-7` is seven hours
 * ahead). `GMT+07:00`, with the minutes written, is how cameras write it the other way round, as ISO 8601 does. Null for
 * what states no offset. Whether it is summer is stated by the camera; the rules are not read.
 */
export function zoneOffsetMs(zone: string, isSummer: boolean): number | null {
  const text = zone.trim().slice(0, 100);
  if (/^(?:Z|UTC|GMT)$/i.test(text)) return 0;
  const iso = /^(?:UTC|GMT)?([+-])(\d{2}):(\d{2})$/i.exec(text);
  if (iso !== null) return plausible(ms(iso[1], iso[2], iso[3], undefined));
  const match = posix.exec(text);
  if (match !== null) {
    const standard = -ms(match[1], match[2], match[3], match[4]);
    if (!isSummer || match[5] === undefined) return plausible(standard);
    return plausible(match[7] === undefined ? standard + 3_600_000 : -ms(match[6], match[7], match[8], match[9]));
  }
  const bare = plain.exec(text);
  return bare === null ? null : plausible(ms(bare[1], bare[2], bare[3], bare[4]));
}
