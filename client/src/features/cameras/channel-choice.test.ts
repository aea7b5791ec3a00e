import type { DeviceOffer, OfferedChannel } from '@choi-canh/shared/cameras';
import { describe, expect, it } from 'vitest';
import { channelsToAdd, freeChannels, proposedChoice } from './channel-choice.js';

const main = { profileToken: 'm', codec: 'H264', width: 1920, height: 1080, frameRate: 25, bitrateKbps: 2000 };
const channel = (number: number, more: Partial<OfferedChannel> = {}): OfferedChannel => ({
  ...{ sourceToken: `V${number}`, number, name: '', signal: true, main, sub: null, profiles: [main] },
  ...{ taken: false, knownCameraId: null, ...more },
});
const offer = (channels: OfferedChannel[]): DeviceOffer => ({
  ...{ deviceAddress: 'http://10.0.0.2/', kind: 'nvr', manufacturer: '', model: '', serialNumber: '', channels },
});
const tokens = (of: DeviceOffer) => [...proposedChoice(of, 'Kênh').tokens];

describe('channels to choose from', () => {
  it('are ticked but those without a signal, those that are cameras already and those without a stream', () => {
    const given = offer([
      channel(1),
      channel(2, { signal: null }),
      channel(3, { taken: true }),
      channel(4, { main: null, signal: false }),
      channel(5, { signal: false }),
    ]);
    expect(tokens(given)).toEqual(['V1', 'V2']);
    expect(freeChannels(given).map(({ number }) => number)).toEqual([1, 2, 5]);
  });

  it('are called by the common name and their number, by the device or by the person', () => {
    const given = offer([channel(3), channel(1), channel(2, { name: 'Cổng chợ' })]);
    const choice = { ...proposedChoice(given, ' Chợ – kênh '), names: new Map([['V3', 'Ngã ba']]) };
    expect(channelsToAdd(given, choice).map(({ name }) => name)).toEqual(['Chợ – kênh 1', 'Cổng chợ', 'Ngã ba']);
  });

  it('are sent only if they are ticked and free', () => {
    const given = offer([channel(1), channel(2, { taken: true }), channel(3)]);
    const choice = { ...proposedChoice(given, 'K'), tokens: new Set(['V2', 'V3']) };
    expect(channelsToAdd(given, choice).map(({ sourceToken }) => sourceToken)).toEqual(['V3']);
  });
});
