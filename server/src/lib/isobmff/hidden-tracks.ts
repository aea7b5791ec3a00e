// Hides tracks from players without moving a byte: the boxes that describe them are renamed `free` (ISO/IEC 14496-12
// 8.1.2), so that every offset, length and byte range stays what it is. A browser without AAC then sees video alone.
import { boxesIn, findBox, findIn, nameAt, payloadOf, type Box } from './boxes.js';

const hiddenName = Buffer.from('free', 'latin1');

function trackIdOf(init: Buffer, box: Box): number | undefined {
  if (box.type === 'trex') return payloadOf(init, box, 8).readUInt32BE(4);
  const tkhd = findIn(init, box, ['tkhd']);
  if (tkhd === undefined) return undefined;
  const payload = payloadOf(init, tkhd, 24);
  return payload.readUInt32BE(payload.readUInt8(0) === 1 ? 20 : 12);
}

/** Where the names of the boxes lie that describe other tracks than `trackId` in an init segment. @throws AppError bad_mp4 */
export function otherTracksOfInit(init: Buffer, trackId: number): number[] {
  const moov = findBox(init, 'moov');
  if (moov === undefined) return [];
  const mvex = findIn(init, moov, ['mvex']);
  return [...boxesIn(init, moov), ...(mvex === undefined ? [] : boxesIn(init, mvex))]
    .filter((box) => (box.type === 'trak' || box.type === 'trex') && trackIdOf(init, box) !== trackId)
    .map((box) => nameAt(box));
}

/** A copy of `bytes` in which the boxes named at these places are hidden; `bytes` itself when there are none. */
export function withHidden(bytes: Buffer, places: readonly number[]): Buffer {
  if (places.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  for (const at of places) hiddenName.copy(copy, at);
  return copy;
}

/** Hides in bytes that flow by; `places`, in rising order, count like `position`, which is that of the first byte. */
export async function* hiddenPieces(
  pieces: AsyncIterable<Buffer>,
  position: number,
  places: readonly number[],
): AsyncGenerator<Buffer, void, undefined> {
  let next = 0;
  for await (const piece of pieces) {
    const end = position + piece.length;
    let bytes = piece;
    for (; next < places.length && (places[next] as number) < end; next++) {
      const at = places[next] as number;
      if (at + hiddenName.length > position && bytes === piece) bytes = Buffer.from(piece);
      for (let index = 0; index < hiddenName.length; index++)
        if (at + index >= position && at + index < end) bytes[at + index - position] = hiddenName[index] as number;
      // The rest of the name is in the next piece.
      if (at + hiddenName.length > end) break;
    }
    position = end;
    yield bytes;
  }
}
