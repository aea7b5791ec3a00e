import { ownProtocol, protocolText } from '@choi-canh/shared/recorder-protocol';
import type { z } from 'zod';
import type { pairingHello } from '@choi-canh/shared/recorder-pairing';
import type { RecorderPairing } from './pairing/recorder-pairing.js';
import type { RecorderRoute } from './recorder-http.js';

const maxBodyBytes = 2048;

/** The only routes that a recorder answers to whom it does not know. */
export function pairingRoutes(pairing: RecorderPairing, cameraCount: () => number): RecorderRoute[] {
  const hello: z.infer<typeof pairingHello> = {
    ...{ product: 'choi-canh-recorder', protocol: protocolText(ownProtocol) },
  };
  return [
    { method: 'GET', path: '/v1/pairing', open: true, handle: () => Promise.resolve(hello) },
    {
      method: 'POST',
      path: '/v1/pairing',
      open: true,
      maxBodyBytes,
      handle: ({ body, peerKey }) => pairing.pair(body, peerKey, cameraCount()),
    },
  ];
}
