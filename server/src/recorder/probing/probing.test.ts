import { randomUUID } from 'node:crypto';
import type { CameraStatus } from '@choi-canh/shared/health';
import { expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { steppedClock } from '../footage/testing/stepped-clock.js';
import { createProbing } from './probing.js';

it('goes on when what it saw cannot be told, and tells it later', async () => {
  const clock = steppedClock(Date.parse('2026-03-01T00:00:00Z'));
  const told: CameraStatus[] = [];
  let failures = 2;
  const probing = createProbing({
    onvif: { look: () => Promise.reject(new Error('off')), profiles: () => Promise.resolve([]) },
    ingest: { runtime: () => undefined, onChange: () => () => undefined },
    digests: { took: () => undefined, tookBefore: () => false },
    clockOffsets: { note: () => undefined, keepOnly: () => undefined },
    clock,
    logger: silentLogger,
    onStatuses(statuses) {
      failures -= 1;
      if (failures >= 0) throw new Error('the disk is full');
      told.push(...statuses);
    },
    onAddresses: () => undefined,
  });
  const cameraId = randomUUID();
  probing.setCameras([
    {
      ...{ cameraId, enabled: false, deviceAddress: 'http://127.0.0.1:9/onvif', username: 'u', password: 'p' },
      ...{
        mainProfileToken: 'main',
        subProfileToken: null,
        hasStreamUrl: true,
        hasOnvif: true,
        sourceToken: '',
        confirmedHosts: ['127.0.0.1'],
        tlsKey: null,
        plainPassword: true,
        passwordTypedAt: 0,
      },
    },
  ]);
  probing.start();
  await clock.advance(5000);
  expect(failures).toBeLessThan(0);
  expect(told).toEqual([probing.status(cameraId)]);
  await probing.stop();
});
