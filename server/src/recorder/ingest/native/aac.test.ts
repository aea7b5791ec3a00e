import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beepDelaysMs, flashAndBeepArguments, flashesIn } from '../../../../../test/harness/flash-and-beep.js';
import type { Fragment } from '../../../lib/fragment.js';
import { parseInitSegment } from '../../../lib/isobmff/init-segment.js';
import { parseMoof, parseTrackDefaults, parseTrackFragment } from '../../../lib/isobmff/moof.js';
import { TimeAnchor } from '../time-anchor.js';
import { parseAacConfig } from './aac-config.js';
import { AacDepacketizer, aacPayloadOf } from './aac-depacketizer.js';
import { SoundStream } from './sound-stream.js';
import { SoundTimeline, type SoundUnit } from './sound-timeline.js';
import { Fragmenter } from './fragmenter.js';
import { buildFragment, buildInitSegment, fragmentHeadBytes, writeFragmentHead } from './mp4-writer.js';
import { SampleBody } from './sample-body.js';
import { emptyPacket, parseRtp, TimestampUnwrapper } from './rtp-packet.js';
import type { AudioMedia } from './session-description.js';
import { nalRole } from './video-codec.js';

const hex = (text: string) => Buffer.from(text, 'hex');
const monoAt16k = '1408';

function media(parameters: Record<string, string> = {}, clockRate = 16_000): AudioMedia {
  const standard = { mode: 'AAC-hbr', sizelength: '13', indexlength: '3', indexdeltalength: '3', config: monoAt16k };
  const all = Object.entries({ ...standard, ...parameters }).filter(([, value]) => value !== '');
  return { encoding: 'MPEG4-GENERIC', payloadType: 97, clockRate, channels: 1, control: 'a', parameters: new Map(all) };
}

describe('parseAacConfig', () => {
  it.each([
    [monoAt16k, { objectType: 2, sampleRate: 16_000, channels: 1, unitSamples: 1024 }],
    ['1190', { objectType: 2, sampleRate: 48_000, channels: 2, unitSamples: 1024 }],
    ['1588', { objectType: 2, sampleRate: 8_000, channels: 1, unitSamples: 1024 }],
    ['1214', { objectType: 2, sampleRate: 44_100, channels: 2, unitSamples: 960 }],
    ['17801f4008', { objectType: 2, sampleRate: 16_000, channels: 1, unitSamples: 1024 }],
    ['2b098800', { objectType: 5, sampleRate: 24_000, channels: 1, unitSamples: 1024 }],
  ])('reads %s', (config, expected) => {
    expect(parseAacConfig(hex(config))).toMatchObject(expected);
  });

  it.each(['', '14', 'f8e85000', '3408', '178000', '1408'.repeat(40)])('refuses %j', (config) => {
    expect(parseAacConfig(hex(config))).toBeUndefined();
  });
});

describe('aacPayloadOf', () => {
  const hbr = { sizeLength: 13, indexLength: 3, indexDeltaLength: 3, auxiliaryLength: 0, unitTicks: 1024 };
  it.each<[string, AudioMedia, object | undefined]>([
    ['AAC-hbr', media(), hbr],
    ['AAC-hbr by its name alone', media({ sizelength: '', indexlength: '', indexdeltalength: '' }), hbr],
    ['AAC-lbr', media({ mode: 'AAC-lbr', sizelength: '', indexlength: '', indexdeltalength: '' }), { sizeLength: 6 }],
    ['a duration that is stated', media({ constantduration: '960' }), { unitTicks: 960 }],
    ['a clock that is not the sample rate', media({}, 48_000), { unitTicks: 3072 }],
    ['no configuration', media({ config: '' }), undefined],
    ['a configuration that is none', media({ config: 'xyz' }), undefined],
    ['interleaving', media({ maxdisplacement: '2048' }), undefined],
    ['time stamps in the headers', media({ ctsdeltalength: '12' }), undefined],
    ['lengths that make no sense', media({ sizelength: '77' }), undefined],
    ['no clock', media({}, 90), undefined],
  ])('%s', (_name, described, expected) => {
    if (expected === undefined) expect(aacPayloadOf(described)).toBeUndefined();
    else expect(aacPayloadOf(described)).toMatchObject(expected);
  });
});

