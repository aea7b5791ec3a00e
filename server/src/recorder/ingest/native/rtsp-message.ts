// Cuts what an RTSP server sends (RFC 2326) into its answers and the interleaved packets between them (10.12). Bytes that
// are neither are skipped up to the next packet, within bounds: some cameras write half a packet when their queue is full.
import { IngestFailure } from '../ingest-failure.js';
import { bodyLengthOf, endOfHead, isHeadText, parseHead, type RtspHead } from './rtsp-head.js';

export interface RtspResponse {
  readonly status: number;
  /** What stands behind the status. */
  readonly phrase: string;
  /** Names in lower case; several headers of one name are kept apart. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface RtspEvents {
  onResponse(response: RtspResponse): void;
  /** A request of the server's own. */
  onRequest(method: string, cseq: string): void;
  /** The payload is bytes [from, to), which may be looked at, and changed, until `onReadEnd`. */
  onInterleaved(channel: number, bytes: Buffer, from: number, to: number): void;
  /** The bytes of the packets so far are used again. */
  onReadEnd(): void;
}

const maxHeaderBytes = 16 * 1024;
const maxBodyBytes = 256 * 1024;
/** After so many bytes without anything that makes sense the connection is given up. */
const maxGarbageBytes = 256 * 1024;
const dollar = 0x24;
/** Of the buffer for half a packet. */
const smallestRest = 2048;
const frameHeaderBytes = 4;
const shortestRtpBytes = 12;
/** No longer than an Ethernet carries, with room. */
const usualPacketBytes = 2048;
/** In any case: some cameras write it small. */
const responseStart = 'rtsp/';
const longestMethod = 16;

/** 1: yes, 0: more bytes are needed, -1: no. */
type Verdict = 1 | 0 | -1;

const isUpper = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f;
/** `byte` is this letter or sign of `responseStart`. */
const isOfStart = (byte: number | undefined, index: number): boolean =>
  byte !== undefined && (byte | (index < 4 ? 0x20 : 0)) === responseStart.charCodeAt(index);
const isBreak = (byte: number): boolean => byte === 13 || byte === 10;

/** RTCP's own (RFC 3550 12.1), or dynamic with or without marker (RFC 3551 6). */
const hasUsualType = (byte: number): boolean => (byte >= 200 && byte <= 204) || (byte & 0x7f) >= 96;

/** Whether an answer or a request begins at `at`. */
function beginsMessage(bytes: Buffer, at: number): Verdict {
  const length = bytes.length - at;
  let index = 0;
  while (index < length && index < responseStart.length && isOfStart(bytes[at + index], index)) index += 1;
  if (index === responseStart.length) return 1;
  if (index === length) return 0;
  for (index = 0; index < length; index++) {
    const byte = bytes[at + index]!;
    if (byte === 0x20 && index >= 3) return 1;
    if (!isUpper(byte) || index >= longestMethod) return -1;
  }
  return 0;
}

export class RtspParser {
  /** What came of something that is not whole yet: the first `restBytes`. */
  private rest: Buffer = Buffer.alloc(0);
  private restBytes = 0;
  private spoke = false;
  /** 1 for a channel that was set up; undefined before any was. */
  private channels: Uint8Array | undefined;
  private skipping = false;
  /** Nothing more comes for now. */
  private quiet = false;
  private garbage = 0;
  /** Bytes that were neither RTSP nor packets, in all. */
  garbageBytes = 0;

  constructor(private readonly events: RtspEvents) {}

  /** Channels that were set up; what comes on others is ignored. */
  expectChannels(channels: readonly number[]): void {
    this.channels = new Uint8Array(256);
    for (const channel of channels) this.channels[channel] = 1;
  }

  /**
   * Takes what was read; `chunk` may be overwritten afterwards, and so may the packets that it brought.
   * @throws IngestFailure bad_answer for what is not RTSP or has no end
   */
  push(chunk: Buffer): void {
    try {
      let from = 0;
      while (this.restBytes > 0) {
        const taken = this.complete(chunk, from);
        if (taken === 0) return;
        from += taken;
      }
      const at = this.takeAll(chunk, from);
      if (at < chunk.length) this.keep(chunk, at, chunk.length);
    } finally {
      this.events.onReadEnd();
    }
  }

  /** An answer has begun that is not whole, or is not known to be. */
  get isWaiting(): boolean {
    return this.restBytes > 0 && !this.skipping && this.rest[0] !== dollar;
  }

