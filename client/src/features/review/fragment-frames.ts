/**
 * Reads when the pictures of a loaded fragment are shown (ISO/IEC 14496-12 8.8): browsers do not say it reliably, the
 * media does. Only times are read, and every count that the bytes state is bounded by the bytes themselves.
 */

/** The video track of an init segment. */
export interface VideoTrack {
  id: number;
  timescale: number;
  /** Ticks a sample lasts where its fragment does not say (trex, 8.8.3). */
  defaultDuration: number;
}

/** Times of the pictures of one fragment, in order of presentation. */
export interface FragmentFrames {
  /** Presentation times, seconds of the track's own time line. */
  starts: readonly number[];
  /** End of the picture shown last, likewise. */
  end: number;
}

interface Box {
  type: string;
  from: number;
  to: number;
}

const mostSamples = 50_000;
const headerBytes = 8;

function* boxesIn(view: DataView, from: number, to: number): Generator<Box> {
  let at = from;
  while (at + headerBytes <= to) {
    let size = view.getUint32(at);
    let header = headerBytes;
    if (size === 1 && at + 16 <= to) {
      size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
      header = 16;
    } else if (size === 0) size = to - at;
    if (size < header || at + size > to) return;
    const name = [4, 5, 6, 7].map((offset) => String.fromCharCode(view.getUint8(at + offset))).join('');
    yield { type: name, from: at + header, to: at + size };
    at += size;
  }
}

function findBox(view: DataView, within: Pick<Box, 'from' | 'to'>, path: readonly string[]): Box | undefined {
  const [name, ...rest] = path;
  for (const box of boxesIn(view, within.from, within.to)) {
    if (box.type !== name) continue;
    return rest.length === 0 ? box : findBox(view, box, rest);
  }
  return undefined;
}

const whole = (view: DataView) => ({ from: 0, to: view.byteLength });
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The first video track of an init segment; undefined where there is none, or the bytes are not one. */
export function videoTrackOf(init: Uint8Array): VideoTrack | undefined {
  try {
    const view = viewOf(init);
    const moov = findBox(view, whole(view), ['moov']);
    if (moov === undefined) return undefined;
    for (const trak of boxesIn(view, moov.from, moov.to)) {
      if (trak.type !== 'trak') continue;
      const handler = findBox(view, trak, ['mdia', 'hdlr']);
      const head = findBox(view, trak, ['tkhd']);
      const media = findBox(view, trak, ['mdia', 'mdhd']);
      if (handler === undefined || head === undefined || media === undefined) continue;
      if (view.getUint32(handler.from + 8) !== 0x76696465) continue; // 'vide'
      const id = view.getUint32(head.from + (view.getUint8(head.from) === 1 ? 20 : 12));
      const timescale = view.getUint32(media.from + (view.getUint8(media.from) === 1 ? 20 : 12));
      if (timescale === 0) return undefined;
      return { id, timescale, defaultDuration: defaultDurationOf(view, moov, id) };
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

function defaultDurationOf(view: DataView, moov: Box, trackId: number): number {
  const extends_ = findBox(view, moov, ['mvex']);
  if (extends_ === undefined) return 0;
  for (const trex of boxesIn(view, extends_.from, extends_.to)) {
    if (trex.type === 'trex' && view.getUint32(trex.from + 4) === trackId) return view.getUint32(trex.from + 12);
  }
  return 0;
}

/** The pictures of moof+mdat, one after the other; undefined where the bytes hold none, or are damaged. */
export function framesOf(media: Uint8Array, track: VideoTrack): FragmentFrames | undefined {
  const starts: number[] = [];
  let end = Number.NEGATIVE_INFINITY;
  const add = (startTicks: number, durationTicks: number) => {
    if (starts.length >= mostSamples) throw new RangeError('too many samples');
    starts.push(startTicks / track.timescale);
    end = Math.max(end, (startTicks + durationTicks) / track.timescale);
  };
  try {
    const view = viewOf(media);
    for (const moof of boxesIn(view, 0, media.byteLength)) {
      if (moof.type !== 'moof') continue;
      for (const traf of boxesIn(view, moof.from, moof.to)) {
        if (traf.type === 'traf') readTrackFragment(view, traf, track, add);
      }
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  if (starts.length === 0) return undefined;
  return { starts: starts.sort((a, b) => a - b), end };
}

/** tfhd 8.8.7, tfdt 8.8.12, trun 8.8.8. */
function readTrackFragment(
  view: DataView,
  traf: Box,
  track: VideoTrack,
  add: (startTicks: number, durationTicks: number) => void,
): void {
  const header = findBox(view, traf, ['tfhd']);
  const decodeTime = findBox(view, traf, ['tfdt']);
  if (header === undefined || decodeTime === undefined || view.getUint32(header.from + 4) !== track.id) return;
  const headerFlags = view.getUint32(header.from) & 0xffffff;
  const durationAt = header.from + 8 + (headerFlags & 0x1 ? 8 : 0) + (headerFlags & 0x2 ? 4 : 0);
  const defaultDuration = headerFlags & 0x8 ? view.getUint32(durationAt) : track.defaultDuration;
  let ticks =
    view.getUint8(decodeTime.from) === 1
      ? view.getUint32(decodeTime.from + 4) * 2 ** 32 + view.getUint32(decodeTime.from + 8)
      : view.getUint32(decodeTime.from + 4);
  for (const run of boxesIn(view, traf.from, traf.to)) {
    if (run.type !== 'trun') continue;
    const isSigned = view.getUint8(run.from) > 0;
    const flags = view.getUint32(run.from) & 0xffffff;
    const count = view.getUint32(run.from + 4);
    let at = run.from + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
    for (let index = 0; index < count; index++) {
      let duration = defaultDuration;
      if (flags & 0x100) {
        duration = view.getUint32(at);
        at += 4;
      }
      if (flags & 0x200) at += 4;
      if (flags & 0x400) at += 4;
      let offset = 0;
      if (flags & 0x800) {
        offset = isSigned ? view.getInt32(at) : view.getUint32(at);
        at += 4;
      }
      if (at > run.to) throw new RangeError('a run ends early');
      add(ticks + offset, duration);
      ticks += duration;
    }
  }
}
