// Whatever a camera sends: an answer, or an AppError, in bounded time and memory.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../lib/errors.js';
import { answerText } from './answer-text.js';
import { cameraClock } from './camera-clock.js';
import { pictureUrl, serviceUrl, streamUrl } from './camera-url.js';
import { readProbeMatches } from './discovery-message.js';
import { asksForPlain, chooseChallenge } from './http-digest.js';
import { readProfiles } from './media-profiles.js';
import { secureRedirect } from './secure-redirect.js';
import { isPasswordRefused, readFault } from './soap-fault.js';
import { maxAnswerBytes, parseEnvelope } from './soap-xml.js';
import { zoneOffsetMs } from './time-zone.js';

const device = new URL('http://192.168.1.64/onvif/device_service');
const open = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>';
const close = '</s:Body></s:Envelope>';

function bounded<T>(work: () => T): T | AppError {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

const piece = fc.oneof(
  fc.constantFrom(
    open,
    close,
    '<x a="1" a="1">',
    '</x>',
    '<',
    '>',
    '&',
    '&amp;',
    '&#0;',
    '&#x110000;',
    '<![CDATA[',
    ']]>',
    '"',
    "'",
  ),
  fc.constantFrom(
    '<s:Fault><s:Code><s:Value>',
    '</s:Value></s:Code></s:Fault>',
    '<!--',
    '-->',
    '<?x?>',
    '\0',
    '\uFEFF',
  ),
  fc.constantFrom(
    '<GetProfilesResponse>',
    '<Profiles token="a">',
    '</Profiles>',
    '</GetProfilesResponse>',
    '__proto__',
  ),
  fc.string({ maxLength: 40, unit: 'binary' }),
);
const junk = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(''));

describe('answers', () => {
  it('of any kind are read or refused', () => {
    fc.assert(
      fc.property(junk, fc.boolean(), (text, isWrapped) => {
        const parsed = bounded(() => parseEnvelope(isWrapped ? `${open}${text}${close}` : text));
        if (parsed instanceof AppError) {
          expect(parsed.code).toBe('bad_answer');
          return;
        }
        expect(Array.isArray(readProfiles(parsed.body))).toBe(true);
        const fault = readFault(parsed.body);
        if (fault !== undefined) expect(typeof isPasswordRefused(fault)).toBe('boolean');
        const clock = cameraClock(parsed.body);
        if (clock !== null) expect(Number.isFinite(clock.utcMs)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  it('of any bytes are text, and no device', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.string({ maxLength: 60 }), (bytes, type) => {
        expect(typeof answerText(Buffer.from(bytes), type)).toBe('string');
        expect(readProbeMatches(Buffer.from(bytes), '10.0.0.5')).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  // Each of these takes minutes where a step is quadratic.
  it.each([
    ['quotes', `<x ${' a="'.repeat(200_000)}`],
    ['ampersands', '&'.repeat(900_000)],
    ['blanks in a tag', `<x${' '.repeat(900_000)}`],
    ['half tags', '<x'.repeat(40_000)],
    ['envelopes', '<s:Envelope '.repeat(40_000)],
    ['names', `<${'a'.repeat(900_000)}`],
    ['repeated attributes', `<x ${'a="" '.repeat(12_000)}/>`],
  ])('that are all %s are over soon', (_name, text) => {
    const whole = `${open}${text}${close}`;
    expect(whole.length).toBeLessThan(maxAnswerBytes);
    bounded(() => parseEnvelope(whole));
  });
});

describe('addresses', () => {
  const address = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          'rtsp://',
          'http://',
          'https://',
          '@',
          ':',
          '/',
          '[',
          ']',
          '554',
          '10.0.0.1',
          '&amp;',
          ' ',
          '%',
        ),
        {
          maxLength: 40,
        },
      )
      .map((parts) => parts.join('')),
    fc.string({ maxLength: 80 }).map((text) => `rtsp://${text}@10.0.0.9/live`),
  );

  it('never lead to another host, and hold no credentials', () => {
    fc.assert(
      fc.property(address, (text) => {
        expect(serviceUrl(device, text).hostname).toBe(device.hostname);
        const stream = bounded(() => streamUrl(device, text));
        if (!(stream instanceof AppError)) expect(stream).toMatch(/^rtsps?:\/\/192\.168\.1\.64(?::\d{1,5})?[/?#]/);
        const picture = bounded(() => pictureUrl(device, text));
        if (!(picture instanceof AppError)) expect(new URL(picture).hostname).toBe(device.hostname);
        expect(secureRedirect(device, 302, text)?.hostname ?? device.hostname).toBe(device.hostname);
      }),
      { numRuns: 1500 },
    );
  });

  it('lose a password of whatever characters', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40 }), (text) => {
        const secret = `s${text.replace(/\s|&/g, '')}S`;
        const found = bounded(() => streamUrl(device, `rtsp://admin:${secret}@10.0.0.9:554/live`));
        if (!(found instanceof AppError)) expect(found).toBe('rtsp://192.168.1.64:554/live');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('zones', () => {
  it.each<[string, boolean, number | null]>([
    ['ICT-7', false, 7],
    ['<+07>-7', false, 7],
    ['CST-8', false, 8],
    ['IST-5:30', false, 5.5],
    ['GMT+07:00', false, 7],
    ['UTC+07:00', false, 7],
    ['+07:00', false, 7],
    ['UTC-7', false, 7],
    ['UTC0', false, 0],
    ['GMT', false, 0],
    ['CET-1CEST,M3.5.0,M10.5.0/3', false, 1],
    ['CET-1CEST,M3.5.0,M10.5.0/3', true, 2],
    ['EST5EDT4,M3.2.0,M11.1.0', true, -4],
    ['Asia/Ho_Chi_Minh', false, null],
    ['', false, null],
    ['ICT-99', false, null],
  ])('%s (summer: %s) is %s hours ahead', (zone, isSummer, hours) => {
    expect(zoneOffsetMs(zone, isSummer)).toBe(hours === null ? null : hours * 3_600_000);
  });

  it('of any text are an offset of a day or none', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), fc.boolean(), (text, isSummer) => {
        expect(Math.abs(zoneOffsetMs(text, isSummer) ?? 0)).toBeLessThan(86_400_000);
      }),
    );
  });
});

describe('challenges', () => {
  it('of any text are answered or not', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 200 }), { maxLength: 4 }), (headers) => {
        const found = chooseChallenge(headers.map((text) => `Digest ${text}`));
        if (found !== undefined) expect(['MD5', 'SHA-256']).toContain(found.algorithm);
        expect(typeof asksForPlain(headers)).toBe('boolean');
      }),
    );
  });
});
