import { connect, type Socket } from 'node:net';
import { findFrameStamp, type FrameStamp } from '../sei.js';
import { digestHeader } from './onvif-client.js';

export interface RtspReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** All WWW-Authenticate headers. */
  readonly challenges: readonly string[];
}

export interface ReceivedUnit {
  readonly stamp: FrameStamp | undefined;
  readonly timestamp: number;
  readonly keyframe: boolean;
  readonly nals: Buffer[];
}

export interface ReceivedReport {
  readonly utcMs: number;
  readonly rtpTimestamp: number;
  /** How many access units had come before it. */
  readonly afterUnits: number;
}

export interface ReceivedPacket {
  readonly channel: number;
  readonly sequence: number;
  readonly marker: boolean;
  readonly timestamp: number;
  readonly payload: Buffer;
}

const deadlineMs = 15_000;
const [h264Sei, h265Sei] = [6, 39];

/** An RTSP client for the simulator's own tests, independent of the product's: keeps all that it receives. */
export class RtspTestClient {
  readonly units: ReceivedUnit[] = [];
  readonly reports: ReceivedReport[] = [];
  readonly sequences: number[] = [];
  /** Every interleaved packet but RTCP, of whatever channel. */
  readonly packets: ReceivedPacket[] = [];
  /** Bytes that were neither a packet nor part of a response. */
  strayBytes = 0;
  /** Reports of the second track. */
  readonly audioReports: ReceivedReport[] = [];
  /** Payload types seen. */
  readonly payloadTypes = new Set<number>();
  closed: { error: string | undefined } | undefined;
  receivedBytes = 0;
  readonly #socket: Socket;
  readonly #account: { username: string; password: string } | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  #replies: RtspReply[] = [];
  #nals: Buffer[] = [];
  #fragments: Buffer[] = [];
  #cseq = 0;
  #challenge: string | undefined;
  session: string | undefined;

  /** Of all replies so far. */
  get statuses(): number[] {
    return this.#replies.map(({ status }) => status);
  }

  get lastReply(): RtspReply | undefined {
    return this.#replies.at(-1);
  }

