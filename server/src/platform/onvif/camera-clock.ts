import { element, numberAt, textAt, type XmlElement } from './soap-xml.js';
import { zoneOffsetMs } from './time-zone.js';

export interface CameraClock {
  /** What tokens are dated by, ms since the epoch; cameras give whole seconds. */
  utcMs: number;
  /** False: only a local time without its zone is known, which says nothing of how wrong the clock is. */
  isUtc: boolean;
}

/** A Date and Time of the schema as if it were UTC, ms; null where it is not plausible. */
function dateTimeMs(dateTime: XmlElement | undefined): number | null {
  const parts = [
    numberAt(dateTime, 'Date', 'Year'),
    numberAt(dateTime, 'Date', 'Month'),
    numberAt(dateTime, 'Date', 'Day'),
    numberAt(dateTime, 'Time', 'Hour'),
    numberAt(dateTime, 'Time', 'Minute'),
    numberAt(dateTime, 'Time', 'Second'),
  ];
  if (parts.some((part) => part === null || !Number.isInteger(part))) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts as number[];
  const plausible =
    year >= 1970 && year <= 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute < 60;
  return plausible && hour >= 0 && minute >= 0 && second >= 0 && second <= 61
    ? Date.UTC(year, month - 1, day, hour, minute, second)
    : null;
}

/**
 * The camera's clock by a GetSystemDateAndTimeResponse (ONVIF Core, 8.3.3): UTC, else the local time with the zone that is
 * stated with it. Null where the camera states no plausible time.
 */
export function cameraClock(body: XmlElement): CameraClock | null {
  const stated = element(body, 'GetSystemDateAndTimeResponse', 'SystemDateAndTime');
  const utcMs = dateTimeMs(element(stated, 'UTCDateTime'));
  if (utcMs !== null) return { utcMs, isUtc: true };
  const localMs = dateTimeMs(element(stated, 'LocalDateTime'));
  if (localMs === null) return null;
  const isSummer = /^(?:true|1)$/i.test(textAt(stated, 'DaylightSavings'));
  const offsetMs = zoneOffsetMs(textAt(stated, 'TimeZone', 'TZ'), isSummer);
  return { utcMs: localMs - (offsetMs ?? 0), isUtc: offsetMs !== null };
}

/**
 * The camera's clock minus ours. The answer is taken to be made half a round trip after the request left, and half a
 * second is added because the camera cut off the fraction; right to about ±0.5 s plus half the round trip.
 */
export function clockOffsetMs(cameraMs: number, sentAtMs: number, receivedAtMs: number): number {
  return Math.round(cameraMs + 500 - (sentAtMs + receivedAtMs) / 2);
}
