import type { CameraResponse } from '@choi-canh/shared/cameras';
import { foldedTokens, foldText } from '@choi-canh/shared/text-folding';

/** The texts of a camera by which people look for it. */
export interface CameraTexts {
  /** Name and place, each by itself: a number belongs to the words of its own text. */
  titles: readonly string[];
  /** Area, maker, model, state: found by their words. */
  others: readonly string[];
  /** Its network address, with or without scheme, port and path. */
  address: string;
}

export function cameraTexts(camera: CameraResponse, ...more: readonly string[]): CameraTexts {
  return {
    titles: [camera.name, camera.place],
    others: [camera.manufacturer, camera.model, camera.serialNumber, ...more],
    address: camera.deviceAddress,
  };
}

/**
 * Whether everything that was typed is in the camera's texts, without regard to marks and case. A number means a whole
 * number of the name or the place ("Cam 6" is not Cam 66, and 66 is not an address), and belongs to the word before it.
 * An address is looked at only where the text looks like a part of one: "127.66", ".20", "192.168.1.20:80".
 */
export function matchesCamera(texts: CameraTexts, query: string): boolean {
  const titles = texts.titles.map(foldedTokens);
  const words = foldText([...texts.titles, ...texts.others].join(' ').replace(/\s+/g, ' '));
  const typed = foldText(query).split(/\s+/).filter(Boolean);
  return typed.every((part, index) => {
    if (looksLikeAddress(part)) return matchesAddress(texts.address, part) || words.includes(part);
    if (/^\d+$/.test(part)) {
      const before = typed[index - 1];
      const owner = before !== undefined && /^\p{L}+$/u.test(before) ? before : undefined;
      return titles.some((tokens) => hasNumber(tokens, part, owner)) || isLongNumberOf(texts.others, part);
    }
    if (words.includes(part)) return true;
    // "cam66" for "Cam 66"
    const [, owner, number] = /^(\p{L}+)(\d+)$/u.exec(part) ?? [];
    return owner !== undefined && number !== undefined && titles.some((tokens) => hasNumber(tokens, number, owner));
  });
}

/** A whole number; with its word directly before it, or one word between them ("trạm biến áp số 2"). */
function hasNumber(tokens: readonly string[], number: string, owner: string | undefined): boolean {
  return tokens.some((token, index) => {
    if (!sameNumber(token, number)) return false;
    if (owner === undefined) return true;
    const [near = '', far = ''] = [tokens[index - 1], tokens[index - 2]];
    return near.startsWith(owner) || (/^\p{L}/u.test(near) && far.startsWith(owner));
  });
}

const sameNumber = (token: string, number: string) =>
  /^\d/.test(token) && token.replace(/^0+(?=\d)/, '') === number.replace(/^0+(?=\d)/, '');

/** Serial numbers and models are typed in parts, and those parts are longer than numbers of cameras. */
const isLongNumberOf = (texts: readonly string[], number: string) =>
  number.length >= 5 && texts.some((text) => text.includes(number));

function looksLikeAddress(part: string): boolean {
  return /^(\d{1,3}\.|\.\d)[\d.]*(:\d*)?$/.test(part);
}

/** Parts of the address one after the other; only the last may be unfinished, and only where more can follow. */
function matchesAddress(address: string, typed: string): boolean {
  const [, host = '', port = ''] = /^(?:[a-z]+:\/\/)?([^/:]+)(?::(\d+))?/i.exec(address) ?? [];
  const [wantedHost = '', wantedPort = ''] = typed.split(':');
  if (!port.startsWith(wantedPort)) return false;
  const octets = host.split('.');
  const wanted = wantedHost.split('.').filter((octet) => octet !== '');
  const finished = wanted.length === 4 || wantedHost.startsWith('.') || wantedHost.endsWith('.');
  return octets.some((_, start) =>
    wanted.every((octet, index) => {
      const there = octets[start + index];
      if (there === undefined) return false;
      return index === wanted.length - 1 && !finished ? there.startsWith(octet) : there === octet;
    }),
  );
}
