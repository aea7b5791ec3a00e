import { element, numberAt, type XmlElement } from './soap-xml.js';

/**
 * UTC of a GetSystemDateAndTimeResponse (ONVIF Core, 8.3.3) in ms since the epoch; cameras tell whole seconds. Null where
 * the camera tells only local time or no plausible time.
 */
export function cameraUtcMs(body: XmlElement): number | null {
  const utc = element(body, 'GetSystemDateAndTimeResponse', 'SystemDateAndTime', 'UTCDateTime');
  const parts = [
    numberAt(utc, 'Date', 'Year'),
    numberAt(utc, 'Date', 'Month'),
    numberAt(utc, 'Date', 'Day'),
    numberAt(utc, 'Time', 'Hour'),
    numberAt(utc, 'Time', 'Minute'),
    numberAt(utc, 'Time', 'Second'),
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
 * The camera's clock minus ours. The answer is taken to be made half a round trip after the request left, and half a
 * second is added because the camera cut off the fraction; right to about ±0.5 s plus half the round trip.
 */
export function clockOffsetMs(cameraMs: number, sentAtMs: number, receivedAtMs: number): number {
  return Math.round(cameraMs + 500 - (sentAtMs + receivedAtMs) / 2);
}
