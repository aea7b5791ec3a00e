import type { CameraKindInput } from '../camera-simulator/camera-kind.js';

/** A commune's cameras are not all alike: what some of the 66 are, by number. The rest are plain H.264 over TCP. */
export const demoKinds: Readonly<Record<number, CameraKindInput>> = {
  12: { audio: 'aac' },
  22: { codec: 'h265' },
  24: { audio: 'aac' },
  27: { transport: 'udp-461' },
  34: { codec: 'h265', audio: 'aac' },
  39: { codec: 'mjpeg', subCodec: 'mjpeg' },
  // No sub-stream that every browser plays.
  43: { codec: 'h265', subCodec: 'h265' },
  46: { authentication: 'digest-sha256' },
  48: { authentication: 'basic' },
  50: { redirects: true, controlUrls: 'absolute' },
  54: { keepAlive: 'options' },
  60: { keepAlive: 'set-parameter', controlUrls: 'aggregate', audio: 'pcma' },
};
