import type { ChannelFacts, ChosenChannel, DeviceOffer, StreamFacts } from '@choi-canh/shared/cameras';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import { AppError } from '../../lib/errors.js';
import type { CameraRow, ChannelRow } from './camera.entity.js';

/** The channels of a device that was identified; a recorder of an earlier version reports one, without its source. */
export function channelsOf(facts: IdentifyResponse): ChannelFacts[] {
  if (facts.channels.length > 0) return facts.channels;
  const profiles = facts.sub === null ? [facts.main] : [facts.main, facts.sub];
  const { main, sub } = facts;
  return [{ ...{ sourceToken: '', number: 1, name: '', signal: null }, ...{ main, sub, profiles } }];
}

/** The channel that a camera is: by its source, where that is not known yet by the profile that it is recorded by. */
export function channelOf(
  camera: Pick<ChannelRow, 'sourceToken' | 'mainStream'>,
  channels: readonly ChannelFacts[],
): ChannelFacts | undefined {
  if (camera.sourceToken !== '') return channels.find(({ sourceToken }) => sourceToken === camera.sourceToken);
  const token = camera.mainStream?.profileToken;
  const byProfile = channels.find(({ profiles }) => profiles.some(({ profileToken }) => profileToken === token));
  return byProfile ?? (channels.length === 1 ? channels[0] : undefined);
}

type Learnt = Partial<Pick<ChannelRow, 'sourceToken' | 'channelNumber' | 'channelName' | 'mainStream' | 'subStream'>>;

/** What an identification says of a camera: the profiles that it has are kept where its channel still offers them. */
export function learntOf(camera: ChannelRow, channels: readonly ChannelFacts[]): Learnt {
  const channel = channelOf(camera, channels);
  if (channel === undefined) return {};
  const kept = (stream: StreamFacts | null) =>
    channel.profiles.find(({ profileToken }) => profileToken === stream?.profileToken);
  const mainStream = kept(camera.mainStream) ?? channel.main ?? camera.mainStream;
  return {
    ...{ sourceToken: channel.sourceToken, channelNumber: channel.number, channelName: channel.name },
    ...{ mainStream, subStream: kept(camera.subStream) ?? channel.sub },
  };
}

export interface EnteredChannel {
  channel: ChannelFacts;
  main: StreamFacts;
  sub: StreamFacts | null;
  name: string;
  place: string;
  /** The camera out of use that it is; absent: whichever it was. */
  cameraId?: string;
}

/**
 * The channels that a person chose, with the profiles that each shall have.
 * @throws AppError invalid `channel_not_found`, `profile_not_found` (also one of another channel); precondition `no_video`
 */
export function chosenChannels(chosen: readonly ChosenChannel[], channels: readonly ChannelFacts[]): EnteredChannel[] {
  return chosen.map(({ sourceToken, name, place, ...profiles }) => {
    const channel = channels.find((one) => one.sourceToken === sourceToken);
    if (channel === undefined) throw new AppError('invalid', 'channel_not_found', 'the device has no such channel');
    return { channel, ...{ name, place }, ...chosenProfiles(channel, profiles) };
  });
}

/** @throws AppError invalid `profile_not_found`; precondition `no_video` */
export function chosenProfiles(
  channel: ChannelFacts,
  chosen: { mainProfileToken?: string | undefined; subProfileToken?: string | null | undefined },
): { main: StreamFacts; sub: StreamFacts | null } {
  const profile = (token: string) => {
    const found = channel.profiles.find(({ profileToken }) => profileToken === token);
    if (found === undefined) throw new AppError('invalid', 'profile_not_found', 'the channel has no such profile');
    return found;
  };
  const { mainProfileToken, subProfileToken } = chosen;
  const main = mainProfileToken === undefined ? channel.main : profile(mainProfileToken);
  if (main === null) throw new AppError('precondition', 'no_video', 'nothing of this channel can be recorded');
  const own = channel.sub?.profileToken === main.profileToken ? null : channel.sub;
  const sub = subProfileToken === undefined ? own : subProfileToken === null ? null : profile(subProfileToken);
  return { main, sub };
}

/**
 * What is offered to a person: channels with a signal first, each in the order of the device. Of cameras that the person may
 * not see only that the channel is taken.
 */
export function offerOf(
  deviceAddress: string,
  facts: IdentifyResponse,
  cameras: readonly CameraRow[],
  isVisible: (cameraId: string) => boolean,
): DeviceOffer {
  const channels = channelsOf(facts);
  const cameraIds = new Map(
    cameras.flatMap((camera) => {
      const channel = camera.retiredAt === null ? channelOf(camera, channels) : undefined;
      return channel === undefined ? [] : [[channel.sourceToken, camera.id] as const];
    }),
  );
  const rank = ({ signal }: ChannelFacts) => (signal === false ? 1 : 0);
  const { kind, manufacturer, model, serialNumber } = facts;
  return {
    ...{ deviceAddress, kind, manufacturer, model, serialNumber },
    channels: [...channels]
      .sort((one, other) => rank(one) - rank(other) || one.number - other.number)
      .map((channel) => {
        const cameraId = cameraIds.get(channel.sourceToken);
        const knownCameraId = cameraId !== undefined && isVisible(cameraId) ? cameraId : null;
        const taken = cameraId !== undefined;
        return { ...channel, name: taken && knownCameraId === null ? '' : channel.name, taken, knownCameraId };
      }),
  };
}
