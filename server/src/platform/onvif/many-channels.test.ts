import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyMedia } from '../../../../scripts/camera-simulator/camera-media.js';
import { startSimulator, type Simulator } from '../../../../scripts/camera-simulator/simulator.js';
import { RtspTestClient } from '../../../../scripts/camera-simulator/testing/rtsp-client.js';
import { systemClock } from '../../lib/clock.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { silentLogger } from '../../lib/logger.js';
import { createOnvif, type Onvif } from './onvif.js';

/** Devices of many channels over real sockets, from their ONVIF answers to the pictures of a channel. */
describe('a device with channels', () => {
  let simulator: Simulator;
  let onvif: Onvif;
  beforeAll(async () => {
    simulator = await startSimulator({
      ...{ cameras: 4, network: '127.94.0.0', media: tinyMedia },
      kinds: {
        1: { device: 'nvr-16' },
        2: { device: 'xvr' },
        3: { device: 'dual-lens' },
        4: { device: 'multi-sensor', codec: 'h265', subCodec: 'h264' },
      },
    });
    onvif = createOnvif({
      ...{ clock: systemClock, logger: silentLogger, rules: loopbackRules, interfaces: [] },
    });
  }, 60_000);
  afterAll(() => simulator.stop());

  const at = (number: number) => {
    const camera = simulator.cameras[number - 1]!;
    const { deviceAddress, username, password, host } = camera;
    return { deviceAddress, credentials: { username, password, confirmedHosts: [host] } };
  };
  const identify = (number: number) => {
    const { deviceAddress, credentials } = at(number);
    return onvif.identify(deviceAddress, credentials);
  };
  /** Number in the stamp of the first picture of a profile. */
  async function stampOf(number: number, profileToken: string): Promise<number | undefined> {
    const { deviceAddress, credentials } = at(number);
    const url = await onvif.streamUri(deviceAddress, credentials, profileToken);
    const client = await RtspTestClient.open(url, credentials);
    await client.play(url);
    const [unit] = await client.waitForUnits(1);
    client.close();
    return unit?.stamp?.cameraNumber;
  }

  it.each([
    [1, 'nvr', 16, [5, 15, 16]],
    [2, 'nvr', 8, [8]],
    [3, 'camera', 2, []],
    [4, 'camera', 4, []],
  ] as const)('%i is a %s of %i, of which %j are empty', async (number, kind, count, empty) => {
    const facts = await identify(number);
    expect([facts.kind, facts.channels.length]).toEqual([kind, count]);
    expect(facts.channels.map((channel) => channel.number)).toEqual([...Array(count).keys()].map((index) => index + 1));
    const signals = facts.channels.filter(({ signal }) => signal === false).map((channel) => channel.number);
    expect(signals).toEqual(empty);
    expect(facts.channels.filter(({ signal }) => signal === true)).toHaveLength(count - empty.length);
    for (const { main, sub, profiles } of facts.channels) {
      const tokens = profiles.map(({ profileToken }) => profileToken);
      expect(tokens).toEqual(expect.arrayContaining([main?.profileToken, sub?.profileToken]));
      expect(tokens).toHaveLength(2);
    }
  });

  it('shows of each channel the pictures of that channel, and no others', async () => {
    const { channels } = await identify(1);
    for (const number of [1, 7, 14]) {
      const { main, sub } = channels[number - 1]!;
      expect(await stampOf(1, main!.profileToken)).toBe(1000 + number);
      expect(await stampOf(1, sub!.profileToken)).toBe(1000 + number);
    }
    const lenses = (await identify(3)).channels;
    expect(await stampOf(3, lenses[1]!.main!.profileToken)).toBe(3002);
    expect(await stampOf(4, (await identify(4)).channels[3]!.main!.profileToken)).toBe(4004);
  });

  it('makes a picture of each channel, another one for each', async () => {
    const { deviceAddress, credentials } = at(1);
    const { channels } = await identify(1);
    const hashes = new Set<string>();
    for (const { main, signal } of channels) {
      if (signal !== true) continue;
      const jpeg = await onvif.snapshot(deviceAddress, credentials, main!.profileToken);
      hashes.add(createHash('sha256').update(jpeg).digest('hex'));
    }
    expect(hashes.size).toBe(13);
    const empty = channels[4]!.main!.profileToken;
    await expect(onvif.snapshot(deviceAddress, credentials, empty)).rejects.toMatchObject({ code: 'bad_answer' });
  });
});
