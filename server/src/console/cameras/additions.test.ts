// Additions in the background where something goes wrong between an answer and the database.
import { describe, expect, it } from 'vitest';
import type { Actor } from '../../lib/actor.js';
import { systemClock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import { AddressRules } from '../../lib/address-rules.js';
import { CameraAdditions, type CameraAdditionsDeps } from './camera-additions.js';
import { RtspAdditions, type RtspAdditionsDeps } from './rtsp-additions.js';

const actor = { accountId: 'a1', sessionId: 's1', scope: { areaId: 'x' } } as unknown as Actor;
const away = () => Promise.reject(new Error('the database is away'));
const ids = { recorderId: 'r1', areaId: 'x' };

async function finished<R extends { state: string }>(get: () => R): Promise<R> {
  for (let round = 0; round < 500; round += 1) {
    if (get().state === 'done') return get();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error('the addition does not end');
}

describe('cameras without ONVIF', () => {
  const main = { reason: 'ok', detail: '', codec: 'h264', width: 1, height: 1, frameRate: 1, bitrateKbps: 1 };
  const camera = (host: string) => ({
    ...{ device: { brand: 'plain' as const, mainUrl: `rtsp://${host}/a`, subUrl: null }, name: '', place: '' },
    ...{ username: 'u', password: 'p' },
  });
  const parts = {
    repository: { areaInScope: async () => true, find: async () => undefined, ofDevice: async () => [] },
    recorders: { clientOf: () => ({}) },
    probes: {
      check: () => undefined,
      probe: async (_client: unknown, device: { mainUrl: string }) => ({
        ...{ mainUrl: device.mainUrl, subUrl: null, main, sub: null },
      }),
    },
    returns: { formerOf: async () => undefined },
    budget: { take: () => undefined },
    audit: { record: async () => undefined },
    logger: silentLogger,
  };
  const additions = (more: object) => new RtspAdditions({ ...parts, ...more } as unknown as RtspAdditionsDeps);

  it('become channels of a device that somebody else entered at the same moment', async () => {
    const entered: (string | undefined)[] = [];
    let known: { id: string } | null = null;
    const adding = additions({
      devices: { atAddress: async () => known },
      entry: {
        enter: async (_actor: Actor, { deviceId }: { deviceId: string | undefined }) => {
          entered.push(deviceId);
          known = { id: 'd1' };
          if (deviceId === undefined)
            throw new AppError('conflict', 'address_taken', 'another device has this address');
          return { deviceId, added: ['c1'], returned: [] };
        },
      },
    });
    const { id } = await adding.start(actor, { ...ids, cameras: [camera('10.0.0.1')] });
    const { results } = await finished(() => adding.get(actor, id));
    expect(results).toMatchObject([{ outcome: 'added', reason: 'ok' }]);
    expect(entered).toEqual([undefined, 'd1']);
  });

  it('are all answered, and nothing ends, while the database is away', async () => {
    const adding = additions({ devices: { atAddress: away }, audit: { record: away } });
    const { id } = await adding.start(actor, { ...ids, cameras: [camera('10.0.0.1'), camera('10.0.0.2')] });
    const { results } = await finished(() => adding.get(actor, id));
    expect(results.map(({ outcome, detail }) => [outcome, detail])).toEqual([
      ['failed', 'internal error'],
      ['failed', 'internal error'],
    ]);
    await adding.stop();
  });
});

describe('found devices', () => {
  it('are all answered, and nothing ends, while the database is away', async () => {
    const adding = new CameraAdditions({
      repository: { areaInScope: async () => true, ofRecorder: away },
      recorders: { clientOf: () => ({}) },
      audit: { record: away },
      broadcaster: { toAccount: () => undefined },
      ...{ clock: systemClock, addressRules: new AddressRules(), budget: { take: () => undefined } },
      ...{ logger: silentLogger, device: () => undefined, isShared: () => false },
    } as unknown as CameraAdditionsDeps);
    const devices = ['10.0.0.1', '10.0.0.2'].map((host) => ({
      ...{ deviceAddress: `http://${host}/onvif/device_service`, endpointReference: '', name: '', place: '' },
    }));
    const { id } = await adding.start(actor, { ...ids, username: 'u', password: 'p', devices } as never);
    const { results } = await finished(() => adding.get(actor, id));
    expect(results.map(({ outcome, detail }) => [outcome, detail])).toEqual([
      ['bad_answer', 'internal error'],
      ['bad_answer', 'internal error'],
    ]);
    await adding.stop();
  });
});
