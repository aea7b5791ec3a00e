import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IngestFailure } from '../ingest-failure.js';
import { RtspParser } from './rtsp-message.js';
import { interleaved, rtp } from './rtsp.test-harness.js';

const answer = Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc');
const request = Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n');
const packet = (sequence: number, length = 40) =>
  interleaved(0, rtp({ sequence, timestamp: 1 }, Buffer.alloc(length, 0x41)));

function parse(chunks: readonly Buffer[], channels?: readonly number[]) {
  const seen: string[] = [];
  const parser = new RtspParser({
    onResponse: ({ status, body }) => seen.push(`${status} ${body}`),
    onRequest: (method) => seen.push(method),
    onInterleaved: (channel, bytes, from, to) => seen.push(`$${channel} ${to - from} ${bytes.readUInt16BE(from + 2)}`),
    onReadEnd: () => undefined,
  });
  if (channels !== undefined) parser.expectChannels(channels);
  let failure: unknown;
  try {
    for (const chunk of chunks) parser.push(chunk);
  } catch (error) {
    if (!(error instanceof IngestFailure)) throw error;
    failure = error.reason;
  }
  return { seen, failure, garbageBytes: parser.garbageBytes };
}

/** Cuts at the places given. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

describe('an answer', () => {
  const description = 'v=0\r\nm=video 0 RTP/AVP 96\r\n';
  const described = (head: string) => `RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n${head}\r\n`;
  const read = (text: string, chunk = text.length) => {
    const seen: { status: number; headers: ReadonlyMap<string, readonly string[]>; body: string }[] = [];
    const ignore = () => undefined;
    const parser = new RtspParser({
      ...{ onResponse: (one) => seen.push(one), onRequest: ignore, onInterleaved: ignore, onReadEnd: ignore },
    });
    for (let at = 0; at < text.length; at += chunk) parser.push(Buffer.from(text.slice(at, at + chunk), 'latin1'));
    return { seen, parser };
  };

  it.each([
    ['with line feeds alone', 'RTSP/1.0 200 OK\nCSeq: 1\nPublic: PLAY\n\n'],
    ['with a last line feed alone', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: PLAY\r\n\n'],
    ['with two blanks behind the version', 'RTSP/1.0  200 OK\r\nCSeq: 1\r\nPublic: PLAY\r\n\r\n'],
    ['in small letters', 'rtsp/1.0 200 ok\r\ncseq: 1\r\npublic: PLAY\r\n\r\n'],
    ['with a NUL at the end of a line', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: PLAY\0\r\n\r\n'],
    ['with a folded line', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic:\r\n PLAY\r\n\r\n'],
    ['without a reason', 'RTSP/1.0 200\r\nCSeq: 1\r\nPublic: PLAY\r\n\r\n'],
  ])('%s is read, however it is cut', (_name, text) => {
    for (const chunk of [text.length, 1]) {
      const { seen } = read(text, chunk);
      expect(seen).toHaveLength(1);
      expect([seen[0]!.status, seen[0]!.headers.get('cseq'), seen[0]!.headers.get('public')]).toEqual([
        200,
        ['1'],
        ['PLAY'],
      ]);
    }
  });

  it.each([
    ['with carriage returns alone', 'RTSP/1.0 200 OK\rCSeq: 1\r\r', ''],
    ['without the blank line', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\n', ''],
    ['whose description has no length', `${described('')}${description}`, description],
    ['whose description has too great a length', `${described('Content-Length: 433\r\n')}${description}`, description],
    ['whose description has too small a length', `${described('Content-Length: 9\r\n')}${description}`, description],
    ['of a description that nothing names', `RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n${description}`, description],
  ])('%s is read when nothing more comes', (_name, text, body) => {
    const { seen, parser } = read(text);
    if (parser.isWaiting) parser.flush();
    expect(seen.map((one) => [one.status, one.body])).toEqual([[200, body]]);
    expect(parser.isWaiting).toBe(false);
  });

  it('with a length in hexadecimal is read at once', () => {
    const { seen } = read(`${described('Content-Length: 0x1c\r\n')}${description}`);
    expect(seen).toEqual([]);
    expect(read(`${described('Content-Length: 0x1B\r\n')}${description}`).seen[0]!.body).toBe(description);
  });
});

describe('garbage between packets', () => {
  const before = [answer, packet(1), packet(2)];
  // What looks like the header of a packet is believed or not when so much has come as it announces.
  const more = Array.from({ length: 60 }, (_, index) => packet(100 + index, 1300));
  const after = [packet(3), packet(4), ...more, request, packet(5)];
  const expected = ['200 abc', '$0 52 1', '$0 52 2', '$0 1312 159', 'OPTIONS', '$0 52 5'];

  it.each<[string, Buffer]>([
    ['zeros', Buffer.alloc(500)],
    ['text', Buffer.from('lorem ipsum dolor sit amet '.repeat(20))],
    ['capitals', Buffer.from('LOREM IPSUM '.repeat(20))],
    ['half a packet', packet(9, 600).subarray(20, 500)],
    ['a header of a packet on a channel that there is not', Buffer.from([0x24, 200, 0xff, 0xff, 1, 2, 3])],
    ['dollars', Buffer.alloc(300, 0x24)],
    ['half an answer', Buffer.concat([Buffer.from('RTSP/1.0 200 OK\r\nCSe'), Buffer.from([0, 1, 2, 3, 255])])],
  ])('%s is skipped up to the next packet', (_name, garbage) => {
    const { seen, failure, garbageBytes } = parse([Buffer.concat([...before, garbage, ...after])], [0, 1]);
    expect(failure).toBeUndefined();
    // Garbage may end in what looks like a packet and takes the next one with it.
    expect(seen.slice(0, 3)).toEqual(expected.slice(0, 3));
    expect(seen.slice(-3)).toEqual(expected.slice(-3));
    expect(garbageBytes).toBeGreaterThan(0);
    expect(garbageBytes).toBeLessThanOrEqual(garbage.length + packet(3).length);
  });

  it('on both sides of a packet does not take it away', () => {
    const noise = Buffer.alloc(90, 7);
    const pieces = Array.from({ length: 30 }, (_, index) => [noise, packet(index)]).flat();
    const { seen } = parse([answer, ...pieces, noise, packet(30), packet(31)], [0, 1]);
    expect(seen).toHaveLength(1 + 32);
  });

  it('without end is given up', () => {
    const { failure } = parse([answer, ...Array.from({ length: 40 }, () => Buffer.alloc(10_000, 7))], [0, 1]);
    expect(failure).toBe('bad_answer');
  });

  it('again and again is no reason to give up, as long as packets come', () => {
    const all = Array.from({ length: 500 }, (_, index) => [Buffer.alloc(1000, 7), packet(index), packet(index)]).flat();
    const { seen, failure } = parse([answer, ...all], [0, 1]);
    expect(failure).toBeUndefined();
    expect(seen).toHaveLength(1001);
  });
});

describe('whatever comes', () => {
  const piece = fc.oneof(
    fc.constant(answer),
    fc.constant(request),
    fc.constant(Buffer.from('\r\n')),
    fc
      .record({ sequence: fc.nat(65_535), length: fc.nat(2000) })
      .map(({ sequence, length }) => packet(sequence, length + 1)),
    fc
      .record({ channel: fc.nat(255), length: fc.nat(200) })
      .map(({ channel, length }) =>
        interleaved(channel, Buffer.concat([Buffer.alloc(12, 0x80), Buffer.alloc(length)])),
      ),
  );
  const garbage = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));

  it('a stream is read the same however it is cut, garbage in it or not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 4, arbitrary: piece }, { weight: 1, arbitrary: garbage }), { maxLength: 25 }),
        fc.array(fc.nat(100_000), { maxLength: 30 }),
        (pieces, places) => {
          const bytes = Buffer.concat([answer, ...pieces]);
          expect(parse(cut(bytes, places), [0, 1])).toEqual(parse([bytes], [0, 1]));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('a stream without garbage is read whole', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 25 }),
        fc.array(fc.nat(100_000), { maxLength: 30 }),
        (pieces, places) => {
          const { failure, garbageBytes } = parse(cut(Buffer.concat([answer, ...pieces]), places));
          expect({ failure, garbageBytes }).toEqual({ failure: undefined, garbageBytes: 0 });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('bytes of any kind end in nothing worse than a bad answer, and little is kept', () => {
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 40 }), fc.boolean(), (chunks, spoke) => {
        const { failure } = parse(spoke ? [answer, ...chunks] : chunks, [0, 1]);
        expect([undefined, 'bad_answer']).toContain(failure);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['headers without end', 'RTSP/1.0 200 OK\r\n', 'X: y\r\n'.repeat(4000)],
    ['a body without end', 'RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n', 'x'.repeat(10)],
    ['a negative body', 'RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n', 'x'.repeat(10)],
  ])('%s is refused', (_name, head, rest) => {
    expect(parse([Buffer.from(head), Buffer.from(rest)]).failure).toBe('bad_answer');
  });
});
