import { expect, it } from 'vitest';
import { chooseChallenge, createDigestAnswerer } from './http-digest.js';

/** RFC 7616, 3.9.1: one request under both algorithms. */
const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
const opaque = 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS';
const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
const header = (algorithm: string) =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${nonce}", opaque="${opaque}"`;

it.each([
  ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
])('answers the example of RFC 7616 in %s', (algorithm, response) => {
  const challenge = chooseChallenge([header(algorithm)]);
  if (challenge === undefined) throw new Error('no challenge');
  const answerer = createDigestAnswerer(challenge, 'Mufasa', 'Circle of Life');
  const value = answerer.authorization('GET', '/dir/index.html', cnonce);
  expect(value).toContain(`response="${response}"`);
  expect(value).toContain('nc=00000001');
  expect(answerer.authorization('GET', '/dir/index.html', cnonce)).toContain('nc=00000002');
});

it('answers without qop as RFC 2617 wants it', () => {
  const challenge = chooseChallenge(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"']);
  if (challenge === undefined) throw new Error('no challenge');
  const value = createDigestAnswerer(challenge, 'Mufasa', 'Circle Of Life').authorization('GET', '/dir/index.html');
  expect(value).toContain('response="670fd8c2df070c60b045671b8b24ff02"');
  expect(value).not.toContain('qop');
});

it.each<[string, string[], string | undefined]>([
  ['the stronger of two headers', [header('MD5'), header('SHA-256')], 'SHA-256'],
  ['the stronger of one header', [`Basic realm="x", ${header('MD5')}, ${header('SHA-256')}`], 'SHA-256'],
  ['none it does not know', ['Digest realm="x", nonce="n", algorithm=SHA-512-256', 'Basic realm="x"'], undefined],
  ['none that wants the body hashed', ['Digest realm="x", nonce="n", qop="auth-int"'], undefined],
  ['none without nonce', ['Digest realm="x"'], undefined],
])('chooses %s', (_what, headers, algorithm) => {
  expect(chooseChallenge(headers)?.algorithm).toBe(algorithm);
});

it('reads stale, whatever its case', () => {
  expect(chooseChallenge(['digest nonce="n", stale=TRUE'])?.stale).toBe(true);
});
