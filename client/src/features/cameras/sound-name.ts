const names: Readonly<Record<string, string>> = {
  ...{
    PCMA: 'G.711 A-law',
    PCMU: 'G.711 µ-law',
    'MPEG4-GENERIC': 'AAC',
    'MP4A-LATM': 'AAC-LATM',
    L16: 'LPCM',
    G722: 'G.722',
  },
};

/** An encoding of sound as people in the trade say it; `encoding` as RTP names it. */
export const soundName = (encoding: string): string =>
  names[encoding] ?? encoding.replace(/^(?:AAL2-)?G726-\d+$/, 'G.726');