  /** Nothing has come for a while: an answer whose length is missing or wrong is taken as it is. @throws as `push` */
  flush(): void {
    if (!this.isWaiting) return;
    this.quiet = true;
    try {
      const bytes = this.rest.subarray(0, this.restBytes);
      const used = this.takeAll(bytes, 0);
      this.events.onReadEnd();
      bytes.copyWithin(0, used);
      this.restBytes -= used;
    } finally {
      this.quiet = false;
    }
  }

  /**
   * Adds to the rest what it lacks, out of `chunk`, and takes it; returns how much of the chunk was used. 0: all of it,
   * and it still is not whole.
   */
  private complete(chunk: Buffer, from: number): number {
    const isPacket = !this.skipping && this.rest[0] === dollar;
    const headed = this.restBytes >= frameHeaderBytes;
    // Of a packet just its own bytes, so that all that follow it are read where they are.
    const lacking = !isPacket
      ? chunk.length
      : headed
        ? frameHeaderBytes + this.rest.readUInt16BE(2) - this.restBytes
        : frameHeaderBytes - this.restBytes;
    const added = Math.min(Math.max(lacking, 1), chunk.length - from);
    if (added === 0) return 0;
    this.keep(chunk, from, from + added);
    const bytes = this.rest.subarray(0, this.restBytes);
    const used = this.takeAll(bytes, 0);
    this.events.onReadEnd();
    bytes.copyWithin(0, used);
    this.restBytes -= used;
    return from + added === chunk.length && this.restBytes > 0 ? 0 : added;
  }

