import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../lib/clock.js';
import type { Fragment } from '../../../lib/fragment.js';
import { parseMoof } from '../../../lib/isobmff/moof.js';
import type { StreamTrouble } from '../fragment-source.js';
import { SteadyClock } from '../recorded-clock.js';
import { NativeStream } from './native-stream.js';
import { decodeVideo, encodeVideo, Packetizer, rtp, smallVideo } from './rtsp.test-harness.js';
import { nalRole, type VideoCodec } from './video-codec.js';

const startAtMs = Date.UTC(2026, 2, 1);
const video = {
  payloadType: 96,
  clockRate: 90_000,
  control: '',
  parameterSets: [] as Buffer[],
};

/** A stream on a clock that a test moves. */
function stream(parameterSets: Buffer[] = [], codec: VideoCodec = 'h264', otherWithoutKeyframes = false) {
  let monotonicMs = 5000;
  let wallMs = startAtMs;
  const clock: Clock = { nowMs: () => wallMs, monotonicMs: () => monotonicMs, sleep: () => Promise.resolve() };
  const recordedClock = new SteadyClock(clock);
  const fragments: Fragment[] = [];
  const troubles: [StreamTrouble, boolean][] = [];
  const counted = { received: 0, lost: 0 };
  const times: { source: string; errorMs: number; offsetMs: number | undefined }[] = [];
  const sent: Buffer[] = [];
  let asked = 0;
  let run = 0;
  const one = new NativeStream({
    media: { video: { ...video, codec, parameterSets }, audio: undefined, control: '' },
    audio: false,
    clock,
    sendRtcp: (_track, packet) => sent.push(packet),
    pull: {
      signal: new AbortController().signal,
      nextRun: () => ++run,
      onFragment: (fragment) => fragments.push(fragment),
      recordedClock,
      requestKeyframe: () => (asked += 1),
      hints: { udp: false, otherWithoutKeyframes },
      report: {
        frame: () => undefined,
        codec: () => undefined,
        packets(received, lost) {
          counted.received += received;
          counted.lost += lost;
        },
        time: (offsetMs, source, errorMs) => times.push({ offsetMs, source, errorMs }),
        trouble: (trouble, detail) => troubles.push([trouble, detail !== undefined]),
        audio: () => undefined,
      },
    },
  });
  const pass = (ms: number) => {
    monotonicMs += ms;
    wallMs += ms;
  };
  return {
    one,
    fragments,
    troubles,
    counted,
    times,
    sent,
    pass,
    asked: () => asked,
    stepWallClock(ms: number) {
      wallMs += ms;
      recordedClock.check();
    },
    packets(packets: readonly Buffer[]) {
      for (const packet of packets) one.packet('video', false, packet);
    },
    /** A picture each tenth of a second, as `smallVideo` has them. */
    pictures(pictures: readonly (readonly Buffer[])[], packetizer: Packetizer) {
      for (const nals of pictures) {
        for (const packet of packetizer.picture(nals)) one.packet('video', false, packet);
        pass(100);
        one.tick();
      }
    },
    frames: () => fragments.reduce((sum, { sampleCount }) => sum + sampleCount, 0),
  };
}

const pictures = smallVideo();
const packetsOf = (packetizer: Packetizer) => pictures.flatMap((nals) => packetizer.picture(nals));
const isKey = (nals: readonly Buffer[]) => nals.some((nal) => (nal[0]! & 31) === 5);

