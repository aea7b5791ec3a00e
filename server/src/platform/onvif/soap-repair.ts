const maxTagLength = 64 * 1024;

/**
 * The first SOAP envelope in what a camera sent, without what stands before or behind it: other declarations, chunk sizes,
 * a second answer. Undefined where none begins; up to the end of the text where it is not closed.
 */
export function envelopeIn(text: string): string | undefined {
  const begins = /<((?:[\w.-]{1,64}:)?Envelope)[\s>]/.exec(text);
  if (begins === null) return undefined;
  const closing = `</${begins[1] ?? ''}`;
  const closes = text.indexOf(closing, begins.index);
  const ends = closes < 0 ? -1 : text.indexOf('>', closes);
  return text.slice(begins.index, ends < 0 ? undefined : ends + 1);
}

/**
 * Makes well-formed what cameras write carelessly: a `&` that begins no reference, an attribute or namespace that stands
 * twice in one tag (the first counts), control characters.
 */
export function repairXml(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- XML 1.0, 2.2: they are no characters
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
      .replace(/&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|lt|gt|amp|quot|apos);)/g, '&amp;')
      .replace(/<[A-Za-z_][^<>]*>/g, withoutRepeatedAttributes)
  );
}

function withoutRepeatedAttributes(tag: string): string {
  if (tag.length > maxTagLength) return tag;
  const seen = new Set<string>();
  return tag.replace(/(?<=\s)([\w:.-]+)\s*=\s*(?:"[^"]*"|'[^']*')/g, (whole, name: string) => {
    if (seen.has(name)) return '';
    seen.add(name);
    return whole;
  });
}
