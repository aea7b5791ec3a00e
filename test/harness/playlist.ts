import { writeFile } from 'node:fs/promises';
import type { ApiClient } from '../../scripts/lib/api-client.js';

export interface PlaylistSegment {
  url: string;
  mapUrl: string;
  mapRange: string | undefined;
  byteRange: string | undefined;
  durationSeconds: number;
  programAtMs: number | undefined;
  discontinuity: boolean;
}

const attribute = (line: string, name: string) => new RegExp(`${name}="([^"]*)"`).exec(line)?.[1];

/** `<length>@<offset>` of HLS (RFC 8216 4.3.2.2) as a value of the Range header. */
function rangeHeader(byteRange: string): string {
  const [length = 0, offset = 0] = byteRange.split('@').map(Number);
  return `bytes=${offset}-${offset + length - 1}`;
}

/** Reads a media playlist; relative URIs become absolute paths of the console. */
export async function readPlaylist(api: ApiClient, path: string): Promise<PlaylistSegment[]> {
  const response = await api.fetch('GET', path);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  const absolute = (uri: string) => {
    const url = new URL(uri, api.origin + path);
    return url.pathname + url.search;
  };
  const segments: PlaylistSegment[] = [];
  let map = { url: '', range: undefined as string | undefined };
  let next = {
    durationSeconds: 0,
    byteRange: undefined as string | undefined,
    programAtMs: undefined as number | undefined,
    discontinuity: false,
  };
  for (const line of text.split('\n')) {
    if (line.startsWith('#EXT-X-MAP:'))
      map = { url: absolute(attribute(line, 'URI') ?? ''), range: attribute(line, 'BYTERANGE') };
    else if (line.startsWith('#EXTINF:')) next.durationSeconds = Number.parseFloat(line.slice(8));
    else if (line.startsWith('#EXT-X-BYTERANGE:')) next.byteRange = line.slice(17);
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) next.programAtMs = Date.parse(line.slice(25));
    else if (line === '#EXT-X-DISCONTINUITY') next.discontinuity = true;
    else if (line !== '' && !line.startsWith('#')) {
      segments.push({ url: absolute(line), mapUrl: map.url, mapRange: map.range, ...next });
      next = { durationSeconds: 0, byteRange: undefined, programAtMs: undefined, discontinuity: false };
    }
  }
  return segments;
}

async function fetchBytes(api: ApiClient, url: string, byteRange: string | undefined): Promise<Buffer> {
  const response = await api.fetch(
    'GET',
    url,
    undefined,
    byteRange === undefined ? {} : { range: rangeHeader(byteRange) },
  );
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Saves the init segment and the media of `segments` (all of one init segment) as one fragmented MP4. */
export async function saveSegments(api: ApiClient, segments: readonly PlaylistSegment[], path: string): Promise<void> {
  const [first] = segments;
  if (first === undefined) throw new Error('no segments');
  const parts = [await fetchBytes(api, first.mapUrl, first.mapRange)];
  for (const segment of segments) parts.push(await fetchBytes(api, segment.url, segment.byteRange));
  await writeFile(path, Buffer.concat(parts));
}