  private keep(bytes: Buffer, from: number, to: number): void {
    const wanted = this.restBytes + to - from;
    if (wanted > this.rest.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(wanted, smallestRest, this.rest.length * 2));
      this.rest.copy(larger, 0, 0, this.restBytes);
      this.rest = larger;
    }
    this.restBytes += bytes.copy(this.rest, this.restBytes, from, to);
  }

  /** Takes everything that is whole from `from` on; returns where that ends. */
  private takeAll(bytes: Buffer, from: number): number {
    const { channels, events } = this;
    let at = from;
    while (at < bytes.length) {
      // Packets of a track one after the other are nearly all that ever comes.
      if (bytes[at] === dollar && !this.skipping && at + frameHeaderBytes < bytes.length) {
        const end = at + frameHeaderBytes + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
        const channel = bytes[at + 1]!;
        if (end <= bytes.length && bytes[at + frameHeaderBytes]! >> 6 === 2 && channels?.[channel] === 1) {
          this.garbage = 0;
          events.onInterleaved(channel, bytes, at + frameHeaderBytes, end);
          at = end;
          continue;
        }
      }
      const used = this.take(at === 0 ? bytes : bytes.subarray(at));
      if (used === 0) break;
      at += used;
    }
    return at;
  }

  /** Bytes that the next thing in the stream takes; 0 when it is not whole yet. */
  private take(bytes: Buffer): number {
    if (bytes.length === 0) return 0;
    const first = bytes[0]!;
    if (this.skipping) return this.skip(bytes, 0);
    if (first === dollar) return this.interleaved(bytes);
    // Some servers send an empty line behind a body.
    if (isBreak(first)) return 1;
    const verdict = beginsMessage(bytes, 0);
    if (verdict === 1) return this.message(bytes);
    return verdict === 0 ? 0 : this.junk(bytes, 1);
  }

  private interleaved(bytes: Buffer): number {
    if (bytes.length < frameHeaderBytes) return 0;
    const length = bytes.readUInt16BE(2);
    const end = frameHeaderBytes + length;
    const channel = bytes[1]!;
    const known = this.channels === undefined || this.channels[channel] === 1;
    if (length > 0 && bytes.length <= frameHeaderBytes) return 0;
    if (known && (length === 0 || bytes[frameHeaderBytes]! >> 6 === 2)) {
      if (bytes.length < end) return 0;
    } else {
      // Only what stands behind it tells a packet that is none of ours from garbage.
      const verdict = this.followed(bytes, end);
      if (verdict !== 1) return verdict === 0 ? 0 : this.junk(bytes, 1);
    }
    this.garbage = 0;
    if (known) this.events.onInterleaved(channel, bytes, frameHeaderBytes, end);
    return end;
  }

  /** Whether something that makes sense begins at `end`. */
  private followed(bytes: Buffer, end: number): Verdict {
    const next = bytes[end];
    if (next === undefined) return 0;
    return next === dollar || isBreak(next) ? 1 : beginsMessage(bytes, end);
  }

  /** `from` bytes are garbage, and all up to the next packet or answer. */
  private junk(bytes: Buffer, from: number): number {
    if (!this.spoke) throw new IngestFailure('bad_answer', 'the camera does not speak RTSP');
    this.skipping = true;
    return this.skip(bytes, from);
  }

  private skip(bytes: Buffer, from: number): number {
    let at = from;
    let verdict: Verdict = -1;
    for (; at < bytes.length; at++) {
      verdict = this.resumes(bytes, at);
      if (verdict !== -1) break;
    }
    this.skipping = verdict !== 1;
    this.garbage += at;
    this.garbageBytes += at;
    if (this.garbage > maxGarbageBytes)
      throw new IngestFailure('bad_answer', 'the camera sends garbage instead of its stream');
    // At the place where it resumes nothing is used; what stands there is read at once.
    return at === 0 && verdict === 1 ? this.take(bytes) : at;
  }

  /** Stricter than between packets, because garbage may hold anything. */
  private resumes(bytes: Buffer, at: number): Verdict {
    const first = bytes[at]!;
    if (first === dollar) {
      if (bytes.length < at + frameHeaderBytes + 1) return 0;
      const length = bytes.readUInt16BE(at + 2);
      const plausible =
        (this.channels === undefined || this.channels[bytes[at + 1]!] === 1) &&
        length >= shortestRtpBytes &&
        bytes[at + frameHeaderBytes]! >> 6 === 2;
      if (!plausible) return -1;
      const verdict = this.followed(bytes, at + frameHeaderBytes + length);
      // A packet between two pieces of garbage shows what it is by itself.
      return verdict === -1 && length <= usualPacketBytes && hasUsualType(bytes[at + frameHeaderBytes + 1]!)
        ? 1
        : verdict;
    }
    for (let index = 0; index < responseStart.length; index++) {
      if (at + index >= bytes.length) return 0;
      if (!isOfStart(bytes[at + index], index)) return -1;
    }
    return 1;
  }

  private message(bytes: Buffer): number {
    const found = endOfHead(bytes);
    // Text never holds these: it is no message, or it was cut and a packet follows.
    if (!isHeadText(bytes, Math.min(found ?? bytes.length, maxHeaderBytes))) return this.junk(bytes, 1);
    if ((found ?? bytes.length) > maxHeaderBytes) {
      if (this.spoke) return this.junk(bytes, 1);
      throw new IngestFailure('bad_answer', 'an RTSP answer without end');
    }
    if (found === undefined && !(this.quiet && isBreak(bytes.at(-1)!))) return 0;
    const headBytes = found ?? bytes.length;
    const head = parseHead(bytes.toString('latin1', 0, headBytes));
    if (head === undefined) return this.junk(bytes, 1);
    const end = this.endOfBody(bytes, headBytes, head);
    if (end === undefined) return 0;
    this.garbage = 0;
    this.spoke = true;
    const { status, phrase, method, headers } = head;
    if (status !== undefined)
      this.events.onResponse({ status, phrase, headers, body: bytes.toString('utf8', headBytes, end) });
    else this.events.onRequest(method!, headers.get('cseq')?.[0] ?? '0');
    return end;
  }

  /** Undefined while it is not whole. A session description ends where its camera is silent if its length is wrong. */
  private endOfBody(bytes: Buffer, from: number, head: RtspHead): number | undefined {
    const length = bodyLengthOf(head);
    if ((length ?? 0) > maxBodyBytes) throw new IngestFailure('bad_answer', 'an RTSP answer of impossible length');
    const isDescription =
      head.status === 200 &&
      (/application\/sdp/i.test(head.headers.get('content-type')?.[0] ?? '') ||
        (length === undefined && /^[vm]=/.test(bytes.toString('latin1', from, from + 2))));
    const end = from + (length ?? 0);
    if (!isDescription) return bytes.length < end ? undefined : end;
    if (length !== undefined && bytes.length >= end && this.isExact(bytes, end)) return end;
    if (bytes.length - from > maxBodyBytes) throw new IngestFailure('bad_answer', 'a description without end');
    return this.quiet ? bytes.length : undefined;
  }

  /** What stands behind a description is none of it. */
  private isExact(bytes: Buffer, end: number): boolean {
    let at = end;
    while (at < bytes.length && isBreak(bytes[at]!)) at += 1;
    return at === bytes.length || bytes[at] === dollar || beginsMessage(bytes, at) !== -1;
  }
}
