import { describe, expect, it } from 'vitest';
import { addressWithCredentials, concatScript, fragmentArguments } from './stream-arguments.js';

const input = { url: 'rtsp://10.0.0.5:554/main?x=1', username: 'admin', password: 'pw', timeoutMs: 5000 };
const look = { lookMs: 10_000 };

describe('concatScript', () => {
  it('names address, transport and timeout', () => {
    expect(concatScript(input, look)).toBe(
      [
        'ffconcat version 1.0',
        "file 'rtsp://admin:pw@10.0.0.5:554/main?x=1'",
        'option rtsp_flags prefer_tcp',
        'option allowed_media_types video+audio',
        'option analyzeduration 10000000',
        'option probesize 64000000',
        'option fpsprobesize 0',
        'option timeout 5000000',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ["it's", 'it%27s'],
    ['a%b', 'a%25b'],
    ['a@b:c/d', 'a%40b%3Ac%2Fd'],
    ['back\\slash', 'back%5Cslash'],
    ['mật khẩu', 'm%E1%BA%ADt%20kh%E1%BA%A9u'],
    ['(*)!', '%28%2A%29%21'],
  ])('encodes the password %s', (password, encoded) => {
    expect(addressWithCredentials({ ...input, password })).toBe(`rtsp://admin:${encoded}@10.0.0.5:554/main?x=1`);
  });

  it('quotes what stands in the path', () => {
    expect(concatScript({ ...input, url: "rtsp://h/it's" }, look)).toContain("file 'rtsp://admin:pw@h/it'\\''s'\n");
  });

  it('replaces credentials that stand in the address', () => {
    expect(addressWithCredentials({ ...input, url: 'rtsp://old:word@h/x' })).toBe('rtsp://admin:pw@h/x');
  });

  it.each([
    { url: 'file:///etc/passwd' },
    { url: "rtsp://h/x\nfile '/etc/passwd'" },
    { url: 'rtsp://h/a b' },
    { password: 'line\nbreak' },
    { username: 'nul\0' },
  ])('refuses %j', (wrong) => {
    expect(() => concatScript({ ...input, ...wrong }, look)).toThrow(
      expect.objectContaining({ kind: 'invalid', code: 'bad_stream_address' }),
    );
  });
});

describe('fragmentArguments', () => {
  it('holds nothing that is secret and ends on stdout', () => {
    const args = fragmentArguments({ fragmentMs: 1000, lookMs: 10_000 });
    expect(args.join(' ')).not.toContain('rtsp://');
    expect(args.at(-1)).toBe('pipe:1');
    expect(args[args.indexOf('-frag_duration') + 1]).toBe('1000000');
  });
});