function rtp(sequence: number, timestamp: number, payload: Buffer, marker = true): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = 97 | (marker ? 0x80 : 0);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  return Buffer.concat([header, payload]);
}

/** AAC-hbr: the headers of all, then the units; `sizes` where they are not those of the units. */
function hbr(units: Buffer[], sizes = units.map((unit) => unit.length)): Buffer {
  const headers = Buffer.alloc(2 + 2 * units.length);
  headers.writeUInt16BE(16 * units.length, 0);
  sizes.forEach((size, index) => headers.writeUInt16BE(size << 3, 2 + 2 * index));
  return Buffer.concat([headers, ...units]);
}

describe('AacDepacketizer', () => {
  function units(packets: Buffer[], described = media()) {
    const found: SoundUnit[] = [];
    const depacketizer = new AacDepacketizer(aacPayloadOf(described)!, new TimestampUnwrapper(), (one) =>
      found.push(one),
    );
    for (const bytes of packets) {
      const packet = emptyPacket();
      expect(parseRtp(packet, bytes)).toBe(true);
      depacketizer.push(packet);
    }
    return { found: found.map(({ ticks, data }) => [ticks, data.toString('hex')]), depacketizer };
  }

  it('takes one unit, several in a packet, and the wrap of the timestamp', () => {
    const { found } = units([
      rtp(65_535, 2 ** 32 - 1024, hbr([hex('aa01')])),
      rtp(0, 0, hbr([hex('bb'), hex('cc02'), hex('dd')])),
    ]);
    const base = 2 ** 32;
    expect(found).toEqual([
      [base - 1024, 'aa01'],
      [base, 'bb'],
      [base + 1024, 'cc02'],
      [base + 2048, 'dd'],
    ]);
  });

  it('takes AAC-lbr, indexes that leave units out, and auxiliary data', () => {
    const described = media({ mode: 'AAC-lbr', sizelength: '6', indexlength: '2', indexdeltalength: '2' });
    expect(units([rtp(1, 0, hex('0010' + '0808' + 'aabb' + 'ccdd'))], described).found).toEqual([
      [0, 'aabb'],
      [1024, 'ccdd'],
    ]);
    // The second header says that one unit between the two is not there.
    expect(units([rtp(1, 0, hex('0010' + '0805' + 'aabb' + 'cc'))], described).found).toEqual([
      [0, 'aabb'],
      [2048, 'cc'],
    ]);
    const auxiliary = media({ auxiliarydatasizelength: '8' });
    expect(units([rtp(1, 0, hex('0010' + '0010' + '08' + 'ff' + 'aabb'))], auxiliary).found).toEqual([[0, 'aabb']]);
  });

  it('joins a unit over several packets and drops one of which a part is missing', () => {
    const whole = Buffer.from(Array.from({ length: 300 }, (_, index) => index & 255));
    const part = (sequence: number, timestamp: number, from: number, to: number, last: boolean) =>
      rtp(sequence, timestamp, hbr([whole.subarray(from, to)], [300]), last);
    const { found, depacketizer } = units([
      part(1, 0, 0, 100, false),
      part(2, 0, 100, 200, false),
      part(3, 0, 200, 300, true),
      part(4, 1024, 0, 100, false),
      part(6, 1024, 200, 300, true),
      rtp(7, 2048, hbr([hex('ee')])),
    ]);
    expect(found).toEqual([
      [0, whole.toString('hex')],
      [2048, 'ee'],
    ]);
    expect(depacketizer.lostPackets).toBe(1);
  });

  it.each([
    ['no headers', '0000aabb'],
    ['headers beyond the end', 'ffff00'],
    ['a unit beyond the end', '0020' + '0010' + '0800' + 'aabbcc'],
    ['a single byte', '00'],
  ])('counts %s and goes on', (_name, payload) => {
    const { found, depacketizer } = units([rtp(1, 0, hex(payload)), rtp(2, 4096, hbr([hex('aa')]))]);
    expect(found.at(-1)).toEqual([4096, 'aa']);
    expect(depacketizer.badPackets).toBe(1);
  });

  it('never throws nor keeps more than what came, whatever comes', () => {
    const lengths = fc.constantFrom('0', '2', '3', '6', '13', '16', '32');
    fc.assert(
      fc.property(
        fc.record({ sizelength: lengths, indexlength: lengths, indexdeltalength: lengths, mode: fc.constant('x') }),
        fc.array(fc.record({ payload: fc.uint8Array({ maxLength: 300 }), step: fc.nat(3), marker: fc.boolean() }), {
          maxLength: 20,
        }),
        (parameters, packets) => {
          const payload = aacPayloadOf(media(parameters));
          if (payload === undefined) return;
          let given = 0;
          let came = 0;
          let sequence = 0;
          const depacketizer = new AacDepacketizer(payload, new TimestampUnwrapper(), ({ data }) => {
            given += data.length;
          });
          for (const one of packets) {
            const packet = emptyPacket();
            const bytes = rtp((sequence += one.step), sequence * 1024, Buffer.from(one.payload), one.marker);
            if (!parseRtp(packet, bytes)) continue;
            came += packet.end - packet.start;
            depacketizer.push(packet);
            expect(given).toBeLessThanOrEqual(came);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('SoundTimeline', () => {
  const unitMs = 64;
  /** Units of 64 ms against pictures of 90 kHz, both from zero. `sentMs`: when the camera says that a unit began. */
  function line(sentMs: (index: number) => number, count: number, present: (index: number) => boolean = () => true) {
    const videoAnchor = new TimeAnchor(90_000);
    videoAnchor.observeArrival(0, 1e12);
    videoAnchor.observeSenderReport(0, 1e12);
    const timeline = new SoundTimeline({ clockRate: 16_000, videoAnchor, monotonicMs: 0 });
    const placed: { at: number; wanted: number; duration: number }[] = [];
    let fragment = 0;
    for (let index = 0; index < count; index++) {
      const ms = sentMs(index);
      timeline.observeSenderReport(index * 1024, 1e12 + ms);
      if (present(index))
        timeline.push(
          { ticks: index * 1024, durationTicks: 1024, data: Buffer.from([index & 255]) },
          1e12 + ms + unitMs,
          ms,
        );
      if (ms < (fragment + 1) * 1000 + 200) continue;
      const run = timeline.take(1, 0, fragment * 90_000, (fragment + 1) * 90_000);
      fragment += 1;
      let at = Number(run?.baseMediaDecodeTime ?? 0);
      for (const { data, duration } of run?.samples ?? []) {
        const unit = index - ((index - data[0]!) & 255);
        placed.push({ at: at / 16, wanted: sentMs(unit), duration: duration / 16 });
        at += duration;
      }
    }
    return { placed, timeline };
  }
  const worst = (placed: { at: number; wanted: number }[]) =>
    Math.max(...placed.map(({ at, wanted }) => Math.abs(at - wanted)));
  const isOrdered = (placed: { at: number }[]) =>
    placed.every(({ at }, index) => index === 0 || at >= placed[index - 1]!.at + unitMs - 1e-6);

  it('puts units side by side where the clocks agree', () => {
    const { placed, timeline } = line((index) => index * unitMs, 100);
    expect(worst(placed)).toBeLessThan(0.1);
    expect(new Set(placed.map(({ duration }) => duration))).toEqual(new Set([unitMs]));
    expect([timeline.holes, timeline.droppedUnits]).toEqual([0, 0]);
  });

  it.each([
    ['slower', 1.002, { holes: 4, mostDropped: 0 }],
    ['faster', 0.998, { holes: 4, mostDropped: 4 }],
  ])('stays within 21 ms of a camera whose sound runs %s, and moves no more than it must', (_name, rate, expected) => {
    // 0.2 % in 33 s are 66 ms: three times the tolerance.
    const { placed, timeline } = line((index) => index * unitMs * rate, 520);
    expect(worst(placed)).toBeLessThanOrEqual(21);
    expect(isOrdered(placed)).toBe(true);
    expect(timeline.droppedUnits).toBeLessThanOrEqual(expected.mostDropped);
    expect(timeline.holes).toBeLessThanOrEqual(expected.holes);
    expect(timeline.holes).toBeGreaterThan(0);
  });

  it('leaves a hole as long as what was lost, and comes back at its time', () => {
    const { placed, timeline } = line(
      (index) => index * unitMs,
      100,
      (index) => index < 20 || index > 24,
    );
    expect(worst(placed)).toBeLessThan(0.1);
    expect(timeline.holes).toBe(1);
    expect(placed).toHaveLength(placed.filter(({ wanted }) => wanted < 1280 || wanted >= 1600).length);
  });

  it('goes by arrival of both where the reports make no sense', () => {
    const videoAnchor = new TimeAnchor(90_000);
    videoAnchor.observeArrival(0, 1e12);
    videoAnchor.observeSenderReport(0, 1e12);
    const timeline = new SoundTimeline({ clockRate: 16_000, videoAnchor, monotonicMs: 0 });
    timeline.observeSenderReport(0, 1e12 + 7_200_000);
    for (let index = 0; index < 10; index++)
      timeline.push(
        { ticks: index * 1024, durationTicks: 1024, data: Buffer.from([1]) },
        1e12 + (index + 1) * unitMs,
        0,
      );
    expect(timeline.take(1, 0, 0, 90_000)).toMatchObject({ baseMediaDecodeTime: 0n });
  });

  it('says that sound stopped, and bounds what waits for a picture', () => {
    const { timeline } = line((index) => index * unitMs, 10);
    expect(timeline.isFlowing(9 * unitMs + 9999)).toBe(true);
    expect(timeline.isFlowing(9 * unitMs + 10_000)).toBe(false);
    for (let index = 10; index < 3000; index++)
      timeline.push(
        { ticks: index * 1024, durationTicks: 1024, data: Buffer.alloc(2000) },
        1e12 + (index + 1) * unitMs,
        index * unitMs,
      );
    const kept = timeline.take(1, 0, 0, 300 * 90_000)!.samples.reduce((sum, { data }) => sum + data.length, 0);
    expect(kept).toBeLessThanOrEqual(512 * 1024);
  });
});

describe('mp4-writer without sound', () => {
  it('writes the same bytes as before there was sound', () => {
    const sets = { vps: [], sps: [hex('6742c00ada11ec0440000003004000000503c489a8')], pps: [hex('68ce0fc8')] };
    const init = buildInitSegment({ codec: 'h264', sets });
    expect(createHash('sha256').update(init.bytes).digest('hex')).toBe(
      '11e06e25eaac3e74b0dbe5b38dea5322c80e29da454fd709dbbdd919186cb1ca',
    );
    expect(init.audio).toBeUndefined();
    const samples = [
      { byteLength: 8, isKey: true, duration: 3600, compositionOffset: 7200 },
      { byteLength: 12, isKey: false, duration: 3599, compositionOffset: -3600 },
    ];
    const body = new SampleBody();
    body.add([hex('65010203')]);
    body.add([hex('0605'), hex('4109')]);
    const fragment = buildFragment(7, 123_456_789n, samples, body.part(0, body.byteLength));
    // And as it is written in front of the body, without another copy.
    const { bytes } = body.take(fragmentHeadBytes(samples));
    writeFragmentHead(bytes, 7, 123_456_789n, samples);
    expect(bytes).toEqual(fragment);
    expect(fragment.toString('hex')).toBe(
      '000000786d6f6f66000000106d666864000000000000000700000060747261660000001074666864000200000000000100000014746664' +
        '740100000000000000075bcd15000000347472756e01000f01000000020000008000000e10000000080200000000001c2000000e0f0000' +
        '000c01010000fffff1f00000001c6d6461740000000465010203000000020605000000024109',
    );
  });
});

describe('picture and sound of one camera', () => {
  const frameTicks = 3600;
  let folder: string;
  let pictures: { ticks: number; nals: Buffer[]; isKey: boolean }[];
  let units: Buffer[];
  let sets: { vps: Buffer[]; sps: Buffer[]; pps: Buffer[] };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aac-'));
    const out = (name: string) => join(folder, name);
    execFileSync('ffmpeg', [
      ...flashAndBeepArguments({ seconds: 8 }),
      ...['-bsf:v', 'h264_metadata=aud=insert', '-map', '0:v', '-f', 'h264', out('v'), '-map', '1:a', '-f', 'adts'],
      out('a'),
    ]);
    const video = execFileSync('cat', [out('v')]);
    sets = { vps: [], sps: [], pps: [] };
    pictures = [];
    const startCode = hex('000001');
    for (let at = video.indexOf(startCode); at >= 0;) {
      const next = video.indexOf(startCode, at + 3);
      let end = next < 0 ? video.length : next;
      while (video[end - 1] === 0) end -= 1;
      const nal = video.subarray(at + 3, end);
      at = next;
      const role = nalRole('h264', nal);
      if ((nal[0]! & 31) === 9) pictures.push({ ticks: pictures.length * frameTicks, nals: [], isKey: false });
      else if (role === 'sps' || role === 'pps') sets[role] = [nal];
      else if (role === 'key' || role === 'picture') {
        const picture = pictures.at(-1)!;
        pictures[pictures.length - 1] = { ...picture, nals: [...picture.nals, nal], isKey: role === 'key' };
      }
    }
    const adts = execFileSync('cat', [out('a')]);
    units = [];
    for (let at = 0; at + 7 <= adts.length;) {
      const length = (adts.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
      units.push(adts.subarray(at + 7, at + length));
      at += length;
    }
    // The encoder's first unit holds what comes before the beginning.
    units.shift();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  interface Arrival {
    /** Of a unit of sound, ms after its last sample; what the network does to it. */
    soundDelayMs?: (index: number) => number;
    /** The camera's reports; without them arrival counts. */
    reports?: boolean;
    sound?: (index: number) => boolean;
  }

  /** Everything as it would arrive, in order of arrival. */
  function record({ soundDelayMs = () => 5, reports = true, sound }: Arrival) {
    let nowMs = 0;
    const utc = 1.7e12;
    const videoAnchor = new TimeAnchor(90_000);
    const stream =
      sound === undefined
        ? undefined
        : SoundStream.of({ media: media(), videoAnchor, nowMs: () => utc + nowMs, monotonicMs: () => nowMs });
    const fragments: Fragment[] = [];
    const fragmenter = new Fragmenter({
      init: buildInitSegment({ codec: 'h264', sets }),
      ...(stream === undefined
        ? {}
        : { sound: stream.soundFor(buildInitSegment({ codec: 'h264', sets }, stream.format)) }),
      anchor: videoAnchor,
      nextRun: () => 1,
      onFragment: (fragment) => fragments.push(fragment),
    });
    const soundBase = 4_000_000_000;
    let soundAtMs = 0;
    const events = [
      ...pictures.map((picture, index) => ({
        atMs: index * 40 + 5,
        do: () => {
          videoAnchor.observeArrival(picture.ticks, utc + nowMs);
          if (reports && index % 50 === 0) videoAnchor.observeSenderReport(picture.ticks, utc + index * 40);
          fragmenter.push(picture, nowMs);
        },
      })),
      ...units.map((unit, index) => ({
        // TCP keeps the order.
        atMs: (soundAtMs = Math.max(soundAtMs, (index + 1) * 64 + soundDelayMs(index))),
        do: () => {
          const timestamp = soundBase + index * 1024;
          if (reports && index % 30 === 0) stream?.report(timestamp % 2 ** 32, utc + index * 64);
          if (sound?.(index) === true) stream?.rtp(rtp(index, timestamp, hbr([unit])));
        },
      })),
    ].sort((a, b) => a.atMs - b.atMs);
    for (const event of events) {
      nowMs = event.atMs;
      event.do();
    }
    fragmenter.flush(undefined);
    return fragments;
  }

  async function fileOf(name: string, fragments: readonly Fragment[]): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, Buffer.concat([fragments[0]!.init.bytes, ...fragments.map(({ bytes }) => bytes)]));
    return path;
  }
  const complaints = (path: string) =>
    execFileSync('sh', ['-c', `ffmpeg -nostdin -v warning -xerror -i ${path} -f null - 2>&1`]).toString();
  const videoOf = ({ init, bytes, release: _, ...facts }: Fragment) => {
    const { samples, baseMediaDecodeTime } = parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId));
    const frames = samples.map(({ offset, size, ...sample }) => ({
      ...sample,
      data: bytes.subarray(offset, offset + size),
    }));
    return { ...facts, baseMediaDecodeTime, frames };
  };
  const soundOf = ({ init, bytes }: Fragment) =>
    parseTrackFragment(bytes, parseTrackDefaults(init.bytes, init.audio!.trackId));

  it('lie in one fragment, both whole, and within a millisecond of each other', async () => {
    const fragments = record({ sound: () => true });
    expect(fragments.length).toBeGreaterThanOrEqual(8);
    for (const fragment of fragments)
      expect(fragment.init.audio).toMatchObject({ codec: 'mp4a.40.2', timescale: 16_000 });
    // What the last fragment ended too early for would have gone into the next.
    const carried = fragments.flatMap((one) => {
      const found = soundOf(one);
      return (found?.samples ?? []).map(({ offset, size }) => one.bytes.subarray(offset, offset + size));
    });
    expect(carried.length).toBeGreaterThan(units.length - 5);
    carried.forEach((unit, index) => expect(unit.equals(units[index]!)).toBe(true));
    const path = await fileOf('both.mp4', fragments);
    expect(complaints(path)).toBe('');
    expect(await flashesIn(path)).toHaveLength(7);
    const delays = await beepDelaysMs(path);
    expect(delays).toHaveLength(7);
    for (const delay of delays) expect(Math.abs(delay)).toBeLessThan(1);
  });

  it('leave the picture exactly what it is without sound', () => {
    const silent = record({}).map(videoOf);
    expect(record({ sound: () => true }).map(videoOf)).toEqual(silent);
    expect(
      record({ sound: (index) => index % 3 > 0, soundDelayMs: (index) => (index * 37) % 400 }).map(videoOf),
    ).toEqual(silent);
  });

  it.each<[string, Arrival, number]>([
    ['sound that comes late and unevenly', { soundDelayMs: (index) => 5 + (index % 7) * 60 }, 1],
    ['a camera without reports', { reports: false }, 10],
    ['lost packets', { sound: (index) => index % 16 !== 8 }, 1],
  ])('stay within 40 ms with %s', async (_name, arrival, withinMs) => {
    const path = await fileOf('hard.mp4', record({ sound: () => true, ...arrival }));
    const delays = await beepDelaysMs(path);
    expect(delays.length).toBeGreaterThanOrEqual(5);
    for (const delay of delays) expect(Math.abs(delay)).toBeLessThan(withinMs);
    expect(withinMs).toBeLessThan(40);
  });

  it('give a file of their own each where sound begins or ends, at a keyframe, with no picture lost', () => {
    // Sound for the first 2 s only; it counts as gone after 10 s, so the pictures go on for 16 s.
    const once = pictures;
    pictures = [...once, ...once.map((picture) => ({ ...picture, ticks: picture.ticks + once.length * frameTicks }))];
    try {
      const fragments = record({ sound: (index) => index < 30 });
      const withSound = fragments.filter(({ init }) => init.audio !== undefined);
      expect(withSound.length).toBeGreaterThan(0);
      expect(withSound.length).toBeLessThan(fragments.length);
      const change = fragments.findIndex(({ init }) => init.audio === undefined);
      expect(fragments[change]!.independent).toBe(true);
      expect(fragments.slice(change).every(({ init }) => init.audio === undefined)).toBe(true);
      expect(fragments.reduce((sum, { sampleCount }) => sum + sampleCount, 0)).toBe(pictures.length);
      expect(new Set(fragments.map(({ run }) => run)).size).toBe(1);
    } finally {
      pictures = once;
    }
  });

  it('are told by the init segment', () => {
    const [fragment] = record({ sound: () => true });
    expect(parseInitSegment(fragment!.init.bytes)).toEqual(fragment!.init);
  });
});
