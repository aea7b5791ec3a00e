import type { Socket } from 'node:dgram';
import nodeOnvif from 'node-onvif';

/** node-onvif sends three kinds of probe, each as often as WS-Discovery's MULTICAST_UDP_REPEAT wants. */
export const multicastPackets = 9;

/**
 * Has node-onvif send its probes through a socket of ours. Its own is bound to one interface of the system's choice and
 * lives in the module, so that one scan excludes another; here each call has a probing object of its own.
 */
export async function sendMulticastProbes(
  socket: Socket,
  port: number,
  signal: AbortSignal,
  onSent: (error: Error | null) => void,
): Promise<void> {
  const prober = Object.create(nodeOnvif) as typeof nodeOnvif;
  prober._PORT = port;
  prober._discovery_interval_timer = null;
  prober._udp = {
    send(packet: Buffer, offset: number, length: number, to: number, address: string, done: () => void) {
      const sent = (error: Error | null) => {
        onSent(error);
        if (!signal.aborted) done();
      };
      if (signal.aborted) return;
      socket.send(packet, offset, length, to, address, sent);
    },
  };
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        if (prober._discovery_interval_timer !== null) clearTimeout(prober._discovery_interval_timer);
        resolve();
      },
      { once: true },
    );
    if (signal.aborted) resolve();
    else prober._sendProbe().then(resolve, reject);
  });
}
