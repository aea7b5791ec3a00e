/** Encodings that cameras name; what names another one is read as UTF-8. */
const known = /^(?:gb2312|gbk|gb18030|big5|euc-kr|shift_jis|iso-8859-\d{1,2}|windows-125\d|utf-16(?:le|be)?)$/i;

/**
 * The text of an answer: UTF-8 where the bytes are that, whatever is stated (cameras state GB2312 and send UTF-8), else in
 * the encoding that byte order mark, Content-Type or XML declaration name; RFC 7303, 3.
 */
export function answerText(body: Buffer, contentType = ''): string {
  const marked =
    body[0] === 0xff && body[1] === 0xfe ? 'utf-16le' : body[0] === 0xfe && body[1] === 0xff ? 'utf-16be' : '';
  if (marked !== '') return new TextDecoder(marked).decode(body);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    const declaration = /^[^>]{0,200}?encoding\s*=\s*["']([\w-]{1,20})["']/.exec(body.toString('latin1', 0, 220));
    const stated = /charset\s*=\s*"?([\w-]{1,20})/i.exec(contentType)?.[1] ?? '';
    const label = [declaration?.[1] ?? '', stated].find((name) => known.test(name)) ?? 'utf-8';
    return new TextDecoder(label).decode(body);
  }
}
