import { describe, expect, it } from 'vitest';
import type { CameraRow } from './camera.entity.js';
import { movedRtspDevice } from './rtsp-move.js';

const rowOf = (main: string, sub: string | null) =>
  ({
    deviceAddress: 'rtsp://192.168.6.3:554/',
    mainStream: { profileToken: 'main', url: main },
    subStream: sub === null ? null : { profileToken: 'sub', url: sub },
  }) as unknown as CameraRow;

describe('a device without ONVIF at another address', () => {
  it.each([
    ['the port of the device', 'rtsp://192.168.6.3/a?x=1', 'rtsp://192.168.6.3:554/b', 'rtsp://10.0.0.9:8554/b'],
    ['a port of its own', 'rtsp://192.168.6.3:554/a?x=1', 'rtsp://192.168.6.3:555/b$&', 'rtsp://10.0.0.9:555/b$&'],
    ['TLS at a port of its own', 'rtsp://192.168.6.3:554/a?x=1', 'rtsps://192.168.6.3/b', 'rtsps://10.0.0.9:322/b'],
  ])('finds the sub-stream there: %s', async (_what, main, sub, expected) => {
    const row = rowOf(main, sub);
    const probed: string[] = [];
    const facts = await movedRtspDevice(
      row,
      [row],
      { deviceAddress: 'rtsp://10.0.0.9:8554/', username: 'admin', password: 'x' },
      {
        probeStream: ({ url }) => {
          probed.push(url);
          return Promise.resolve({ reason: 'ok', detail: '' } as Awaited<
            ReturnType<Parameters<typeof movedRtspDevice>[3]['probeStream']>
          >);
        },
      },
    );
    expect(probed).toEqual(['rtsp://10.0.0.9:8554/a?x=1']);
    expect(facts.main.url).toBe('rtsp://10.0.0.9:8554/a?x=1');
    expect([facts.sub?.url, facts.channels[0]?.sub?.url]).toEqual([expected, expected]);
  });
});
