import { formatDateTime, toMs, type Instant } from '../../lib/time.js';

/**
 * The time of the oldest picture as a person may type it back: with seconds, and the first whole second that has a
 * picture. Cut to the minute it names a time that is refused in the same sentence.
 */
export function oldestTime(oldestAt: Instant): string {
  return formatDateTime(Math.ceil(toMs(oldestAt) / 1000) * 1000);
}
