// Writes HLS media playlists (draft-pantos-hls-rfc8216bis, version 7). What the segments are is the caller's business.

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface PlaylistSegment {
  readonly uri: string;
  readonly byteRange?: ByteRange;
  readonly durationSeconds: number;
  /** UTC, ms, of the frame of the segment that is presented first. */
  readonly programDateTimeMs: number;
  /** The media timeline does not go on from the segment before (4.4.4.3). */
  readonly discontinuity: boolean;
  readonly map: { readonly uri: string; readonly byteRange?: ByteRange };
}

export interface MediaPlaylist {
  /** Whole seconds; no duration may round to more (4.4.3.1). Default: the longest duration, rounded. */
  readonly targetDurationSeconds?: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence?: number;
  /** True adds PLAYLIST-TYPE VOD and ENDLIST: it never changes. */
  readonly complete: boolean;
  /** Every segment can be decoded by itself (4.4.2.1). */
  readonly independentSegments: boolean;
  /** Where a player should begin, seconds; negative counts from the end (4.4.2.2). */
  readonly startOffsetSeconds?: number;
  readonly segments: readonly PlaylistSegment[];
}

const rangeText = (range: ByteRange): string => `${range.length}@${range.offset}`;

export function targetDurationOf(segments: readonly PlaylistSegment[]): number {
  return segments.reduce((longest, segment) => Math.max(longest, Math.round(segment.durationSeconds)), 1);
}

export function renderMediaPlaylist(playlist: MediaPlaylist): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${playlist.targetDurationSeconds ?? targetDurationOf(playlist.segments)}`,
    `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`,
  ];
  if (playlist.discontinuitySequence !== undefined)
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`);
  if (playlist.complete) lines.push('#EXT-X-PLAYLIST-TYPE:VOD');
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (playlist.startOffsetSeconds !== undefined)
    lines.push(`#EXT-X-START:TIME-OFFSET=${playlist.startOffsetSeconds.toFixed(3)}`);
  let currentMap = '';
  for (const segment of playlist.segments) {
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    const { uri, byteRange } = segment.map;
    const map = `#EXT-X-MAP:URI="${uri}"${byteRange === undefined ? '' : `,BYTERANGE="${rangeText(byteRange)}"`}`;
    if (map !== currentMap) lines.push((currentMap = map));
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(segment.programDateTimeMs)).toISOString()}`);
    lines.push(`#EXTINF:${segment.durationSeconds.toFixed(5)},`);
    if (segment.byteRange !== undefined) lines.push(`#EXT-X-BYTERANGE:${rangeText(segment.byteRange)}`);
    lines.push(segment.uri);
  }
  if (playlist.complete) lines.push('#EXT-X-ENDLIST');
  return lines.join('\n') + '\n';
}
