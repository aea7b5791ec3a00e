// Rewrites a fragment, video only: whole, cut into chunks for low-latency HLS, or joined with those after it.
import { box, fullBox, u32, u64 } from './box-writer.js';
import { badMp4 } from './boxes.js';
import { parseMoof, type FragmentSample, type SampleDefaults } from './moof.js';
import { ChunkCutter } from '../chunk-cutter.js';

export interface SplitChunk {
  /** moof+mdat. */
  readonly bytes: Buffer;
  readonly durationTicks: number;
  readonly independent: boolean;
  readonly sampleCount: number;
}

const defaultBaseIsMoof = 0x020000;
/** data-offset, and of each sample: duration, size, flags, composition offset. */
const runFlags = 0x000f01;

function buildChunk(
  source: Buffer,
  facts: { sequenceNumber: number; trackId: number; decodeTime: bigint },
  samples: readonly FragmentSample[],
): Buffer {
  const rows = samples.map(({ duration, size, flags, compositionOffset }) =>
    u32(duration, size, flags, compositionOffset),
  );
  const moof = (dataOffset: number): Buffer =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(facts.sequenceNumber)),
      box(
        'traf',
        fullBox('tfhd', 0, defaultBaseIsMoof, u32(facts.trackId)),
        fullBox('tfdt', 1, 0, u64(facts.decodeTime)),
        fullBox('trun', 1, runFlags, u32(samples.length, dataOffset), ...rows),
      ),
    );
  const data = samples.map(({ offset, size }) => source.subarray(offset, offset + size));
  return Buffer.concat([moof(moof(0).length + 8), box('mdat', ...data)]);
}

/**
 * The fragment in as many chunks as it can be cut into; decode and composition times stay what they are.
 * @throws AppError invalid bad_mp4
 */
export function splitFragment(bytes: Buffer, defaults: SampleDefaults): SplitChunk[] {
  const { samples, sequenceNumber, trackId, baseMediaDecodeTime } = parseMoof(bytes, defaults);
  const cutter = new ChunkCutter();
  const chunks: SplitChunk[] = [];
  let own: FragmentSample[] = [];
  let ticks = 0;
  let startTicks = 0;
  const end = () => {
    if (own.length === 0) return;
    chunks.push({
      bytes: buildChunk(bytes, { sequenceNumber, trackId, decodeTime: baseMediaDecodeTime + BigInt(startTicks) }, own),
      durationTicks: ticks - startTicks,
      independent: own[0]?.isSync === true,
      sampleCount: own.length,
    });
    own = [];
    startTicks = ticks;
  };
  for (const sample of samples) {
    if (cutter.push(ticks + sample.compositionOffset)) end();
    own.push(sample);
    ticks += sample.duration;
  }
  end();
  return chunks;
}

/** The fragment without its other tracks. @throws AppError invalid bad_mp4 */
export function videoOnlyFragment(bytes: Buffer, defaults: SampleDefaults): Buffer {
  const { samples, sequenceNumber, trackId, baseMediaDecodeTime } = parseMoof(bytes, defaults);
  if (samples.length === 0) return bytes;
  return buildChunk(bytes, { sequenceNumber, trackId, decodeTime: baseMediaDecodeTime }, samples);
}

/**
 * One fragment of several that follow each other on one timeline, whose last picture is shown until `endTicks`.
 * @throws AppError invalid bad_mp4
 */
export function joinFragments(fragments: readonly Buffer[], defaults: SampleDefaults, endTicks: bigint): Buffer {
  const parsed = fragments.map((bytes) => parseMoof(bytes, defaults));
  const samples: FragmentSample[] = [];
  let start = 0;
  parsed.forEach((moof, index) => {
    const end = parsed[index + 1]?.baseMediaDecodeTime ?? endTicks;
    const before = moof.samples.slice(0, -1).reduce((sum, { duration }) => sum + duration, 0);
    moof.samples.forEach((sample, at) => {
      const isLast = at === moof.samples.length - 1;
      const duration = isLast ? Math.max(1, Number(end - moof.baseMediaDecodeTime) - before) : sample.duration;
      samples.push({ ...sample, duration, offset: sample.offset + start });
    });
    start += fragments[index]?.length ?? 0;
  });
  const [first] = parsed;
  if (first === undefined) throw badMp4('no fragment');
  const { sequenceNumber, trackId, baseMediaDecodeTime } = first;
  return buildChunk(Buffer.concat(fragments), { sequenceNumber, trackId, decodeTime: baseMediaDecodeTime }, samples);
}
