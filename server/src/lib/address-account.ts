// RTSP addresses that hold the account of the device in their path or query (`/user=admin&password=x&channel=1`). They are
// kept with `{username}` and `{password}` in its place; what connects fills it in, in memory.
import { createHash } from 'node:crypto';
import { rtspTemplates } from '@choi-canh/shared/rtsp-templates';

export interface AddressAccount {
  readonly username: string;
  readonly password: string;
}

/**
 * How the address has a word of the account: percent-encoded (RFC 3986 2.1; without a name), as it is (`raw`), or as the
 * hash that devices of Xiongmai take in its place (`hash`).
 */
const placeholder = /\{(username|password)(?::(raw|hash))?\}/g;
const passwordName = /(?<![a-z])(?:password|passwd|pass|pwd)=/gi;
const usernameName = /(?<![a-z])(?:username|user|usr|login)=/gi;
/** Where the value of a parameter ends; some devices part them by `_`. */
const valueEnd = /[&;?#/]|_(?=[a-z]+=)|$/i;
const delimiters = /[/?&;=:,#]/;
/** A password of fewer characters is looked for only behind its name: channel numbers and the like are as short. */
const shortestUnnamed = 5;

/** Words of which the paths of brands consist. */
const pathWords = new Set(
  rtspTemplates.flatMap(({ paths }) =>
    paths.flatMap(({ main, sub }) => `${main}/${sub ?? ''}`.split(delimiters).map((word) => word.toLowerCase())),
  ),
);

/** Eight letters and digits, of pairs of bytes of the MD5. */
function xiongmaiHash(password: string): string {
  const bytes = createHash('md5').update(password).digest();
  let text = '';
  for (let at = 0; at < 16; at += 2) {
    const digit = (bytes[at]! + bytes[at + 1]!) % 62;
    text += String.fromCharCode(digit + (digit < 10 ? 48 : digit < 36 ? 55 : 61));
  }
  return text;
}
/** Known to everybody. */
const hashOfNothing = xiongmaiHash('');

/** Halves of characters, which nothing encodes, are replaced. */
const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const split = (address: string): [authority: string, rest: string] => {
  const [authority = ''] = /^[a-z]+:\/\/[^/?#]*/i.exec(address) ?? [];
  return [authority, address.slice(authority.length)];
};

/** What stands for a value that is this word of the account; undefined: it is another one. */
function standsFor(value: string, name: keyof AddressAccount, word: string): string | undefined {
  if (word === '') return undefined;
  if (value === encoded(word)) return `{${name}}`;
  if (value === word) return `{${name}:raw}`;
  if (decoded(value) === word) return `{${name}}`;
  return name === 'password' && value === xiongmaiHash(word) ? '{password:hash}' : undefined;
}

export interface HiddenAddress {
  readonly address: string;
  /** A parameter that is called a password holds another one than the account's. */
  readonly hasOtherPassword: boolean;
}

/**
 * The address without the account that it holds. `account` null: nobody knows it any more, and whatever is called a password
 * is taken for it.
 */
export function hideAccount(address: string, account: AddressAccount | null): HiddenAddress {
  const [authority, rest] = split(address);
  let hasOtherPassword = false;
  const named = replaceValues(rest, passwordName, (behind) => {
    const raw = account?.password ?? '';
    // As it is it may hold what would end it.
    if (raw !== '' && behind.startsWith(raw) && behind.slice(raw.length).search(valueEnd) === 0)
      return { value: raw, by: standsFor(raw, 'password', raw) };
    const value = behind.slice(0, behind.search(valueEnd));
    if (value === '' || value === hashOfNothing || value.startsWith('{')) return { value, by: undefined };
    if (account === null) return { value, by: '{password}' };
    const by = standsFor(value, 'password', account.password);
    hasOtherPassword ||= by === undefined;
    return { value, by };
  });
  const unnamed =
    account === null || account.password.length < shortestUnnamed || pathWords.has(account.password.toLowerCase())
      ? named
      : named.replace(/[^/?&;=:,#]+/g, (token) => standsFor(token, 'password', account.password) ?? token);
  if (account === null || !hasPlaceholder(unnamed)) return { address: authority + unnamed, hasOtherPassword };
  const whole = replaceValues(unnamed, usernameName, (behind) => {
    const value = behind.slice(0, behind.search(valueEnd));
    return { value, by: standsFor(value, 'username', account.username) };
  });
  return { address: authority + whole, hasOtherPassword };
}

function replaceValues(
  text: string,
  name: RegExp,
  judge: (behind: string) => { value: string; by: string | undefined },
): string {
  let result = '';
  let from = 0;
  for (const match of text.matchAll(name)) {
    const at = match.index + match[0].length;
    if (at < from) continue;
    const { value, by } = judge(text.slice(at));
    result += text.slice(from, at) + (by ?? value);
    from = at + value.length;
  }
  return result + text.slice(from);
}

/** The password in every way in which an address may have it, to be kept out of what is shown. */
export const writtenForms = (password: string): string[] => [
  ...new Set(
    ['{password:raw}', '{password}', '{password:hash}'].map((form) => filledIn(form, { username: '', password })),
  ),
];

export const hasPlaceholder = (address: string): boolean => split(address)[1].search(placeholder) >= 0;

/** The address by which a device is connected to: a secret. The host is never filled in. */
export function fillInAccount(address: string, account: AddressAccount): string {
  const [authority, rest] = split(address);
  return authority + filledIn(rest, account);
}

function filledIn(text: string, account: AddressAccount): string {
  return text.replace(placeholder, (_, name: keyof AddressAccount, form: 'raw' | 'hash' | undefined) => {
    const word = account[name];
    if (form === 'hash') return xiongmaiHash(word);
    // What would end the line of a request is encoded all the same.
    return form === 'raw' ? word.replace(/[^\x21-\x7e]+/g, encoded) : encoded(word);
  });
}
