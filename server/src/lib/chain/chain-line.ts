// One line of a chain file or of the signed heads: `<SHA-256 of the JSON, hex> <JSON>`, ended by a line feed. The hash
// covers exactly the bytes of the JSON, so nothing depends on how somebody else would write the same JSON again.
import { createHash } from 'node:crypto';

export interface ChainLine {
  /** SHA-256 of `json`, hex. */
  readonly hash: string;
  readonly json: string;
}

export const sha256Hex = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

const hashPattern = /^[0-9a-f]{64}$/;
export const isHash = (text: string): boolean => hashPattern.test(text);

/** Without the line feed. */
export function encodeChainLine(json: string): string {
  return `${sha256Hex(json)} ${json}`;
}

/** Undefined where the line is torn or changed. `line` is without its line feed. */
export function decodeChainLine(line: string): ChainLine | undefined {
  if (line.charCodeAt(64) !== 32) return undefined;
  const hash = line.slice(0, 64);
  const json = line.slice(65);
  return hash === sha256Hex(json) ? { hash, json } : undefined;
}

/** What the first line of a chain names as the one before: no two chains begin alike, so none can stand for another. */
export const genesisOf = (name: string): string => sha256Hex(`choi-canh chain 1 ${name}`);
