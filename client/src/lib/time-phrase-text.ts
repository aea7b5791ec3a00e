import { foldText } from '@choi-canh/shared/text-folding';

const units: Record<string, number> = {
  khong: 0,
  mot: 1,
  hai: 2,
  ba: 3,
  bon: 4,
  tu: 4,
  nam: 5,
  lam: 5,
  sau: 6,
  bay: 7,
  tam: 8,
  chin: 9,
};
const unitWords = Object.keys(units).join('|');
/** `mười lăm`, `hai mươi`, `ba mươi lăm`, `năm`: only before a word that counts something, for `năm` is also "year". */
const numberBeforeUnit = new RegExp(
  `(?<![a-z0-9])(?:(?:(${unitWords}) )?(muoi)(?: (${unitWords}))?|(${unitWords}))(?= (?:gio|tieng|phut|giay|ngay|hom|tuan)(?![a-z]))`,
  'g',
);
const numberAfterLess = new RegExp(`(?<=gio kem )(?:(muoi)(?: (${unitWords}))?|(${unitWords}))(?![a-z])`, 'g');

/**
 * The phrase in lower case without marks, in single spaces, number words before units as digits: what the rules of
 * `time-phrase-rules.ts` read. `hôm kìa` (three days back) differs from `hôm kia` (two) by its mark alone and is kept
 * apart; so are `bảy giờ` (seven) and `bây giờ` (now), where the marks tell.
 */
export function plainPhrase(text: string): string {
  const folded = foldText(
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/kìa/g, 'kia3')
      .replace(/bảy(?= )/g, '7')
      .replace(/[‘’′`´]/g, "'")
      .replace(/[‐-―−]/g, '-'),
  )
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/(?<=[a-z0-9'])[.,;]+$/, '');
  const digits = (word: string | undefined) => units[word ?? ''] ?? 0;
  if (/^(?:ngay )?bay gio$/.test(folded)) return folded;
  return folded
    .replace(
      numberBeforeUnit,
      (_all, tens: string | undefined, ten: string | undefined, ones: string | undefined, alone: string | undefined) =>
        String(ten === undefined ? digits(alone) : (tens === undefined ? 1 : digits(tens)) * 10 + digits(ones)),
    )
    .replace(numberAfterLess, (_all, ten: string | undefined, ones: string | undefined, alone: string | undefined) =>
      String(ten === undefined ? digits(alone) : 10 + digits(ones)),
    );
}
