export const passwordFaults = ['short', 'repeated', 'walk', 'digits', 'own_name', 'common'] as const;
export type PasswordFault = (typeof passwordFaults)[number];

export const minPasswordLength = 10;
/** What must be left of a password when everything that guessers try first is taken out of it; a digit counts half. */
const ownWeight = 5;

/**
 * Words of passwords that guessers try first, folded: the usual lists (English ones, and what people here choose), and
 * what stands on the devices and doors of the people who use this.
 */
const commonWords = (
  'password passwd passcode passphrase letmein welcome administrator admin manager master root user guest login logon ' +
  'default changeme temporary system server internet computer network wireless windows google facebook youtube zalo ' +
  'samsung iphone android camera cctv security hikvision dahua kbvision imou ezviz hanet viettel vnpt mobifone fpt ' +
  'dragon monkey shadow sunshine princess football baseball superman batman spiderman starwars pokemon michael jordan ' +
  'charlie jessica ashley daniel jennifer hunter killer freedom whatever trustno iloveyou loveyou iloveu lovely love ' +
  'flower cookie summer winter spring autumn january february march april june july august september october november ' +
  'december monday friday sunday secret hello goodbye forever liverpool chelsea manchester arsenal barcelona secure ' +
  'matkhau mkhau bimat dangnhap taikhoan quantrivien quantri quanly nguoidung hethong maychu maytinh mayghi dienthoai ' +
  'congan canbo canhsat cshs csgt chiensi truongcongan phocongan truongphong doitruong giamdoc lanhdao uyban ubnd ' +
  'thitran tinh huyen phuong choicanh giamsat anninh trattu tintuc congviec coquan vanphong ' +
  'vietnam hanoi saigon hochiminh danang haiphong phutho vinhphuc thanhhoa camthuy chidam doanhung ' +
  'anhyeuem emyeuanh toiyeuem yeuem yeuanh tinhyeu maiyeu yeumai nhoem nhoanh giadinh hanhphuc conyeu concon contrai ' +
  'congai bomeyeu bome chame ongba vochong vokhong khongbiet khongnho khongco khongquen xinchao chaoban chucmung ' +
  'namoadidaphat camon nguyen abc xyz test demo temp pass'
)
  .split(' ')
  .sort((one, other) => other.length - one.length);

/** Rows and columns of keys, digits and the alphabet. */
const walks = [
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '01234567890',
  'abcdefghijklmnopqrstuvwxyz',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'qazwsxedcrfvtgbyhnujmikolp',
  '147258369',
  '159753',
  '1q2w3e4r5t6y7u8i9o0p',
  'qawsedrftgyhujikolp',
].flatMap((row) => [row, [...row].reverse().join('')]);
const minWalk = 4;
/** Digits with Shift held. */
const shifted: Record<string, string> = {
  ...{ '!': '1', '@': '2', '#': '3', $: '4', '%': '5', '^': '6', '&': '7', '*': '8', '(': '9', ')': '0' },
};
/** Letters as they are disguised. */
const disguised: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
};

/**
 * Why a new password would be guessed among the first, or undefined. `names`: those of its owner. No rule of composition
 * (NIST SP 800-63B 5.1.1): a long sentence is good, whatever it is made of.
 */
export function passwordFault(password: string, names: readonly string[]): PasswordFault | undefined {
  if (password.length < minPasswordLength) return 'short';
  const folded = fold(password);
  if (isRepeated(folded)) return 'repeated';
  if (weightOf(withoutWalks(mapped(folded, shifted))) < ownWeight) {
    return /^\d+$/.test(folded) && weightOf(withoutWalks(folded)) >= 1 ? 'digits' : 'walk';
  }
  if (/^[\d\W_]+$/.test(folded) && /\d/.test(folded) && folded.length < 16) return 'digits';
  for (const text of [folded, mapped(folded, disguised)]) {
    const letters = text.replace(/[^\p{L}\p{N}]/gu, '');
    const withoutNames = ownWords(names).reduce((rest, name) => rest.replaceAll(name, ' '), letters);
    if (withoutNames !== letters && weightOf(withoutWalks(withoutNames)) < ownWeight) return 'own_name';
    const rest = commonWords.reduce((left, word) => left.replaceAll(word, ' '), withoutNames);
    if (weightOf(withoutWalks(rest)) < ownWeight) return withoutNames === letters ? 'common' : 'own_name';
  }
  return undefined;
}

/** Whole names and each longer word of them, the longest first. */
function ownWords(names: readonly string[]): string[] {
  const words = names.flatMap((name) => {
    const parts = fold(name)
      .split(/[^\p{L}\p{N}]+/u)
      .filter((part) => part !== '');
    return [parts.join(''), ...parts.filter((part) => part.length >= 3)];
  });
  return [...new Set(words)].filter((word) => word.length >= 2).sort((one, other) => other.length - one.length);
}

function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('đ', 'd');
}

function mapped(text: string, map: Record<string, string>): string {
  return [...text].map((one) => map[one] ?? one).join('');
}

/** Few different characters, or a short piece again and again. */
function isRepeated(text: string): boolean {
  if (new Set(text).size <= 3) return true;
  for (let period = 1; period <= Math.min(6, text.length / 2); period += 1) {
    if ([...text].every((one, index) => index < period || one === text[index - period])) return true;
  }
  return false;
}

/** Each run of neighbouring keys becomes a blank. */
function withoutWalks(text: string): string {
  let rest = '';
  for (let at = 0; at < text.length;) {
    const length = walkLength(text, at);
    rest += length >= minWalk ? ' ' : (text[at] ?? '');
    at += length >= minWalk ? length : 1;
  }
  return rest;
}

function walkLength(text: string, at: number): number {
  let length = 1;
  while (at + length < text.length && walks.some((walk) => walk.includes(text.slice(at, at + length + 1)))) length += 1;
  return length;
}

function weightOf(text: string): number {
  // The same character again and again is no more than once or twice.
  const short = text.replace(/(.)\1{2,}/gu, '$1$1');
  const digits = short.match(/\d/g)?.length ?? 0;
  const letters = short.match(/\p{L}/gu)?.length ?? 0;
  return letters + digits / 2;
}
