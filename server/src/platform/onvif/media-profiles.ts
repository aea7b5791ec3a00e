import type { StreamFacts } from '@choi-canh/shared/cameras';
import { AppError } from '../../lib/errors.js';
import { attribute, element, elements, numberAt, textAt, type XmlElement } from './soap-xml.js';

/** A recorder of 128 inputs with four streams each; more is no device. */
const maxProfiles = 512;

/** A profile with the video source that it comes from. */
export interface SourcedProfile extends StreamFacts {
  /** Empty where the device states none. */
  sourceToken: string;
  /** What the device calls the configuration of that source. */
  sourceName: string;
}

/** Codec names as ONVIF writes them, without punctuation. What is rare is taken only where there is nothing else. */
const usual = new Set(['H264', 'H265']);
const rare = new Set(['JPEG', 'MPEG4', 'MPV4ES']);

function codecName(encoding: string): string {
  const name = encoding
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .slice(0, 20);
  return name === 'HEVC' ? 'H265' : name === 'AVC' ? 'H264' : name;
}

/**
 * The video profiles of a GetProfilesResponse, of Media (ver10) and of Media2 (ver20) alike: in Media2 the encoder lies in
 * `Configurations/VideoEncoder` and the bit rate in `RateControl/BitrateLimit` of the same shape. A profile without a
 * video encoder, or without a size, is left out. The source is named by `VideoSourceConfiguration/SourceToken`, in Media2 by
 * `Configurations/VideoSource/SourceToken`.
 */
export function readProfiles(body: XmlElement): SourcedProfile[] {
  return elements(element(body, 'GetProfilesResponse'), 'Profiles')
    .slice(0, maxProfiles)
    .flatMap((profile): SourcedProfile[] => {
      const encoder =
        element(profile, 'VideoEncoderConfiguration') ?? element(profile, 'Configurations', 'VideoEncoder');
      const source = element(profile, 'VideoSourceConfiguration') ?? element(profile, 'Configurations', 'VideoSource');
      const profileToken = attribute(profile, 'token');
      const width = numberAt(encoder, 'Resolution', 'Width');
      const height = numberAt(encoder, 'Resolution', 'Height');
      if (profileToken === '' || profileToken.length > 128 || width === null || height === null) return [];
      if (!Number.isInteger(width) || !Number.isInteger(height) || width < 16 || height < 16) return [];
      if (width > 32768 || height > 32768) return [];
      const positive = (value: number | null) => (value !== null && value > 0 && value < 1e7 ? value : null);
      return [
        {
          profileToken,
          codec: codecName(textAt(encoder, 'Encoding')),
          width,
          height,
          frameRate: positive(numberAt(encoder, 'RateControl', 'FrameRateLimit')),
          bitrateKbps: positive(numberAt(encoder, 'RateControl', 'BitrateLimit')),
          sourceToken: textAt(source, 'SourceToken').slice(0, 128),
          sourceName: textAt(source, 'Name').slice(0, 120),
        },
      ];
    });
}

/**
 * Main: the most pixels of H.264 and H.265, else of JPEG and MPEG-4. Sub: the fewest pixels in H.264, which every browser plays, and fewer pixels than main or as
 * many at a lower bitrate; null if none.
 * @throws AppError precondition `no_video` when nothing can be recorded.
 */
export function chooseStreams(profiles: readonly StreamFacts[]): { main: StreamFacts; sub: StreamFacts | null } {
  const pixels = (profile: StreamFacts) => profile.width * profile.height;
  const of = (codecs: Set<string>) => profiles.filter((profile) => codecs.has(profile.codec));
  const found = of(usual);
  const usable = (found.length > 0 ? found : of(rare)).sort((a, b) => pixels(b) - pixels(a));
  const main = usable[0];
  if (main === undefined) {
    const codecs = [...new Set(profiles.map((profile) => profile.codec))].join(', ');
    throw new AppError(
      'precondition',
      'no_video',
      codecs === '' ? 'the camera offers no video' : `the camera offers only ${codecs}`,
      { details: { reason: 'not_video' } },
    );
  }
  const lighter = (profile: StreamFacts) =>
    pixels(profile) < pixels(main) || (profile.bitrateKbps ?? Infinity) < (main.bitrateKbps ?? 0);
  const sub = usable.filter((profile) => profile.codec === 'H264' && profile !== main && lighter(profile)).at(-1);
  return { main, sub: sub ?? null };
}
