import { cameraReasons } from '@choi-canh/shared/health';
import { describe, expect, it } from 'vitest';
import { curesOf, devicePage, retrySaidForMs } from './cures.js';

describe('curesOf', () => {
  it('has something to do for every reason of a camera that is not well', () => {
    for (const reason of cameraReasons.filter((one) => one !== 'ok' && one !== 'retired')) {
      expect(curesOf({ state: 'down', reason }), reason).not.toEqual([]);
    }
  });
  it('asks for the password where it is wrong, and for nothing where all is well', () => {
    expect(curesOf({ state: 'down', reason: 'wrong_password' })[0]).toBe('password');
    expect(curesOf({ state: 'alive', reason: 'ok' })).toEqual([]);
  });
});

describe('retrySaidForMs', () => {
  it('ends with the wait, so that no button is said to be closed that is open again', () => {
    expect(retrySaidForMs({ tried: false, waitMs: 4200 })).toBe(4200);
  });
  it('does not say for ever that an attempt is going on', () => {
    const saidForMs = retrySaidForMs({ tried: true, waitMs: 0 });
    expect(saidForMs).toBeGreaterThan(5000);
    expect(saidForMs).toBeLessThanOrEqual(30_000);
  });
});

describe('devicePage', () => {
  it.each([
    ['http://192.168.1.64/onvif/device_service', 'http://192.168.1.64/'],
    ['https://10.0.0.2:8443/onvif', 'https://10.0.0.2:8443/'],
    ['http://user:secret@10.0.0.2/onvif', 'http://10.0.0.2/'],
    ['javascript:alert(1)', undefined],
    ['file:///etc/passwd', undefined],
    ['', undefined],
  ])('%s', (address, page) => expect(devicePage(address)).toBe(page));
});
