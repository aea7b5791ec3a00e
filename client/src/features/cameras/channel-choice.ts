import type { ChosenChannel, DeviceOffer, OfferedChannel } from '@choi-canh/shared/cameras';

/** What a person chose of one device: which channels, the name that they have in common, and names of some of their own. */
export interface ChannelChoice {
  tokens: ReadonlySet<string>;
  /** Each channel is called this and its number. */
  commonName: string;
  names: ReadonlyMap<string, string>;
}

/** Channels that can be added: not cameras already, and with a stream. */
export function freeChannels(offer: DeviceOffer): OfferedChannel[] {
  return offer.channels.filter(({ taken, main }) => !taken && main !== null);
}

/** All that have a picture, or may have one; an input without a signal is chosen by hand. */
export function proposedChoice(offer: DeviceOffer, commonName: string): ChannelChoice {
  const chosen = freeChannels(offer).filter(({ signal }) => signal !== false);
  return { tokens: new Set(chosen.map(({ sourceToken }) => sourceToken)), commonName, names: new Map() };
}

/** As the person typed it, else as the device calls it, else the common name with the number. */
export function channelName(channel: OfferedChannel, { commonName, names }: ChannelChoice): string {
  const common = `${commonName.trim()} ${channel.number}`.trim();
  return names.get(channel.sourceToken) ?? (channel.name === '' ? common : channel.name);
}

/** What is sent of it, in the order of the device's numbers. */
export function channelsToAdd(offer: DeviceOffer, choice: ChannelChoice): ChosenChannel[] {
  return freeChannels(offer)
    .filter(({ sourceToken }) => choice.tokens.has(sourceToken))
    .sort((one, other) => one.number - other.number)
    .map((channel) => ({ sourceToken: channel.sourceToken, name: channelName(channel, choice).trim(), place: '' }));
}
