// What live needs of footage and ingest; handed in by the recorder's composition.
import type { CameraReason } from '@choi-canh/shared/health';
import type { Fragment, FragmentPart, StoredFragment, StreamName } from '../../lib/fragment.js';

export type TailFragment = Omit<StoredFragment, 'timeSource' | 'sampleCount'>;

export interface LiveFootage {
  /** The newest `ms` of the current run, from an independent fragment if there is one. */
  tail(cameraId: string, ms: number): Promise<readonly TailFragment[]>;
  file(fileId: string): Promise<{ initByteLength: number; timescale: number; trackId: number } | undefined>;
  read(fileId: string, offset: number, byteLength: number): Promise<Buffer>;
}

export interface LiveIngest {
  acquire(cameraId: string, stream: 'sub'): () => void;
  subscribe(cameraId: string, stream: StreamName, listener: (fragment: Fragment) => void): () => void;
  /** Parts are made only while somebody is subscribed; an engine that has none never calls. */
  subscribeParts(cameraId: string, stream: StreamName, listener: (part: FragmentPart) => void): () => void;
  runtime(
    cameraId: string,
  ):
    | { state: string; reason: CameraReason; detail: string; sinceAtMs: number; lastFragmentAtMs: number | undefined }
    | undefined;
}

/** Still pictures of keyframes, with limits that live shares with thumbnails. */
export interface LivePictures {
  picture(key: string, load: () => Promise<Buffer>, width?: number): Promise<Buffer>;
}

/** A stream as a feed sees it, whatever makes it. */
export interface LiveSource {
  /** Begins to pull it; returns the end of that. */
  open(onFragment: (fragment: Fragment) => void): () => void;
  openParts?(onPart: (part: FragmentPart) => void): () => void;
  /** What of it is already there, from a keyframe on. */
  readonly footage?: LiveFootage;
}

/** Makes H.264 of a main stream that browsers cannot play; one for all viewers of a camera. */
export interface LiveConverter {
  /** @throws AppError unavailable transcodes_busy when as many run as may */
  open(cameraId: string): LiveSource['open'];
}
