import type { TFunction } from 'i18next';

/** The sentence of a text that has more than `most` characters; undefined where it has not. Blanks around it do not count. */
export function tooLongBy(
  t: TFunction,
  language: string,
  value: unknown,
  most: number | undefined,
): string | undefined {
  if (typeof value !== 'string' || most === undefined) return undefined;
  const { length } = value.trim();
  if (length <= most) return undefined;
  const words = new Intl.NumberFormat(language);
  return t('common:form.tooLong', {
    length: words.format(length),
    most: words.format(most),
    over: words.format(length - most),
  });
}
