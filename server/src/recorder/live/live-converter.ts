// Makes H.264 of a camera's main stream while somebody watches who cannot play what it is: one conversion for all its
// viewers, fed from the newest keyframe in footage on, every picture at the instant that it has in the original.
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Fragment, FragmentPart, InitSegment } from '../../lib/fragment.js';
import { BoxStream } from '../../lib/isobmff/boxes.js';
import { parseInitSegment } from '../../lib/isobmff/init-segment.js';
import { parseMoof, parseTrackDefaults, type SampleDefaults } from '../../lib/isobmff/moof.js';
import type { Logger } from '../../lib/logger.js';
import type { LiveConverter, LiveFootage, LiveIngest } from './live-sources.js';

/** A conversion that ended by itself begins again after this. */
const restartMs = 2000;
const usualTailMs = 14_000;
const longTailMs = 72_000;
const mostQueued = 256;

/** The part of the room of conversions that is needed. */
export interface ConversionPlaces {
  /** @throws AppError unavailable transcodes_busy */
  take(): {
    start(options: { timescale: number; onBytes: (bytes: Buffer) => void; onEnd: (why: string) => void }): {
      write(bytes: Buffer): boolean;
      stop(): Promise<void>;
    };
    leave(): void;
  };
}

interface Piece {
  readonly init: InitSegment;
  readonly bytes: Buffer;
  readonly run: number;
  readonly independent: boolean;
  /** Instant and media time that belong together. */
  readonly atMs: number;
  readonly atTicks: bigint;
  readonly fromTicks: number;
  readonly toTicks: number;
}

function pieceOf(source: Fragment | FragmentPart): Piece {
  const { init, bytes, run } = source;
  const { samples, baseMediaDecodeTime } = parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId));
  const fromTicks = Number(baseMediaDecodeTime);
  return {
    init,
    bytes,
    run,
    independent: source.independent,
    atMs: source.startAtMs,
    atTicks: 'fragmentDecodeTime' in source ? source.fragmentDecodeTime : source.baseMediaDecodeTime,
    fromTicks,
    toTicks: samples.reduce((sum, { duration }) => sum + duration, fromTicks),
  };
}

/** Takes what one ffmpeg writes and makes fragments of it, on the media timeline of what went in. */
class ConvertedStream {
  private readonly boxes = new BoxStream();
  private ftyp: Buffer = Buffer.alloc(0);
  private moof: Buffer | undefined;
  private init: InitSegment | undefined;
  private defaults: SampleDefaults | undefined;

  constructor(
    private readonly anchor: () => Pick<Piece, 'run' | 'atMs' | 'atTicks'>,
    private readonly onFragment: (fragment: Fragment) => void,
  ) {}

  /** @throws AppError invalid bad_mp4 */
  push(chunk: Buffer): void {
    for (const { type, bytes } of this.boxes.push(chunk)) {
      if (type === 'ftyp') this.ftyp = bytes;
      else if (type === 'moov') {
        this.init = parseInitSegment(Buffer.concat([this.ftyp, bytes]));
        this.defaults = parseTrackDefaults(this.init.bytes, this.init.trackId);
      } else if (type === 'moof') this.moof = bytes;
      else if (type === 'mdat' && this.moof !== undefined) this.emit(Buffer.concat([this.moof, bytes]));
    }
  }

  private emit(bytes: Buffer): void {
    const { init } = this;
    if (init === undefined) return;
    const { samples, baseMediaDecodeTime } = parseMoof(bytes, this.defaults);
    const { run, atMs, atTicks } = this.anchor();
    const ticks = samples.reduce((sum, { duration }) => sum + duration, 0);
    this.onFragment({
      init,
      bytes,
      independent: samples[0]?.isSync === true,
      startAtMs: atMs + (Number(baseMediaDecodeTime - atTicks) * 1000) / init.timescale,
      durationMs: (ticks * 1000) / init.timescale,
      baseMediaDecodeTime,
      sampleCount: samples.length,
      timeSource: 'arrival',
      run,
    });
  }
}

