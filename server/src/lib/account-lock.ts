// Devices lock an account, or the address of whoever tries, after some wrong passwords, and say so under all kinds of status.
// While it is locked every try is in vain, and with many makers begins the time again.

/** Where the device says nothing: that of Hikvision; Dahua's is as long or shorter. */
export const usualLockMs = 30 * 60_000;
const shortestMs = 60_000;
/** A device that states a longer time, or "until unlocked", is asked again all the same. */
const longestMs = 2 * 3600_000;
/** Of an answer, so much is looked at. */
const looked = 8192;

const words = new RegExp(
  [
    // Hikvision's `userCheck` (ISAPI).
    '<lockStatus>\\s*lock(?:ed)?\\s*</lockStatus>',
    '\\b(?:account|user(?:\\s*name)?|login|log-?in|ip(?:\\s*address)?|client|device)[\\s_:-]{0,3}(?:(?:is|was|has|have|been|temporarily|already)\\s+){0,4}(?:locked|blocked|lock\\s*out|locked\\s*out)\\b',
    '\\b(?:account|user|login|illegal\\s*login)[\\s_-]?lock(?:ed|out)?\\b',
    '\\btoo\\s+many\\s+(?:(?:failed|wrong|invalid|incorrect|illegal)\\s+)?(?:log-?\\s?in|sign-?in|password|authentication|attempts?|tries|retries)\\b',
    '(?:账号|账户|帐号|帐户|用户)[^<>]{0,6}(?:锁定|被锁|锁住)',
  ].join('|'),
  'i',
);
const stated = /<(?:unlockTime|remainLockTime|lockTime)>\s*(\d{1,7})\s*</i;
const inWords = /\b(\d{1,5})\s*(s|sec|secs|seconds?|min|mins|minutes?)\b/i;

/** How long the account stays locked, ms, where the text of a refusal says that it is; undefined: it says no such thing. */
export function accountLockMs(text: string): number | undefined {
  const seen = text.slice(0, looked);
  if (!words.test(seen)) return undefined;
  const seconds = stated.exec(seen)?.[1];
  if (seconds !== undefined) return bounded(Number(seconds) * 1000);
  const [, count, unit = ''] = inWords.exec(seen) ?? [];
  if (count === undefined) return usualLockMs;
  return bounded(Number(count) * (/^m/i.test(unit) ? 60_000 : 1000));
}

const bounded = (ms: number): number => (ms === 0 ? usualLockMs : Math.min(longestMs, Math.max(shortestMs, ms)));
