import type { CameraResponse } from '@choi-canh/shared/cameras';
import { expect, it } from 'vitest';
import { deviceTroubles } from './device-troubles.js';

const camera = (id: string, deviceId: string, state: string, reason: string, sinceAt = '2026-11-21T08:00:00.000Z') =>
  ({ id, deviceId, state, reason, sinceAt }) as CameraResponse;

it('is one fact where all channels of a device are down for one reason', () => {
  const troubles = deviceTroubles([
    camera('a', 'nvr', 'down', 'wrong_password', '2026-11-21T08:00:05.000Z'),
    camera('b', 'nvr', 'down', 'wrong_password', '2026-11-21T08:00:01.000Z'),
    camera('c', 'nvr', 'paused', 'disabled'),
  ]);
  expect(troubles).toMatchObject([
    {
      deviceId: 'nvr',
      reason: 'wrong_password',
      sinceAt: '2026-11-21T08:00:01.000Z',
      cameras: [{ id: 'a' }, { id: 'b' }],
    },
  ]);
});

it.each([
  ['of one camera', [camera('a', 'one', 'down', 'wrong_password')]],
  ['of several reasons', [camera('a', 'n', 'down', 'wrong_password'), camera('b', 'n', 'down', 'no_stream')]],
  ['where a channel has a picture', [camera('a', 'n', 'down', 'no_stream'), camera('b', 'n', 'alive', 'ok')]],
  ['of paused cameras', [camera('a', 'n', 'paused', 'disabled'), camera('b', 'n', 'paused', 'disabled')]],
])('is none %s', (_what, cameras) => {
  expect(deviceTroubles(cameras)).toEqual([]);
});