export function createLiveConverter(options: {
  places: ConversionPlaces;
  footage: LiveFootage;
  ingest: Pick<LiveIngest, 'subscribe' | 'subscribeParts'>;
  clock: Clock;
  logger: Logger;
}): LiveConverter {
  const { places, footage, ingest, clock, logger } = options;

  async function tailOf(cameraId: string): Promise<Piece[]> {
    let tail = await footage.tail(cameraId, usualTailMs);
    if (tail[0]?.independent === false) tail = await footage.tail(cameraId, longTailMs);
    const from = tail.findLastIndex((fragment) => fragment.independent);
    if (from < 0) return [];
    const pieces: Piece[] = [];
    for (const fragment of tail.slice(from)) {
      const file = await footage.file(fragment.fileId);
      if (file === undefined) return [];
      const init = parseInitSegment(Buffer.from(await footage.read(fragment.fileId, 0, file.initByteLength)));
      const bytes = await footage.read(fragment.fileId, fragment.offset, fragment.byteLength);
      pieces.push(pieceOf({ ...fragment, init, bytes, sampleCount: 0, timeSource: 'arrival' }));
    }
    return pieces;
  }

  return {
    open: (cameraId) => {
      const place = places.take();
      return (onFragment) => {
        let running: { process: ReturnType<typeof place.start>; init: InitSegment; run: number } | undefined;
        let fedToTicks = -Infinity;
        let anchor: Piece | undefined;
        let waitsForKeyframe = true;
        let restartAtMs = -Infinity;
        let closed = false;
        let seeding: Promise<void> | undefined;
        const queue: Piece[] = [];

        function stopProcess(): Promise<void> {
          const stopping = running?.process.stop();
          running = undefined;
          waitsForKeyframe = true;
          fedToTicks = -Infinity;
          return stopping ?? Promise.resolve();
        }

        function start(piece: Piece): NonNullable<typeof running> {
          const stream = new ConvertedStream(() => anchor ?? piece, onFragment);
          const own = { init: piece.init, run: piece.run };
          const process = place.start({
            timescale: piece.init.timescale,
            onBytes: (bytes) => stream.push(bytes),
            onEnd: () => {
              if (running?.process !== process) return;
              restartAtMs = clock.monotonicMs() + restartMs;
              void stopProcess();
            },
          });
          process.write(piece.init.bytes);
          return { process, ...own };
        }

        function feed(piece: Piece): void {
          if (closed || clock.monotonicMs() < restartAtMs) return;
          if (running !== undefined && (running.init.id !== piece.init.id || running.run !== piece.run))
            void stopProcess();
          if (piece.toTicks <= fedToTicks + 1) return; // its parts were fed
          // Some of it was fed in parts and the rest is missing: decoding goes on at the next keyframe.
          if (piece.fromTicks < fedToTicks - 1) waitsForKeyframe = true;
          if (waitsForKeyframe && !piece.independent) return;
          running ??= start(piece);
          waitsForKeyframe = !running.process.write(piece.bytes);
          if (waitsForKeyframe) return;
          fedToTicks = piece.toTicks;
          anchor = piece;
        }

        function take(source: Fragment | FragmentPart): void {
          try {
            const piece = pieceOf(source);
            if (seeding === undefined) feed(piece);
            else if (queue.length < mostQueued) queue.push(piece);
          } catch (error) {
            logger.warn({ cameraId, error: errorMessage(error) }, 'a fragment could not be converted');
          }
        }

        const ends = [ingest.subscribe(cameraId, 'main', take), ingest.subscribeParts(cameraId, 'main', take)];
        seeding = tailOf(cameraId)
          .then((pieces) => pieces.forEach(feed))
          .catch((error: unknown) => {
            logger.debug({ cameraId, error: errorMessage(error) }, 'a conversion begins without what was before');
          })
          .finally(() => {
            seeding = undefined;
            for (const piece of queue.splice(0)) feed(piece);
          });
        return () => {
          closed = true;
          for (const end of ends) end();
          void stopProcess().finally(() => place.leave());
        };
      };
    },
  };
}
