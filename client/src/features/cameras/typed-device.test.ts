import { expect, it } from 'vitest';
import { typedDevice } from './typed-device.js';

it.each([
  ['192.168.1.64', 'http://192.168.1.64/onvif/device_service'],
  [' 192.168.1.64:8000 ', 'http://192.168.1.64:8000/onvif/device_service'],
  ['192.168.1.64/', 'http://192.168.1.64/onvif/device_service'],
  ['http://192.168.1.64:80/onvif/device_service', 'http://192.168.1.64/onvif/device_service'],
  ['HTTPS://Cam-Cong.local', 'https://cam-cong.local/onvif/device_service'],
  ['192.168.1.64:2020/onvif/service', 'http://192.168.1.64:2020/onvif/service'],
  ['http://[fd00::64]/', 'http://[fd00::64]/onvif/device_service'],
])('takes %s as the device service %s', (text, deviceAddress) => {
  expect(typedDevice(text)).toEqual({ kind: 'onvif', deviceAddress });
});

it('distinguishes the address of a stream', () => {
  const url = 'rtsp://192.168.1.70:554/live/main';
  expect(typedDevice(` ${url} `)).toEqual({ kind: 'rtsp', url });
});

it.each([
  'admin:abc@192.168.1.64',
  'http://admin:abc@192.168.1.64/',
  'http://admin:1/b@192.168.1.64/',
  'rtsp://admin:a@192.168.1.70/live',
])('takes no password with it: %s', (text) => {
  expect(typedDevice(text)).toEqual({ kind: 'credentials' });
});

it.each([
  ...[
    '',
    'camera cổng',
    '192.168.1',
    '192.168.1.300',
    '3232235840',
    '0x7f.1',
    '192.168.1.64:99999',
    'ftp://192.168.1.64',
  ],
  ...['http://', 'rtsp://', '192.168.1.0/24', 'a'.repeat(501)],
])('refuses %s', (text) => {
  expect(typedDevice(text)).toEqual({ kind: 'wrong' });
});