/** A picture parameter set of id 0 as one of id 1: `1` becomes `010`, which shifts what follows. */
function asSecond(pps: Buffer, headerBytes: number): Buffer {
  const bits = [...pps.subarray(headerBytes)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const shifted = `010${bits.slice(1)}`.replace(/0+$/, '').match(/.{1,8}/g)!;
  return Buffer.from([...pps.subarray(0, headerBytes), ...shifted.map((byte) => parseInt(byte.padEnd(8, '0'), 2))]);
}

function senderReport(utcMs: number, rtpTimestamp: number, ssrc = 1): Buffer {
  const packet = Buffer.alloc(28);
  packet.set([0x80, 200, 0, 6]);
  packet.writeUInt32BE(ssrc, 4);
  packet.writeUInt32BE(Math.floor(utcMs / 1000) + 2_208_988_800, 8);
  packet.writeUInt32BE(Math.round(((utcMs % 1000) / 1000) * 2 ** 32), 12);
  packet.writeUInt32BE(rtpTimestamp >>> 0, 16);
  return packet;
}

describe('packets', () => {
  it.each(['last', 'never', 'always'] as const)('with the marker on the %s one make the same frames', (marker) => {
    const { one, packets, frames, fragments } = stream();
    packets(packetsOf(new Packetizer(1, marker)));
    one.end();
    expect(frames()).toBe(30);
    const reference = stream();
    reference.packets(packetsOf(new Packetizer()));
    reference.one.end();
    const bytes = (all: readonly Fragment[]) => Buffer.concat(all.map((fragment) => fragment.bytes));
    expect(bytes(fragments).equals(bytes(reference.fragments))).toBe(true);
  });

  it('go on over the wrap of their numbers and time stamps', () => {
    const packetizer = new Packetizer();
    packetizer.sequence = 65_530;
    packetizer.timestamp = 2 ** 32 - 20_000;
    const { one, pictures: send, frames, counted, fragments } = stream();
    send(pictures, packetizer);
    one.end();
    expect(frames()).toBe(30);
    expect(counted.lost).toBe(0);
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(1);
  });

  it('out of order, and twice, are put in order', () => {
    const all = packetsOf(new Packetizer());
    for (let at = 6; at + 4 < all.length; at += 7) [all[at], all[at + 3]] = [all[at + 3]!, all[at]!];
    const { one, packets, frames, counted } = stream();
    packets(all.flatMap((packet, index) => (index % 5 === 0 ? [packet, packet] : [packet])));
    one.end();
    expect(frames()).toBe(30);
    expect(counted).toEqual({ received: all.length, lost: 0 });
  });

  it('that are lost are counted; what is whole of their frame is kept, what is torn is not', () => {
    const packetizer = new Packetizer();
    const torn = pictures.findIndex((nals, index) => index > 3 && !isKey(nals));
    const all = pictures.flatMap((nals, index) => {
      const packets = packetizer.picture(index === torn ? [Buffer.from([0x06, 5, 1, 0xaa, 0x80]), ...nals] : nals);
      return index === torn ? packets.slice(0, -1) : packets;
    });
    const { one, packets, pass, frames, counted, fragments } = stream();
    packets(all);
    pass(300);
    one.tick();
    one.end();
    expect(counted.lost).toBe(1);
    expect(frames()).toBeGreaterThanOrEqual(29);
    for (const { bytes } of fragments)
      for (const sample of parseMoof(bytes).samples) {
        let at = sample.offset;
        while (at < sample.offset + sample.size) at += 4 + bytes.readUInt32BE(at);
        expect(at).toBe(sample.offset + sample.size);
      }
  });

  it('wait for a missing one a quarter of a second at most', () => {
    const all = packetsOf(new Packetizer());
    const { one, packets, pass, counted } = stream();
    packets(all.filter((_packet, index) => index !== 5).slice(0, 10));
    one.tick();
    expect(counted.lost).toBe(0);
    pass(250);
    one.tick();
    expect(counted).toEqual({ received: 10, lost: 1 });
  });

  it('numbered anew, or from another sender, lose no frame and begin a new run', () => {
    const packetizer = new Packetizer();
    const other = new Packetizer(77);
    other.sequence = 30_000;
    other.timestamp = 3_000_000_000;
    const { one, pictures: send, frames, counted, fragments, troubles } = stream();
    send(pictures.slice(0, 15), packetizer);
    packetizer.sequence = 40_000;
    send(pictures.slice(15, 25), packetizer);
    send(pictures.slice(20, 30), other);
    one.end();
    expect(frames()).toBe(35);
    expect(counted.lost).toBe(0);
    expect(troubles).toEqual([]);
    const instants = fragments.map(({ startAtMs: at }) => at);
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(2);
  });

  it('of two senders at once: one of them is recorded', () => {
    const { pictures: send, one, frames } = stream();
    const [a, b] = [new Packetizer(1), new Packetizer(2)];
    for (const nals of pictures) {
      for (const packet of a.picture(nals)) one.packet('video', false, packet);
      for (const packet of b.picture(nals)) one.packet('video', false, packet);
    }
    send([], a);
    one.end();
    expect(frames()).toBeLessThanOrEqual(31);
    expect(frames()).toBeGreaterThanOrEqual(29);
  });

  it('that are no RTP, of another payload type or empty are ignored', () => {
    const { one, packets, frames } = stream();
    const junk = [
      Buffer.alloc(0),
      Buffer.from([0x80]),
      Buffer.alloc(12, 0x80),
      rtp({ sequence: 5, timestamp: 1, payloadType: 8 }, Buffer.from([1])),
    ];
    packets(packetsOf(new Packetizer()).flatMap((packet) => [...junk, packet]));
    one.end();
    expect(frames()).toBe(30);
  });
});

describe('pictures', () => {
  it('of another size in the midst of a stream: a new init segment, no frame lost', () => {
    const { one, pictures: send, frames, fragments } = stream();
    const packetizer = new Packetizer();
    send(pictures.slice(0, 15), packetizer);
    send(smallVideo('96x64', 2), packetizer);
    one.end();
    expect(frames()).toBe(35);
    const sizes = fragments.map(({ init }) => `${init.width}x${init.height}`);
    expect([...new Set(sizes)]).toEqual(['64x48', '96x64']);
    const changed = fragments[sizes.indexOf('96x64')]!;
    expect(changed.independent).toBe(true);
    expect(changed.run).toBeGreaterThan(fragments[0]!.run);
  });

  it('take parameter sets from the description where they bring none', () => {
    const sets = pictures[0]!.filter((nal) => [7, 8].includes(nal[0]! & 31));
    const bare = pictures.map((nals) => nals.filter((nal) => ![7, 8].includes(nal[0]! & 31)));
    const { one, pictures: send, frames } = stream(sets);
    send(bare, new Packetizer());
    one.end();
    expect(frames()).toBe(30);
  });

  it.each<[VideoCodec, number, string[]]>([
    ['h264', 1, ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-x264-params', 'repeat-headers=1']],
    [
      'h265',
      2,
      ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=10:repeat-headers=1'],
    ],
  ])('of %s with several picture parameter sets: each is kept until one of its id comes', (codec, headerBytes, how) => {
    const units = encodeVideo(codec, [...how, '-bf', '0'], '64x64', 2);
    const first = units[0]!.find((nal) => nalRole(codec, nal) === 'pps')!;
    const second = asSecond(first, headerBytes);
    const changed = Buffer.from(second);
    changed[headerBytes]! ^= 1;
    const { one, fragments, pass } = stream([], codec);
    let sequence = 0;
    const send = (nals: readonly Buffer[], timestamp: number) => {
      nals.forEach((nal, index) =>
        one.packet('video', false, rtp({ sequence: sequence++, timestamp, marker: index === nals.length - 1 }, nal)),
      );
      pass(100);
      one.tick();
    };
    units.forEach((nals, index) =>
      send(
        nals.flatMap((nal) => (nal.equals(first) ? [nal, index < 10 ? second : changed] : [nal])),
        index * 9000,
      ),
    );
    one.end();
    const inits = [...new Set(fragments.map(({ init }) => init))];
    const held = inits.map(({ bytes }) => [first, second, changed].map((set) => bytes.includes(set)));
    expect(held).toEqual([
      [true, true, false],
      [true, false, true],
    ]);
    const ofFirst = fragments.filter(({ init }) => init === inits[0]);
    expect(decodeVideo(inits[0]!.bytes, ofFirst).length).toBe(10 * 64 * 64);
  });

  it('without a keyframe: one is asked for, it is told within ten seconds, recording begins with the first', () => {
    const { one, pictures: send, frames, troubles, asked } = stream();
    const packetizer = new Packetizer();
    const others = pictures.filter((nals) => !isKey(nals));
    send(others.slice(0, 9), packetizer);
    expect(asked()).toBe(0);
    for (let round = 0; round < 4; round += 1) send(others.slice(0, 25), packetizer);
    expect(troubles).toEqual([['no_keyframe', true]]);
    expect(asked()).toBeGreaterThanOrEqual(2);
    send(pictures.slice(0, 10), packetizer);
    expect(troubles.at(-1)).toEqual(['no_keyframe', false]);
    one.end();
    expect(frames()).toBe(10);
  });

  it('without a keyframe for longer than any group of pictures: left to another engine, where there is one', () => {
    const others = pictures.filter((nals) => !isKey(nals)).slice(0, 20);
    const [alone, notAlone, smart] = [stream(), stream([], 'h264', true), stream([], 'h264', true)];
    const packetizers = [new Packetizer(), new Packetizer(), new Packetizer()] as const;
    for (let second = 0; second < 74; second += 2) {
      for (const [index, one] of [alone, notAlone, smart].entries()) one.pictures(others, packetizers[index]!);
    }
    expect(notAlone.troubles).toEqual([['no_keyframe', true]]);
    expect(notAlone.asked()).toBeGreaterThan(10);
    expect(() => notAlone.pictures(others, packetizers[1])).toThrow(
      expect.objectContaining({ reason: 'no_keyframe', other: { because: 'no_keyframe' } }),
    );
    smart.pictures(pictures, packetizers[2]);
    smart.one.end();
    expect(smart.frames()).toBe(pictures.length);
    for (let second = 0; second < 20; second += 2) alone.pictures(others, packetizers[0]);
  });

  it.each([1000, 1500, 1900])('of which one comes in %i ms: the time between them is footage', (everyMs) => {
    const { one, packets, pass, fragments } = stream();
    const packetizer = new Packetizer();
    for (const nals of pictures) {
      packets(packetizer.picture(nals, everyMs * 90));
      for (let passedMs = 0; passedMs < everyMs; passedMs += 100) {
        pass(100);
        one.tick();
      }
    }
    one.end();
    const durationMs = fragments.reduce((sum, fragment) => sum + fragment.durationMs, 0);
    // Of the first one nobody knew how long it would be.
    expect(durationMs).toBeGreaterThan((pictures.length - 1) * everyMs);
    expect(durationMs).toBeLessThanOrEqual(pictures.length * everyMs);
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(1);
  });

  it('whose keyframes stay away: one is asked for, then it is told, and recording goes on', () => {
    const { one, pictures: send, frames, troubles, asked, fragments } = stream();
    const packetizer = new Packetizer();
    let sent = 0;
    const add = (some: readonly (readonly Buffer[])[]) => {
      send(some, packetizer);
      sent += some.length;
    };
    const others = pictures.filter((nals) => !isKey(nals)).slice(0, 20);
    for (let round = 0; round < 2; round += 1) add(pictures);
    for (let round = 0; round < 7; round += 1) add(others);
    const askedBefore = asked();
    expect(troubles).toEqual([]);
    for (let round = 0; round < 4; round += 1) add(others);
    expect(asked()).toBeGreaterThan(askedBefore);
    expect(troubles).toEqual([]);
    add(others);
    expect(troubles).toEqual([['no_keyframe', true]]);
    for (let round = 0; round < 20; round += 1) add(others);
    add(pictures.slice(0, 1));
    expect(troubles).toEqual([
      ['no_keyframe', true],
      ['no_keyframe', false],
    ]);
    add(pictures.slice(1));
    one.end();
    expect(frames()).toBe(sent);
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(1);
    expect(Math.max(...fragments.map(({ durationMs }) => durationMs))).toBeLessThanOrEqual(2000);
  });

  it('whose keyframe comes when it is asked for: nothing is told', () => {
    const { pictures: send, troubles, asked } = stream();
    const packetizer = new Packetizer();
    const others = pictures.filter((nals) => !isKey(nals)).slice(0, 20);
    for (let round = 0; round < 2; round += 1) send(pictures, packetizer);
    let answered = 0;
    for (let round = 0; round < 60; round += 1) {
      const askedBefore = asked();
      send(others, packetizer);
      if (asked() === askedBefore) continue;
      send(pictures.slice(10 * (answered % 3), 10 * (answered % 3) + 1), packetizer);
      answered += 1;
    }
    expect(answered).toBeGreaterThan(1);
    expect(troubles).toEqual([]);
  });

  it('that stand still are noticed within ten seconds, and their end', () => {
    const { pictures: send, troubles, pass, one } = stream();
    const packetizer = new Packetizer();
    send(pictures, packetizer);
    expect(troubles).toEqual([]);
    // The encoder goes on with one picture: a keyframe each two seconds, empty ones between.
    const key = pictures[0]!;
    const skipped = Buffer.from([0x41, 0x9a, 0x24, 0x6c, 0x41]);
    let passedMs = 0;
    while (!troubles.some(([trouble, on]) => trouble === 'picture_frozen' && on) && passedMs < 10_000) {
      const count = Buffer.from([0x06, 5, 2, passedMs / 100, 0x80]);
      send([[count, ...(passedMs % 2000 === 0 ? key : [skipped])]], packetizer);
      passedMs += 100;
    }
    expect(passedMs).toBeLessThan(9500);
    expect(troubles).toEqual([['picture_frozen', true]]);
    send(pictures.slice(11), packetizer);
    expect(troubles.at(-1)).toEqual(['picture_frozen', false]);
    pass(1000);
    one.end();
  });
});

describe('time', () => {
  it.each([3600, -3600, 30])('jumps by %i s in the time stamps lose no frame and are told for a minute', (seconds) => {
    const { one, pictures: send, frames, fragments, troubles, times } = stream();
    const packetizer = new Packetizer();
    packetizer.timestamp = 4_000_000_000;
    one.packet('video', true, senderReport(startAtMs, 4_000_000_000));
    send(pictures.slice(0, 15), packetizer);
    expect(times.at(-1)!.source).toBe('rtcp');
    packetizer.timestamp += seconds * 90_000;
    one.packet('video', true, senderReport(startAtMs + 1500, packetizer.timestamp));
    send(pictures.slice(15, 30), packetizer);
    expect(troubles).toEqual([['bad_timestamps', true]]);
    expect(times.at(-1)!.source).toBe('arrival');
    const instants = fragments.map(({ startAtMs: at }) => at);
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
    expect(instants.at(-1)! - instants[0]!).toBeLessThan(3100);
    for (let second = 0; second < 60; second += 1) {
      if (second % 5 === 0)
        one.packet('video', true, senderReport(startAtMs + 3000 + second * 1000, packetizer.timestamp));
      send(pictures.slice(0, 10), packetizer);
    }
    expect(troubles.at(-1)).toEqual(['bad_timestamps', false]);
    send(pictures.slice(0, 30), packetizer);
    one.end();
    expect(times.at(-1)!.source).toBe('rtcp');
    expect(frames()).toBe(660);
    // One where they jumped; the reports that count again afterwards agree with arrival.
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(2);
  });

  it('a pause of the camera is no jump', () => {
    const { one, pictures: send, pass, troubles, frames, fragments } = stream();
    const packetizer = new Packetizer();
    send(pictures.slice(0, 15), packetizer);
    packetizer.timestamp += 7 * 90_000;
    pass(7000);
    send(pictures.slice(15), packetizer);
    one.end();
    expect(troubles).toEqual([]);
    expect(frames()).toBe(30);
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(1);
    const instants = fragments.map(({ startAtMs: at }) => at);
    expect(instants.at(-1)! - instants[0]!).toBeGreaterThan(8000);
  });

  it.each([
    ['rtcp', 6000],
    ['rtcp', 8000],
    ['rtcp', 9500],
    ['arrival', 8000],
  ])('by %s goes on where the network stood still for %i ms', (source, outageMs) => {
    const { one, pictures: send, packets, pass, fragments, times } = stream();
    const packetizer = new Packetizer();
    const flow = (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        const reported = (packetizer.timestamp - 90_000) / 90;
        if (source === 'rtcp' && second % 5 === 0)
          one.packet('video', true, senderReport(startAtMs + reported, packetizer.timestamp));
        send(pictures.slice((second % 3) * 10, (second % 3) * 10 + 10), packetizer);
      }
    };
    flow(30);
    for (let passedMs = 0; passedMs < outageMs; passedMs += 500) {
      pass(500);
      one.tick();
    }
    for (let picture = 0; picture < outageMs / 100; picture += 1) {
      packets(packetizer.picture(pictures[picture % 30]!));
      pass(2);
    }
    flow(20);
    one.end();
    let framesBefore = 0;
    for (const { startAtMs: at, sampleCount } of fragments) {
      expect(Math.abs(at - startAtMs - framesBefore * 100)).toBeLessThan(300);
      framesBefore += sampleCount;
    }
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(1);
    expect(new Set(times.map((time) => time.source))).toEqual(new Set([source]));
    for (const { offsetMs } of times) expect(Math.abs(offsetMs ?? 0)).toBeLessThan(300);
  });

  it('does not move with the clock of the host: a small step not at all, a large one in a new run', () => {
    const { one, pictures: send, stepWallClock, fragments } = stream();
    const packetizer = new Packetizer();
    send(pictures.slice(0, 10), packetizer);
    stepWallClock(-4000);
    send(pictures.slice(10, 20), packetizer);
    stepWallClock(3_600_000);
    send(pictures.slice(20, 30), packetizer);
    send(pictures.slice(0, 10), packetizer);
    one.end();
    const [first, second, ...rest] = fragments;
    expect(second!.startAtMs - first!.startAtMs).toBeGreaterThan(980);
    expect(second!.startAtMs - first!.startAtMs).toBeLessThan(1020);
    expect(second!.run).toBe(first!.run);
    const last = rest.at(-1)!;
    expect(last.run).toBe(first!.run + 1);
    expect(last.startAtMs - first!.startAtMs).toBeGreaterThan(3_590_000);
    for (const [index, one] of rest.entries()) {
      const before = index === 0 ? second! : rest[index - 1]!;
      if (one.run === before.run) expect(one.startAtMs - before.startAtMs).toBeLessThan(1100);
    }
  });

  it('states its error: by the camera where its clock counts, by delays where arrival does', () => {
    const { one, pictures: send, times } = stream();
    const packetizer = new Packetizer();
    send(pictures, packetizer);
    expect(times.at(-1)).toMatchObject({ source: 'arrival' });
    expect(times.at(-1)!.errorMs).toBeGreaterThanOrEqual(300);
    one.packet('video', true, senderReport(startAtMs + 3000 + 40, packetizer.timestamp));
    send(pictures, packetizer);
    expect(times.at(-1)).toMatchObject({ source: 'rtcp' });
    expect(times.at(-1)!.errorMs).toBeGreaterThanOrEqual(40);
    expect(times.at(-1)!.errorMs).toBeLessThan(50);
    expect(times.at(-1)!.offsetMs).toBeCloseTo(40, 0);
  });
});

describe('RTCP', () => {
  it('goodbye of the sender is the end; of a stranger it is not', () => {
    const { one, packets } = stream();
    packets(packetsOf(new Packetizer(5)));
    expect(() => one.packet('video', true, Buffer.from([0x81, 203, 0, 1, 0, 0, 0, 5]))).toThrow(
      expect.objectContaining({ reason: 'stream_ended' }),
    );
  });

  it('receiver reports say what was lost, how far it came and when the last report came', () => {
    const { one, packets, pass, sent } = stream();
    const all = packetsOf(new Packetizer(5));
    packets(all.slice(0, 20));
    one.packet('video', true, senderReport(startAtMs, 0, 5));
    pass(1000);
    packets(all.slice(21, 30));
    pass(12_000);
    one.tick();
    expect(sent).toHaveLength(1);
    const report = sent[0]!;
    expect([...report.subarray(0, 4)]).toEqual([0x81, 201, 0, 7]);
    expect(report.readUInt32BE(8)).toBe(5);
    expect(report[12]).toBe(Math.floor(256 / 30));
    expect(report.readIntBE(13, 3)).toBe(1);
    expect(report.readUInt32BE(16)).toBe(1000 + 29);
    expect(report.readUInt32BE(24)).toBe((((startAtMs / 1000 + 2_208_988_800) % 65536) * 65536) >>> 0);
    expect(report.readUInt32BE(28)).toBe(13 * 65536);
    expect([report[32], report[33]]).toEqual([0x81, 202]);
    expect(report.readUInt32BE(36)).toBe(report.readUInt32BE(4));
    expect(report.subarray(42, 42 + report[41]!).toString()).toMatch(/^choi-canh-[0-9a-f]+$/);
    expect(report.length).toBe(32 + 4 + report.readUInt16BE(34) * 4);
  });
});
