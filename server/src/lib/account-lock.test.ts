import { expect, it } from 'vitest';
import { accountLockMs } from './account-lock.js';

it.each([
  [
    '<userCheck><statusValue>401</statusValue><lockStatus>lock</lockStatus><unlockTime>1740</unlockTime></userCheck>',
    29,
  ],
  ['The account is locked', 30],
  ['Error: User locked, please try again in 5 minutes', 5],
  ['ter:AccountLocked Sender', 30],
  ['The user name has been locked. Remaining 90 seconds', 1.5],
  ['UserLocked', 30],
  ['Your IP address is locked', 30],
  ['Too many failed login attempts', 30],
  ['用户已被锁定', 30],
  ['account locked, unlock in 99999 minutes', 120],
  ['<lockStatus>lock</lockStatus><unlockTime>2</unlockTime>', 1],
])('%s: locked for %d minutes', (text, minutes) => {
  expect(accountLockMs(text)).toBe(minutes * 60_000);
});

it.each([
  'Sender not authorized',
  '<userCheck><lockStatus>unlock</lockStatus><retryLoginTime>6</retryLoginTime></userCheck>',
  'Invalid user name or password',
  'The clock is locked to NTP',
  'profile MainStream is locked by another user',
  'Unlock the account in the web page',
])('%s: not locked', (text) => {
  expect(accountLockMs(text)).toBeUndefined();
});
