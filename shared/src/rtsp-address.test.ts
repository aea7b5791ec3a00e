import { expect, it } from 'vitest';
import { withoutPasswords } from './rtsp-address.js';

it.each([
  [
    'rtsp://192.0.2.10:554/user=admin&password=bi-mat&channel=1&stream=0.sdp',
    '/user=admin&password=***&channel=1&stream=0.sdp',
  ],
  [
    'rtsp://192.0.2.10:554/user=admin_password=bi-mat_channel=1_stream=0.sdp',
    '/user=admin_password=***_channel=1_stream=0.sdp',
  ],
  ['rtsp://192.0.2.10:554/live?usr=a&PWD=bi-mat', '/live?usr=a&PWD=***'],
  ['rtsp://192.0.2.10:554/live?pass=bi-mat#1', '/live?pass=***#1'],
])('a password in the address %s is not shown', (address, path) => {
  expect(withoutPasswords(address)).toBe(`rtsp://192.0.2.10:554${path}`);
});

it.each([
  'rtsp://192.0.2.10/user={username}&password={password}&channel=1',
  'rtsp://192.0.2.10/Streaming/Channels/101',
  'rtsp://192.0.2.10/bypass=1/live',
  'rtsp://[2001:db8::1]:8554/cam?channel=1&subtype=0',
])('%s is shown as it is', (address) => expect(withoutPasswords(address)).toBe(address));
