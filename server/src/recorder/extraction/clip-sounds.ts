// What the tracks of sound in a clip are called, for whoever opens it in a player.
import { aacConfigOf, type G711Input } from '../../lib/aac-of-g711.js';
import { box } from '../../lib/isobmff/box-writer.js';
import { audioTrackBoxes } from '../../lib/isobmff/sound-track.js';

/** As it came. */
export const g711Name = ({ codec }: G711Input): string => {
  const law = codec === 'alaw' ? 'A-law' : 'µ-law';
  return `Âm thanh gốc của camera, G.711 ${law} / Original sound of the camera, G.711 ${law}`;
};

export const listenedName = 'AAC chuyển đổi từ G.711 để nghe / AAC converted from G.711 for listening';

/** Movie whose only track describes the AAC that is made of `format`. */
export function listenedInit(format: G711Input): Buffer {
  const track = { codec: 'aac', config: aacConfigOf(format), clockRate: format.sampleRate } as const;
  return box('moov', audioTrackBoxes(track).trak);
}