  private constructor(socket: Socket, account: { username: string; password: string } | undefined) {
    this.#socket = socket;
    this.#account = account;
    let failure: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
    socket.on('close', () => (this.closed = { error: failure }));
    socket.on('data', (bytes) => this.#receive(bytes));
  }

  static open(url: string, account?: { username: string; password: string }): Promise<RtspTestClient> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RtspTestClient(socket, account));
      });
    });
  }

  /** One request; answers a Digest challenge once where there is an account. */
  async request(method: string, uri: string, headers: Record<string, string> = {}): Promise<RtspReply> {
    const reply = await this.#exchange(method, uri, headers);
    const challenge = reply.headers.get('www-authenticate');
    if (reply.status !== 401 || !this.#account || challenge === undefined || challenge === this.#challenge)
      return reply;
    this.#challenge = challenge;
    return this.#exchange(method, uri, headers);
  }

  /** DESCRIBE, SETUP of every track and PLAY; throws on the first refusal. */
  async play(url: string): Promise<RtspReply> {
    const described = await this.request('DESCRIBE', url, { Accept: 'application/sdp' });
    if (described.status !== 200) throw new Error(`DESCRIBE: ${described.status}`);
    const base = described.headers.get('content-base') ?? `${url}/`;
    const absolute = (control: string) => (control.startsWith('rtsp:') ? control : base + control);
    const [whole = '*', ...controls] = [...described.body.matchAll(/a=control:(\S+)/g)].map((match) => match[1] ?? '');
    for (const [index, control] of controls.entries()) {
      const setUp = await this.request('SETUP', absolute(control), {
        Transport: `RTP/AVP/TCP;unicast;interleaved=${2 * index}-${2 * index + 1}`,
        ...(this.session === undefined ? {} : { Session: this.session }),
      });
      if (setUp.status !== 200) throw new Error(`SETUP: ${setUp.status}`);
      this.session = setUp.headers.get('session')?.split(';')[0];
    }
    const headers = { Session: this.session ?? '', Range: 'npt=0.000-' };
    const played = await this.request('PLAY', whole === '*' ? url : whole, headers);
    if (played.status !== 200) throw new Error(`PLAY: ${played.status}`);
    return played;
  }

  /** Sends bytes as they are. */
  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  async waitForUnits(count: number): Promise<ReceivedUnit[]> {
    await until(() => this.units.length >= count, `${count} access units, got ${this.units.length}`);
    return this.units.slice(0, count);
  }

  async waitForClose(): Promise<{ error: string | undefined }> {
    await until(() => this.closed !== undefined, 'the connection to close');
    return this.closed ?? { error: undefined };
  }

  /** Everything received so far as an Annex B stream. */
  annexB(from = 0): Buffer {
    const start = Buffer.from([0, 0, 0, 1]);
    return Buffer.concat(this.units.slice(from).flatMap(({ nals }) => nals.flatMap((nal) => [start, nal])));
  }

  async #exchange(method: string, uri: string, headers: Record<string, string>): Promise<RtspReply> {
    this.#cseq += 1;
    const authorization =
      this.#account && this.#challenge ? digestHeader(this.#challenge, method, uri, this.#account) : undefined;
    const lines = [
      `${method} ${uri} RTSP/1.0`,
      `CSeq: ${this.#cseq}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ];
    const before = this.#replies.length;
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await until(() => this.#replies.length > before || this.closed !== undefined, `an answer to ${method}`);
    const reply = this.#replies[before];
    if (!reply) throw new Error(`closed without an answer to ${method}`);
    return reply;
  }

  #receive(bytes: Buffer): void {
    this.receivedBytes += bytes.length;
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const buffer = this.#buffer;
      if (buffer[0] === 0x24) {
        if (buffer.length < 4 || buffer.length < 4 + buffer.readUInt16BE(2)) return;
        const packet = buffer.subarray(4, 4 + buffer.readUInt16BE(2));
        this.#buffer = buffer.subarray(4 + packet.length);
        this.#packet(buffer[1] ?? 0, packet);
        continue;
      }
      if (buffer.length > 0 && buffer[0] !== 0x52) {
        const next = buffer.findIndex((byte) => byte === 0x24 || byte === 0x52);
        const stray = next === -1 ? buffer.length : next;
        this.strayBytes += stray;
        this.#buffer = buffer.subarray(stray);
        continue;
      }
      const end = buffer.indexOf('\r\n\r\n');
      if (end === -1) return;
      const [first = '', ...lines] = buffer.subarray(0, end).toString().split('\r\n');
      const headers = new Map(
        lines.map(
          (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)] as const,
        ),
      );
      const length = Number(headers.get('content-length') ?? 0);
      if (buffer.length < end + 4 + length) return;
      const body = buffer.subarray(end + 4, end + 4 + length).toString();
      this.#buffer = buffer.subarray(end + 4 + length);
      const challenges = lines.flatMap((line) => /^www-authenticate: (.*)/i.exec(line)?.[1] ?? []);
      this.#replies.push({ status: Number(first.split(' ')[1]), headers, body, challenges });
    }
  }

  #packet(channel: number, packet: Buffer): void {
    const type = packet[1] ?? 0;
    if (type === 200) {
      if (channel <= 1) this.#rtcp(packet, this.reports);
      else this.#rtcp(packet, this.audioReports);
      return;
    }
    this.packets.push({
      channel,
      sequence: packet.readUInt16BE(2),
      marker: (type & 0x80) !== 0,
      timestamp: packet.readUInt32BE(4),
      payload: packet.subarray(12),
    });
    if (channel === 0) this.#rtp(packet);
  }

  #rtp(packet: Buffer): void {
    this.sequences.push(packet.readUInt16BE(2));
    this.payloadTypes.add((packet[1] ?? 0) & 0x7f);
    if (((packet[1] ?? 0) & 0x7f) !== 96) return;
    const payload = packet.subarray(12);
    const type = (payload[0] ?? 0) & 0x1f;
    if (type === 28) {
      const header = payload[1] ?? 0;
      if (header & 0x80) this.#fragments = [Buffer.of(((payload[0] ?? 0) & 0xe0) | (header & 0x1f))];
      this.#fragments.push(payload.subarray(2));
      if (header & 0x40) this.#nals.push(Buffer.concat(this.#fragments));
    } else if (type === 24) {
      for (let at = 1; at < payload.length;) {
        const length = payload.readUInt16BE(at);
        this.#nals.push(payload.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
    } else {
      this.#nals.push(payload);
    }
    if (((packet[1] ?? 0) & 0x80) === 0) return;
    const sei = this.#nals.find(([first = 0]) => (first & 0x1f) === h264Sei || ((first >> 1) & 0x3f) === h265Sei);
    this.units.push({
      stamp: sei && findFrameStamp(sei),
      timestamp: packet.readUInt32BE(4),
      keyframe: this.#nals.some((nal) => ((nal[0] ?? 0) & 0x1f) === 5),
      nals: this.#nals,
    });
    this.#nals = [];
  }

  #rtcp(packet: Buffer, reports: ReceivedReport[]): void {
    const seconds = packet.readUInt32BE(8) - 2_208_988_800;
    reports.push({
      utcMs: seconds * 1000 + (packet.readUInt32BE(12) / 2 ** 32) * 1000,
      rtpTimestamp: packet.readUInt32BE(16),
      afterUnits: this.units.length,
    });
  }
}

/** Waits for a condition; throws when it does not come. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
