import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSecretBox } from './secret-box.js';

describe('secret box', () => {
  const box = createSecretBox(randomBytes(32));

  it.each(['', 'p', 'mật khẩu camera', 'x'.repeat(200)])('gives back %j and never the same box twice', (secret) => {
    const [first, second] = [box.seal(secret, 'camera:1'), box.seal(secret, 'camera:1')];
    expect(first).not.toBe(second);
    expect(box.open(first, 'camera:1')).toBe(secret);
    if (secret.length > 1) expect(first).not.toContain(secret);
  });

  it('refuses another context, another key, a changed byte and junk', () => {
    const sealed = box.seal('secret', 'camera:1');
    expect(() => box.open(sealed, 'camera:2')).toThrow('does not open');
    expect(() => createSecretBox(randomBytes(32)).open(sealed, 'camera:1')).toThrow('does not open');
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    bytes[bytes.length - 1]! ^= 1;
    expect(() => box.open(`v1.${bytes.toString('base64url')}`, 'camera:1')).toThrow('does not open');
    for (const junk of ['', 'v1.', 'v1.AAAA', 'v2.' + sealed.slice(3)]) {
      expect(() => box.open(junk, 'camera:1')).toThrow('does not open');
    }
  });

  it('wants a key of 32 bytes', () => {
    expect(() => createSecretBox(randomBytes(16))).toThrow('32 bytes');
  });
});
