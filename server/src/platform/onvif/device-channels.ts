import { maxDeviceChannels, type ChannelFacts, type DeviceKind, type StreamFacts } from '@choi-canh/shared/cameras';
import { isAppError } from '../../lib/errors.js';
import { chooseStreams, type SourcedProfile } from './media-profiles.js';
import { attribute, element, elements, numberAt, type XmlElement } from './soap-xml.js';

/** A video source as GetVideoSources lists it. */
export interface VideoSource {
  token: string;
  /** False: it says that nothing comes in (no size, or no pictures a second); null: it does not say. */
  signal: boolean | null;
}

/** The sources of a GetVideoSourcesResponse (Media 5.3), in the order of the device. */
export function readVideoSources(body: XmlElement): VideoSource[] {
  return elements(element(body, 'GetVideoSourcesResponse'), 'VideoSources')
    .slice(0, maxDeviceChannels)
    .flatMap((source): VideoSource[] => {
      const token = attribute(source, 'token').slice(0, 128);
      if (token === '') return [];
      const isEmpty = [['Resolution', 'Width'], ['Resolution', 'Height'], ['Framerate']].some(
        (path) => numberAt(source, ...path) === 0,
      );
      return [{ token, signal: isEmpty ? false : null }];
    });
}

/**
 * The channels of a device: its profiles by the source that they come from, so that main and sub of a channel never show two
 * scenes. A source without a profile is an empty channel. In the order of the sources, else in that of the profiles.
 */
export function groupChannels(profiles: readonly SourcedProfile[], sources: readonly VideoSource[]): ChannelFacts[] {
  const tokens = [...new Set([...sources.map(({ token }) => token), ...profiles.map((one) => one.sourceToken)])].slice(
    0,
    maxDeviceChannels,
  );
  const numbers = channelNumbers(tokens);
  const names = tokens.map((token) => profiles.find((one) => one.sourceToken === token)?.sourceName ?? '');
  return tokens.map((sourceToken, index) => {
    const own = profiles.filter((one) => one.sourceToken === sourceToken).map(withoutSource);
    const { main, sub } = chosenOf(own);
    const stated = sources.find(({ token }) => token === sourceToken)?.signal ?? null;
    const name = names[index] ?? '';
    return {
      sourceToken,
      number: numbers[index] ?? index + 1,
      // What every channel is called names none.
      name: names.filter((other) => other === name).length === 1 || tokens.length === 1 ? name : '',
      signal: main === null ? false : stated,
      ...{ main, sub },
      profiles: own.slice(0, 64),
    };
  });
}

/** A number at the end of every token is the input's, from 0 or from 1; without it inputs are counted as they are listed. */
function channelNumbers(tokens: readonly string[]): number[] {
  const stated = tokens.map((token) => Number(/(\d{1,5})$/.exec(token)?.[1] ?? Number.NaN));
  const most = Math.max(64, tokens.length);
  const areNumbers = stated.every((one) => one <= most) && new Set(stated).size === stated.length;
  if (!areNumbers || tokens.length < 2) return tokens.map((_, index) => index + 1);
  return stated.map((one) => one + (stated.includes(0) ? 1 : 0));
}

function chosenOf(profiles: readonly StreamFacts[]): { main: StreamFacts | null; sub: StreamFacts | null } {
  try {
    return chooseStreams(profiles);
  } catch (error) {
    if (isAppError(error) && error.code === 'no_video') return { main: null, sub: null };
    throw error;
  }
}

function withoutSource({ sourceToken: _, sourceName: __, ...facts }: SourcedProfile): StreamFacts {
  return facts;
}

/** Lines of PAL and NTSC, at D1 or 960H. */
const isAnalogue = ({ width, height }: StreamFacts): boolean =>
  [480, 576].includes(height) && [704, 720, 960].includes(width);

/**
 * What a device is. ONVIF has no field for it: several sources beside a recording service are an NVR, as is what calls itself
 * so; `D1` and `960H` inputs without one are an encoder's.
 */
export function deviceKindOf(
  channels: readonly Pick<ChannelFacts, 'main'>[],
  { model, hasRecordings }: { model: string; hasRecordings: boolean },
): DeviceKind {
  if (/NVR|DVR|XVR|HVR|\bDS-[789]\d/i.test(model)) return 'nvr';
  if (channels.length < 2) return 'camera';
  if (hasRecordings) return 'nvr';
  const analogue = channels.filter(({ main }) => main !== null && isAnalogue(main)).length;
  return analogue * 2 > channels.length ? 'encoder' : 'camera';
}
