// Which bytes of a footage file somebody may have who opened [from, to) of a camera.
import { AppError } from '../../lib/errors.js';
import { adjoins } from './adjoins.js';
import { BoundedCache } from './bounded-cache.js';
import type { FragmentFactsReader } from './fragment-facts.js';
import { neededFootage } from './needed-footage.js';
import type { PlaybackFile, PlaybackFootage, PlaybackFragment } from './playback-footage.js';

/** Half-open, UTC, ms. */
export interface OpenedRange {
  readonly fromMs: number;
  readonly toMs: number;
}

const rememberedGuards = 256;
/** What a range needs of a file reaches at most this far past the range. */
const overlapMs = 2000;

const endOf = (fragment: PlaybackFragment | undefined): number =>
  fragment === undefined ? 0 : fragment.offset + fragment.byteLength;

interface Allowed {
  readonly fragments: readonly PlaybackFragment[];
  /** Of the file, when this was found out. */
  readonly byteLength: number;
}

export class RangeGuard {
  private readonly known = new BoundedCache<Allowed>(rememberedGuards);

  constructor(
    private readonly footage: PlaybackFootage,
    private readonly facts: FragmentFactsReader,
  ) {}

  /** The file, if it is this camera's. @throws AppError not_found footage_gone, also for another camera's file */
  async file(cameraId: string, fileId: string): Promise<PlaybackFile> {
    const file = await this.facts.file(fileId);
    if (file.cameraId !== cameraId)
      throw new AppError('not_found', 'footage_gone', `camera ${cameraId} has no footage file ${fileId}`);
    return file;
  }

  /** The fragments of the file that the range needs, in order. */
  async fragments(cameraId: string, fileId: string, range: OpenedRange): Promise<readonly PlaybackFragment[]> {
    const file = await this.file(cameraId, fileId);
    const key = `${cameraId}/${fileId}/${range.fromMs}/${range.toMs}`;
    const known = this.known.get(key);
    // An open file grows, and with it what the range needs.
    if (known !== undefined && known.byteLength === file.byteLength) return known.fragments;
    const fromMs = Math.max(range.fromMs, file.startAtMs);
    const toMs = Math.min(range.toMs, Math.max(file.endAtMs, range.fromMs) + overlapMs);
    const needed = fromMs < toMs ? await neededFootage(this.footage, this.facts, cameraId, fromMs, toMs) : undefined;
    const fragments = (needed?.groups ?? [])
      .flatMap((group) => group.fragments)
      .filter((fragment) => fragment.fileId === fileId);
    this.known.set(key, { fragments, byteLength: file.byteLength });
    return fragments;
  }

  /** @throws AppError forbidden outside_opened_range */
  async check(cameraId: string, fileId: string, start: number, end: number, range: OpenedRange): Promise<PlaybackFile> {
    const file = await this.file(cameraId, fileId);
    if (start >= 0 && start < end && end <= file.initByteLength) return file;
    const fragments = await this.fragments(cameraId, fileId, range);
    // Fragments may lie apart when footage between them is not needed; a request must stay inside one stretch.
    let index = fragments.findIndex(({ offset, byteLength }) => start >= offset && start < offset + byteLength);
    while (index >= 0 && adjoins(fragments[index], fragments[index + 1])) {
      if (end <= endOf(fragments[index])) break;
      index++;
    }
    if (start < end && index >= 0 && end <= endOf(fragments[index])) return file;
    throw new AppError('forbidden', 'outside_opened_range', 'these bytes lie outside of the range that was opened');
  }
}
