// Cuts what an RTSP server sends (RFC 2326) into its answers and the interleaved packets between them (10.12).
import { IngestFailure } from '../ingest-failure.js';

export interface RtspResponse {
  readonly status: number;
  /** Names in lower case; several headers of one name are kept apart. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface RtspEvents {
  onResponse(response: RtspResponse): void;
  /** A request of the server's own. */
  onRequest(method: string, cseq: string): void;
  onInterleaved(channel: number, payload: Buffer): void;
}

const maxHeaderBytes = 16 * 1024;
const maxBodyBytes = 256 * 1024;
const headEnd = Buffer.from('\r\n\r\n', 'latin1');

export class RtspParser {
  private rest: Buffer = Buffer.alloc(0);

  constructor(private readonly events: RtspEvents) {}

  /** @throws IngestFailure bad_answer for what is not RTSP or has no end */
  push(chunk: Buffer): void {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    for (;;) {
      const used = bytes[0] === 0x24 ? this.interleaved(bytes) : this.message(bytes);
      if (used === 0) break;
      bytes = bytes.subarray(used);
    }
    this.rest = bytes;
  }

  private interleaved(bytes: Buffer): number {
    if (bytes.length < 4) return 0;
    const end = 4 + bytes.readUInt16BE(2);
    if (bytes.length < end) return 0;
    this.events.onInterleaved(bytes[1]!, bytes.subarray(4, end));
    return end;
  }

  private message(bytes: Buffer): number {
    if (bytes.length === 0) return 0;
    // Some servers send an empty line behind a body.
    if (bytes[0] === 13 || bytes[0] === 10) return 1;
    if (bytes[0]! < 0x20 || bytes[0]! > 0x7e) throw new IngestFailure('bad_answer', 'the camera does not speak RTSP');
    const at = bytes.indexOf(headEnd);
    if (at < 0) {
      if (bytes.length > maxHeaderBytes) throw new IngestFailure('bad_answer', 'an RTSP answer without end');
      return 0;
    }
    if (at > maxHeaderBytes) throw new IngestFailure('bad_answer', 'an RTSP answer that is too long');
    const [first = '', ...lines] = bytes.toString('latin1', 0, at).split(/\r?\n/);
    const headers = new Map<string, string[]>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon <= 0) continue;
      const name = line.slice(0, colon).trim().toLowerCase();
      headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
    }
    const bodyLength = Number(headers.get('content-length')?.[0] ?? 0);
    if (!Number.isInteger(bodyLength) || bodyLength < 0 || bodyLength > maxBodyBytes)
      throw new IngestFailure('bad_answer', 'an RTSP answer of impossible length');
    const end = at + 4 + bodyLength;
    if (bytes.length < end) return 0;
    const status = /^RTSP\/\d\.\d (\d{3})/.exec(first);
    if (status !== null)
      this.events.onResponse({ status: Number(status[1]), headers, body: bytes.toString('utf8', at + 4, end) });
    else {
      const request = /^([A-Z_]+) \S+ RTSP\/\d\.\d$/.exec(first);
      if (request === null) throw new IngestFailure('bad_answer', 'the camera does not speak RTSP');
      this.events.onRequest(request[1]!, headers.get('cseq')?.[0] ?? '0');
    }
    return end;
  }
}
