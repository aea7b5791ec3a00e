// What only the media itself says about a fragment: when its first frame is shown, and where its keyframe lies. Read
// from the moof, once, and remembered.
import { AppError } from '../../lib/errors.js';
import { otherTracksOfInit, withHidden } from '../../lib/isobmff/hidden-tracks.js';
import { beginsAtRecoveryPoints } from '../../lib/isobmff/init-segment.js';
import { parseTrackDefaults, type SampleDefaults } from '../../lib/isobmff/moof.js';
import { presentedSpan, readMoof } from '../../lib/isobmff/moof-reader.js';
import { BoundedCache } from './bounded-cache.js';
import type { PlaybackFile, PlaybackFootage, PlaybackFragment } from './playback-footage.js';

export interface FragmentFacts {
  /** Ticks after baseMediaDecodeTime, of the frame shown first. */
  readonly firstTicks: number;
  /** Ticks after baseMediaDecodeTime, of the end of the frame shown last. */
  readonly endTicks: number;
  /** First sync sample; undefined when there is none. Offset into the fragment. */
  readonly keyframe:
    | {
        readonly offset: number;
        readonly size: number;
        readonly ticks: number;
        /** Until what is shown is right, where decoding begins with it. */
        readonly recoveryPictures: number;
      }
    | undefined;
  /** What of it is not video, for hiding it; offsets into the fragment. */
  readonly otherTracksAt: readonly number[];
}

const rememberedFragments = 100_000;
const rememberedInits = 256;
const maxInitBytes = 64 * 1024;

export interface InitFacts {
  readonly bytes: Buffer;
  /** The same with its other tracks hidden. */
  readonly videoOnly: Buffer;
  readonly defaults: SampleDefaults;
  readonly otherTracksAt: readonly number[];
  /** Browsers do not begin there. */
  readonly beginsAtRecoveryPoints: boolean;
}

export class FragmentFactsReader {
  private readonly facts = new BoundedCache<FragmentFacts>(rememberedFragments);
  private readonly inits = new BoundedCache<InitFacts>(rememberedInits);

  constructor(private readonly footage: PlaybackFootage) {}

  /** @throws AppError not_found footage_gone */
  async file(fileId: string): Promise<PlaybackFile> {
    const file = await this.footage.file(fileId);
    if (file === undefined) throw new AppError('not_found', 'footage_gone', `footage file ${fileId} is gone`);
    return file;
  }

  /** @throws AppError not_found footage_gone */
  async init(fileId: string): Promise<InitFacts> {
    const known = this.inits.get(fileId);
    if (known !== undefined) return known;
    const file = await this.file(fileId);
    if (file.initByteLength > maxInitBytes)
      throw new AppError('internal', 'bad_footage', `init segment of ${file.initByteLength} bytes`);
    const bytes = Buffer.from(await this.footage.read(fileId, 0, file.initByteLength));
    const otherTracksAt = otherTracksOfInit(bytes, file.trackId);
    const init = {
      ...{ bytes, otherTracksAt, videoOnly: withHidden(bytes, otherTracksAt) },
      defaults: parseTrackDefaults(bytes, file.trackId),
      beginsAtRecoveryPoints: beginsAtRecoveryPoints(bytes),
    };
    this.inits.set(fileId, init);
    return init;
  }

  /** @throws AppError not_found footage_gone, invalid bad_mp4 */
  async of(fragment: PlaybackFragment): Promise<FragmentFacts> {
    const key = `${fragment.fileId}/${fragment.offset}`;
    const known = this.facts.get(key);
    if (known !== undefined) return known;
    const { defaults } = await this.init(fragment.fileId);
    const moof = await readMoof(
      (offset, length) => this.footage.read(fragment.fileId, fragment.offset + offset, length),
      fragment.byteLength,
      defaults,
    );
    let keyframe: FragmentFacts['keyframe'];
    let ticks = 0;
    for (const sample of moof.samples) {
      if (sample.isSync) {
        const { recoveryPictures } = moof;
        const shownTicks = ticks + sample.compositionOffset;
        keyframe = { offset: sample.offset, size: sample.size, ticks: shownTicks, recoveryPictures };
        break;
      }
      ticks += sample.duration;
    }
    const facts = { ...presentedSpan(moof), keyframe, otherTracksAt: moof.otherTracksAt };
    this.facts.set(key, facts);
    return facts;
  }
}
