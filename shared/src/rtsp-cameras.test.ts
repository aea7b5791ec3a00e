import { expect, it } from 'vitest';
import { hostsOf, rtspDevice } from './rtsp-cameras.js';

const account = { username: 'admin', password: 'p' };
const channel = (host: string, number: number, port = 554) => ({
  device: rtspDevice.parse({ brand: 'dahua', host, port, channel: number }),
  ...account,
});

it('channels of one host with one account are one try; another port or account is another', () => {
  expect(hostsOf([channel('10.0.0.1', 1), channel('10.0.0.1', 2), channel('10.0.0.2', 1)])).toBe(2);
  expect(hostsOf([channel('10.0.0.1', 1), channel('10.0.0.1', 1, 8554)])).toBe(2);
  expect(hostsOf([channel('10.0.0.1', 1), { ...channel('10.0.0.1', 2), password: 'q' }])).toBe(2);
  const plain = (path: string) => ({
    device: rtspDevice.parse({ brand: 'plain', mainUrl: `rtsp://Cam.local:554${path}` }),
    ...account,
  });
  expect(hostsOf([plain('/a'), plain('/b?x=1')])).toBe(1);
});
