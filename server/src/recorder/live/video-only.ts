// Live pictures are silent unless sound is asked for: where a stream has sound beside its picture, viewers get the track
// of the picture alone.
import type { InitSegment } from '../../lib/fragment.js';
import { box } from '../../lib/isobmff/box-writer.js';
import { boxesIn, findBox, findIn, iterateBoxes, payloadOf, type Box } from '../../lib/isobmff/boxes.js';
import { parseTrackDefaults, type SampleDefaults } from '../../lib/isobmff/moof.js';
import { splitFragment, videoOnlyFragment, type SplitChunk } from '../../lib/isobmff/split-fragment.js';

export interface VideoTrack {
  readonly initBytes: Buffer;
  readonly trackId: number;
  readonly timescale: number;
  readonly defaults: SampleDefaults;
  /** moof+mdat with nothing but the picture. @throws AppError invalid bad_mp4 */
  fragment(bytes: Buffer): Buffer;
  /** @throws AppError invalid bad_mp4 */
  chunks(bytes: Buffer): SplitChunk[];
}

const tkhdTrackIdOffset = (version: number) => (version === 1 ? 20 : 12);

function trackIdOf(init: Buffer, trak: Box): number | undefined {
  const tkhd = findIn(init, trak, ['tkhd']);
  if (tkhd === undefined) return undefined;
  const payload = payloadOf(init, tkhd, 24);
  return payload.readUInt32BE(tkhdTrackIdOffset(payload[0] ?? 0));
}

/** The init segment without the tracks that are not `trackId`; the same bytes where there is no other. */
export function videoOnlyInit(init: Buffer, trackId: number): Buffer {
  const moov = findBox(init, 'moov');
  if (moov === undefined) return init;
  const children = [...boxesIn(init, moov)];
  const isOther = (child: Box) => child.type === 'trak' && trackIdOf(init, child) !== trackId;
  if (!children.some(isOther)) return init;
  const bytesOf = ({ start, end }: Box) => init.subarray(start, end);
  const kept = children
    .filter((child) => !isOther(child))
    .map((child) => {
      if (child.type !== 'mvex') return bytesOf(child);
      const trexes = [...boxesIn(init, child)].filter(
        (one) => one.type !== 'trex' || payloadOf(init, one, 8).readUInt32BE(4) === trackId,
      );
      return box('mvex', ...trexes.map(bytesOf));
    });
  const others = [...iterateBoxes(init)].filter((one) => one.type !== 'moov').map(bytesOf);
  return Buffer.concat([...others, box('moov', ...kept)]);
}

export function videoTrack(init: Pick<InitSegment, 'bytes' | 'trackId' | 'timescale'>): VideoTrack {
  const { trackId, timescale } = init;
  const initBytes = videoOnlyInit(init.bytes, trackId);
  const silent = initBytes === init.bytes;
  const defaults = parseTrackDefaults(init.bytes, trackId);
  return {
    initBytes,
    trackId,
    timescale,
    defaults,
    fragment: (bytes) => (silent ? bytes : videoOnlyFragment(bytes, defaults)),
    chunks: (bytes) => splitFragment(bytes, defaults),
  };
}

/** The stream as it is recorded, sound included. */
export function wholeTracks(init: Pick<InitSegment, 'bytes' | 'trackId' | 'timescale'>): VideoTrack {
  return { ...videoTrack(init), initBytes: init.bytes, fragment: (bytes) => bytes };
}
