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
  /** Partial segments of which it is made (4.4.4.9). */
  readonly parts?: readonly PlaylistPart[];
}

export interface PlaylistPart {
  readonly uri: string;
  readonly durationSeconds: number;
  /** Begins with a keyframe. */
  readonly independent: boolean;
}

/** What makes a live playlist one of low latency (4.4.3.7, 4.4.3.8, 4.4.5.3). */
export interface LowLatency {
  readonly partTargetSeconds: number;
  /** How far from the end a player stays, seconds; at least three part targets. */
  readonly partHoldBackSeconds: number;
  /** The segment that is still growing: its parts up to now. */
  readonly growing?: Omit<PlaylistSegment, 'uri' | 'durationSeconds' | 'byteRange'> & {
    readonly parts: readonly PlaylistPart[];
  };
  /** The part that comes next; its answer waits for it. */
  readonly hintUri?: string;
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
  readonly lowLatency?: LowLatency;
  readonly segments: readonly PlaylistSegment[];
}

const rangeText = (range: ByteRange): string => `${range.length}@${range.offset}`;

export function targetDurationOf(segments: readonly PlaylistSegment[]): number {
  return segments.reduce((longest, segment) => Math.max(longest, Math.round(segment.durationSeconds)), 1);
}

const partLine = ({ uri, durationSeconds, independent }: PlaylistPart): string =>
  `#EXT-X-PART:DURATION=${durationSeconds.toFixed(5)},URI="${uri}"${independent ? ',INDEPENDENT=YES' : ''}`;

export function renderMediaPlaylist(playlist: MediaPlaylist): string {
  const { lowLatency } = playlist;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${playlist.targetDurationSeconds ?? targetDurationOf(playlist.segments)}`,
  ];
  if (lowLatency !== undefined)
    lines.push(
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${lowLatency.partHoldBackSeconds.toFixed(3)}`,
      `#EXT-X-PART-INF:PART-TARGET=${lowLatency.partTargetSeconds.toFixed(3)}`,
    );
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`);
  if (playlist.discontinuitySequence !== undefined)
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`);
  if (playlist.complete) lines.push('#EXT-X-PLAYLIST-TYPE:VOD');
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (playlist.startOffsetSeconds !== undefined)
    lines.push(`#EXT-X-START:TIME-OFFSET=${playlist.startOffsetSeconds.toFixed(3)}`);
  let currentMap = '';
  const begin = (segment: Pick<PlaylistSegment, 'discontinuity' | 'map' | 'programDateTimeMs' | 'parts'>) => {
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    const { uri, byteRange } = segment.map;
    const map = `#EXT-X-MAP:URI="${uri}"${byteRange === undefined ? '' : `,BYTERANGE="${rangeText(byteRange)}"`}`;
    if (map !== currentMap) lines.push((currentMap = map));
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(segment.programDateTimeMs)).toISOString()}`);
    lines.push(...(segment.parts ?? []).map(partLine));
  };
  for (const segment of playlist.segments) {
    begin(segment);
    lines.push(`#EXTINF:${segment.durationSeconds.toFixed(5)},`);
    if (segment.byteRange !== undefined) lines.push(`#EXT-X-BYTERANGE:${rangeText(segment.byteRange)}`);
    lines.push(segment.uri);
  }
  if (lowLatency?.growing !== undefined) begin(lowLatency.growing);
  if (lowLatency?.hintUri !== undefined) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${lowLatency.hintUri}"`);
  if (playlist.complete) lines.push('#EXT-X-ENDLIST');
  return lines.join('\n') + '\n';
}
