import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const packetLine = z.object({
  atMs: z.number().min(0),
  ts: z.int().min(0).max(0xffff_ffff),
  marker: z.boolean(),
  /** Hex. */
  payload: z.string().regex(/^(?:[0-9a-f]{2})*$/i),
  ssrc: z.string().optional(),
  pt: z.int().min(0).max(127).optional(),
});
const reportLine = z.object({
  atMs: z.number().min(0),
  senderReport: z.object({ aheadMs: z.number(), ts: z.int().min(0).max(0xffff_ffff) }),
});

/** A packet of the stream as it stands on the wire, RTP or RTCP. */
export interface CasePacket {
  readonly atMs: number;
  readonly isRtcp: boolean;
  /** `utcMs`: when it is sent, for what it says of the camera's clock. */
  bytes(utcMs: number): Buffer;
}

export interface StreamCase {
  readonly name: string;
  readonly sdp: string;
  readonly packets: readonly CasePacket[];
  /** Pictures of the camera itself that are in it. */
  readonly pictures: number;
}

const ownSsrc = 0x11223344;
const ntpOffsetSeconds = 2_208_988_800;

function senderReport(utcMs: number, rtpTimestamp: number): Buffer {
  const packet = Buffer.alloc(28);
  packet.set([0x80, 200, 0, 6]);
  packet.writeUInt32BE(ownSsrc, 4);
  packet.writeUInt32BE(Math.floor(utcMs / 1000) + ntpOffsetSeconds, 8);
  packet.writeUInt32BE(Math.floor(((utcMs % 1000) / 1000) * 2 ** 32), 12);
  packet.writeUInt32BE(rtpTimestamp, 16);
  return packet;
}

/** A folder with `sdp.txt` and `packets.jsonl`; test/fixtures/streams/README.md. @throws where they cannot be read */
export function readStreamCase(folder: string): StreamCase {
  const sequences = new Map<number, number>();
  const instants = new Set<number>();
  const packets = readFileSync(join(folder, 'packets.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): CasePacket => {
      const read = z.union([packetLine, reportLine]).parse(JSON.parse(line));
      if ('senderReport' in read) {
        const { aheadMs, ts } = read.senderReport;
        return { atMs: read.atMs, isRtcp: true, bytes: (utcMs) => senderReport(utcMs + aheadMs, ts) };
      }
      if (read.ssrc === undefined) instants.add(read.atMs);
      const ssrc = read.ssrc === undefined ? ownSsrc : parseInt(read.ssrc, 16);
      const sequence = sequences.get(ssrc) ?? 0;
      sequences.set(ssrc, sequence + 1);
      const header = Buffer.alloc(12);
      header[0] = 0x80;
      header[1] = (read.marker ? 0x80 : 0) | (read.pt ?? 96);
      header.writeUInt16BE(sequence & 0xffff, 2);
      header.writeUInt32BE(read.ts, 4);
      header.writeUInt32BE(ssrc, 8);
      const bytes = Buffer.concat([header, Buffer.from(read.payload, 'hex')]);
      return { atMs: read.atMs, isRtcp: false, bytes: () => Buffer.from(bytes) };
    });
  const sdp = readFileSync(join(folder, 'sdp.txt'), 'utf8');
  return { name: folder.replace(/\/+$/, '').split('/').at(-1)!, sdp, packets, pictures: instants.size };
}
