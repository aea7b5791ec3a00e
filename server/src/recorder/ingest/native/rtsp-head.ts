// The head of an RTSP message (RFC 2326 4, 6, 7), read as widely as cameras write it: lines that end with LF or CR alone,
// names and protocol in any case, blanks and NUL where none belong, lengths in hexadecimal.

export interface RtspHead {
  /** Of an answer. */
  readonly status: number | undefined;
  /** What stands behind the status; '' in a request. */
  readonly phrase: string;
  /** Of a request. */
  readonly method: string | undefined;
  /** Names in lower case; several headers of one name are kept apart. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

const maxHeaders = 64;
const lineFeed = 10;
const carriageReturn = 13;

/** Where the body begins: behind the first blank line; undefined while none came. */
export function endOfHead(bytes: Buffer): number | undefined {
  const first = bytes.indexOf(lineFeed);
  if (first < 0) {
    const at = bytes.indexOf('\r\r', 0, 'latin1');
    return at < 0 ? undefined : at + 2;
  }
  for (let at = first; at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
    if (bytes[at + 1] === lineFeed) return at + 2;
    if (bytes[at + 1] === carriageReturn && bytes[at + 2] === lineFeed) return at + 3;
  }
  return undefined;
}

/** Whether bytes [0, to) may be the lines of a head: text, or NUL before the end of a line, as some cameras leave it. */
export function isHeadText(bytes: Buffer, to: number): boolean {
  for (let at = 0; at < to; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x20 || byte === carriageReturn || byte === lineFeed || byte === 9) continue;
    if (byte !== 0) return false;
    let next = at + 1;
    while (next < to && bytes[next] === 0) next += 1;
    if (next < to && bytes[next] !== carriageReturn && bytes[next] !== lineFeed) return false;
    at = next - 1;
  }
  return true;
}

/** Undefined for what is neither an answer nor a request. `text` is latin1. */
export function parseHead(text: string): RtspHead | undefined {
  // eslint-disable-next-line no-control-regex -- left by cameras at the end of lines
  const [first = '', ...lines] = text.replace(/\u0000+/g, '').split(/\r\n|\n|\r/, maxHeaders);
  const [, status, phrase = ''] = /^RTSP\/\d(?:\.\d)?\s+(\d{3})(.*)$/i.exec(first) ?? [];
  const method = status === undefined ? /^([A-Z_]+) +\S+ +RTSP\/\d(?:\.\d)?\s*$/i.exec(first)?.[1] : undefined;
  if (status === undefined && method === undefined) return undefined;
  const headers = new Map<string, string[]>();
  let last: string[] | undefined;
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (/^[ \t]/.test(line) && last !== undefined) last.push(`${last.pop()} ${line.trim()}`.trim());
    else if (colon > 0) {
      const name = line.slice(0, colon).trim().toLowerCase();
      last = headers.get(name) ?? [];
      last.push(line.slice(colon + 1).trim());
      headers.set(name, last);
    }
  }
  return {
    status: status === undefined ? undefined : Number(status),
    phrase: phrase.trim(),
    method: method?.toUpperCase(),
    headers,
  };
}

/** Bytes of the body; undefined where the head does not say, Infinity where what it says makes no sense. */
export function bodyLengthOf({ headers }: RtspHead): number | undefined {
  const stated = headers.get('content-length')?.[0];
  if (stated === undefined || stated === '') return undefined;
  const digits = /^0x([0-9a-f]{1,7})\b/i.exec(stated)?.[1];
  if (digits !== undefined) return parseInt(digits, 16);
  const decimal = /^(\d{1,9})\b/.exec(stated)?.[1];
  return decimal === undefined ? Infinity : Number(decimal);
}
