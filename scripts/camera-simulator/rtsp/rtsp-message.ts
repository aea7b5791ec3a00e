export interface RtspRequest {
  readonly method: string;
  readonly uri: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

export type RtspItem =
  { kind: 'request'; request: RtspRequest } | { kind: 'interleaved'; channel: number } | { kind: 'garbage' };

const maxHeadBytes = 16 * 1024;
const maxBodyBytes = 64 * 1024;

/** Cuts the bytes of an RTSP connection into requests and interleaved packets (RFC 2326 10.12). */
export class RtspParser {
  #buffer: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): RtspItem[] {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    const items: RtspItem[] = [];
    for (let item = this.#next(); item; item = this.#next()) {
      items.push(item);
      if (item.kind === 'garbage') break;
    }
    return items;
  }

  #next(): RtspItem | undefined {
    const buffer = this.#buffer;
    if (buffer.length === 0) return undefined;
    if (buffer[0] === 0x24) {
      if (buffer.length < 4) return undefined;
      const length = 4 + buffer.readUInt16BE(2);
      if (buffer.length < length) return undefined;
      this.#buffer = buffer.subarray(length);
      return { kind: 'interleaved', channel: buffer[1] ?? 0 };
    }
    const end = buffer.indexOf('\r\n\r\n');
    if (end === -1) return buffer.length > maxHeadBytes ? { kind: 'garbage' } : undefined;
    const request = parseHead(buffer.subarray(0, end).toString('utf8'));
    const bodyLength = Number(request?.headers.get('content-length') ?? 0);
    if (!request || !Number.isInteger(bodyLength) || bodyLength < 0 || bodyLength > maxBodyBytes) {
      return { kind: 'garbage' };
    }
    if (buffer.length < end + 4 + bodyLength) return undefined;
    this.#buffer = buffer.subarray(end + 4 + bodyLength);
    return { kind: 'request', request };
  }
}

function parseHead(head: string): RtspRequest | undefined {
  const [first = '', ...lines] = head.replace(/^(\r\n)+/, '').split('\r\n');
  const match = /^([A-Z_]+) (\S+) RTSP\/1\.\d$/.exec(first);
  if (!match?.[1] || !match[2]) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) return undefined;
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method: match[1], uri: match[2], headers };
}

/** Text of a response. Header values are trusted: they are the simulator's own. */
export function formatResponse(
  status: number,
  reason: string,
  headers: [name: string, value: string][],
  body = '',
): string {
  const lines = [`RTSP/1.0 ${status} ${reason}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
