import type { CameraReason } from '@choi-canh/shared/health';
import { expect, it } from 'vitest';
import { CameraRetries } from './camera-retries.js';

it('tries a camera at once, but seldom enough that no device locks the account', () => {
  let now = 1000;
  const reasons: Record<string, CameraReason> = { a: 'host_unreachable', b: 'wrong_password', c: 'wrong_password' };
  const tried: string[] = [];
  const retries = new CameraRetries({
    director: {
      cameras: [
        { id: 'a', deviceAddress: 'http://10.0.0.1/onvif' },
        { id: 'b', deviceAddress: 'http://10.0.0.2:8001/onvif' },
        { id: 'c', deviceAddress: 'http://10.0.0.2:8002/onvif' },
      ],
    },
    probing: {
      status: (cameraId) => ({ cameraId, state: 'down', reason: reasons[cameraId] ?? 'ok', detail: '', sinceAt: '' }),
      lookNow: (id) => tried.push(`look ${id}`),
      lookOnceChanged: (id) => tried.push(`look later ${id}`),
    },
    ingest: { retryNow: (id) => tried.push(`stream ${id}`), runtime: () => ({}) },
    clock: { nowMs: () => now, monotonicMs: () => now, sleep: () => Promise.resolve() },
  });

  expect(retries.retry('a')).toEqual({ tried: true, waitMs: 10_000 });
  expect(tried).toEqual(['stream a', 'look a']);
  now += 4000;
  expect(retries.retry('a')).toEqual({ tried: false, waitMs: 6000 });
  // Two channels of one device share its account.
  expect(retries.retry('b')).toEqual({ tried: true, waitMs: 120_000 });
  expect(retries.retry('c')).toEqual({ tried: false, waitMs: 120_000 });
  now += 6000;
  expect(retries.retry('a').tried).toBe(true);
  expect(retries.retry('b')).toEqual({ tried: false, waitMs: 114_000 });
  now += 114_000;
  expect(retries.retry('c').tried).toBe(true);
  // Once the password is right, the device is a camera like any other.
  reasons.b = 'stream_stalled';
  expect(retries.retry('b')).toEqual({ tried: true, waitMs: 10_000 });
  expect(tried.filter((one) => one.startsWith('look'))).toEqual([
    'look a',
    'look later b',
    'look a',
    'look later c',
    'look b',
  ]);
});
