import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillInAccount, hasPlaceholder, hideAccount } from './address-account.js';

const host = 'rtsp://192.0.2.10:554';
const hide = (path: string, password: string, username = 'admin') => hideAccount(host + path, { username, password });

describe('an account within an RTSP address', () => {
  it.each([
    ['/user=admin&password=bi-mat&channel=1', 'bi-mat', '/user={username}&password={password}&channel=1'],
    ['/user=admin_password=bi-mat_channel=1', 'bi-mat', '/user={username}_password={password}_channel=1'],
    ['/live?usr=admin&PWD=p%40ss%2fw', 'p@ss/w', '/live?usr={username}&PWD={password}'],
    ['/live?pwd=p@ss&w/x&channel=1', 'p@ss&w/x', '/live?pwd={password:raw}&channel=1'],
    ['/user=root&password=tlJwpbo6&channel=1', 'bi-mat', '/user=root&password=tlJwpbo6&channel=1'],
    ['/user=admin_password=6QNMIQGe_channel=1', 'admin', '/user={username}_password={password:hash}_channel=1'],
    ['/password=&channel=1', 'bi-mat', '/password=&channel=1'],
    ['/admin/bi-mat-1/live', 'bi-mat-1', '/admin/{password}/live'],
    ['/1/1?pass=1', '1', '/1/1?pass={password}'],
    ['/Streaming/Channels/101', 'streaming', '/Streaming/Channels/101'],
    ['/user={username}&password={password}', 'bi-mat', '/user={username}&password={password}'],
  ])('%s, password %s', (path, password, hidden) => {
    expect(hide(path, password)).toEqual({ address: host + hidden, hasOtherPassword: false });
  });

  it('another password than the one given is noticed; where none is known it is whatever is called so', () => {
    const path = '/user=admin&password=bi-mat&channel=1';
    expect(hide(path, 'khac')).toEqual({ address: host + path, hasOtherPassword: true });
    expect(hideAccount(host + path, null).address).toBe(`${host}/user=admin&password={password}&channel=1`);
  });

  it('is filled in as the address had it, never in the host', () => {
    const account = { username: 'quản lý', password: 'p@ss/wörd 1' };
    expect(fillInAccount(`${host}/u={username}&a={password}&b={password:raw}`, account)).toBe(
      `${host}/u=qu%E1%BA%A3n%20l%C3%BD&a=p%40ss%2Fw%C3%B6rd%201&b=p@ss/w%C3%B6rd%201`,
    );
    expect(fillInAccount('rtsp://{password}.example/live', account)).toBe('rtsp://{password}.example/live');
    expect(hasPlaceholder('rtsp://{password}.example/live')).toBe(false);
  });

  it('comes back as it was, whatever the password, and is nowhere in what is kept', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 30 }), fc.boolean(), (password, isPath) => {
        const word = encodeURIComponent(password);
        const address = isPath ? `${host}/cam/${word}/live` : `${host}/user=admin&password=${word}&channel=1`;
        const hidden = hideAccount(address, { username: 'admin', password }).address;
        expect(hidden).toContain('{password}');
        expect(fillInAccount(hidden, { username: 'admin', password })).toBe(address);
      }),
    );
  });
});
