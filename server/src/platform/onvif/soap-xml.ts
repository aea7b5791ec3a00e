import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { AppError } from '../../lib/errors.js';
import { envelopeIn, repairXml } from './soap-repair.js';

/** Largest answer that is read from a camera, bytes. */
export const maxAnswerBytes = 1024 * 1024;
const maxDepth = 64;
const maxElements = 50_000;

/** An element: children by local name, attributes as `@name`, text as `#text`. Prefixes are dropped: cameras choose them freely. */
export interface XmlElement {
  readonly [key: string]: XmlElement | string | (XmlElement | string)[] | undefined;
}

// Entities are left as they stand and decoded below: only the five of XML and character references, never a document's own.
const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: maxDepth,
});

const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot|apos));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[String(name).toLowerCase()] ?? whole;
    const code = decimal !== undefined ? Number.parseInt(String(decimal), 10) : Number.parseInt(String(hex), 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}

/** For text and attribute values. Non-ASCII becomes character references, so that no transport has to guess an encoding. */
export function escapeXml(text: string): string {
  let escaped = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) continue;
    escaped += code > 0x7e || /[<>&"']/.test(character) ? `&#${code};` : character;
  }
  return escaped;
}

function badAnswer(message: string, cause?: unknown): AppError {
  return new AppError('unavailable', 'bad_answer', message, cause === undefined ? {} : { cause });
}

/**
 * Parses a SOAP envelope and returns its header and body. What stands around the envelope is left out, and what cameras
 * write carelessly is repaired first where it is not well-formed.
 * @throws AppError unavailable `bad_answer` for anything that is not one: no XML, a DTD, too deep, too many elements.
 */
export function parseEnvelope(text: string): { header: XmlElement; body: XmlElement } {
  if (text.length > maxAnswerBytes) throw badAnswer(`answer is larger than ${maxAnswerBytes} bytes`);
  if (text.trim() === '') throw badAnswer('answer is empty');
  // SOAP 1.2 part 1, 5: a message must not hold a document type declaration.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw badAnswer('answer holds a document type declaration');
  if ((text.match(/</g)?.length ?? 0) > maxElements * 2) throw badAnswer('answer has too many elements');
  const found = envelopeIn(text);
  if (found === undefined) throw badAnswer('answer is not a SOAP envelope');
  let document: unknown;
  try {
    document = parser.parse(wellFormed(found));
  } catch (error) {
    throw badAnswer('answer is not well-formed XML', error);
  }
  const envelope = element(document as XmlElement, 'Envelope');
  const body = envelope === undefined ? undefined : element(envelope, 'Body');
  if (envelope === undefined || body === undefined) throw badAnswer('answer is not a SOAP envelope');
  return { header: element(envelope, 'Header') ?? {}, body };
}

/** As it is, or repaired. @throws Error where that does not help */
function wellFormed(text: string): string {
  if (XMLValidator.validate(text) === true) return text;
  const repaired = repairXml(text);
  const valid = XMLValidator.validate(repaired);
  if (valid !== true) throw new Error(`${valid.err.msg} (line ${valid.err.line})`);
  return repaired;
}

/** All children of this local name; a child with text alone becomes `{'#text': …}`. */
export function elements(parent: XmlElement | undefined, name: string): XmlElement[] {
  if (parent === undefined || !Object.hasOwn(parent, name)) return [];
  const value = parent[name];
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((item) =>
    item === undefined ? [] : typeof item === 'string' ? [{ '#text': item }] : [item as XmlElement],
  );
}

/** The first element at a path of local names. */
export function element(parent: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  let current = parent;
  for (const name of path) current = elements(current, name)[0];
  return current;
}

/** Decoded and trimmed text at a path; '' where there is none. */
export function textAt(parent: XmlElement | undefined, ...path: string[]): string {
  const text = element(parent, ...path)?.['#text'];
  return typeof text === 'string' ? decodeEntities(text).trim() : '';
}

export function attribute(of: XmlElement | undefined, name: string): string {
  const value = of?.[`@${name}`];
  return typeof value === 'string' ? decodeEntities(value).trim() : '';
}

/** A finite number at a path, else null: cameras write "", "auto" or nothing. */
export function numberAt(parent: XmlElement | undefined, ...path: string[]): number | null {
  const text = textAt(parent, ...path);
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? value : null;
}
