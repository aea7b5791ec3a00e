import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { buildProbe, readProbeMatches } from './discovery-message.js';
import type { ProbeTarget } from './ip-range.js';
import { multicastPackets, sendMulticastProbes } from './multicast-probe.js';
import type { DiscoveryListener } from './onvif.js';

/** More cameras than one recorder holds are not listed. */
export const maxDevices = 2000;
/** Answers read in one scan; a flood beyond it is counted, not parsed. */
const maxAnswers = 20_000;
/** UNICAST_UDP_REPEAT of WS-Discovery, appendix I, and one more for lossy bridges. */
const unicastRounds = 2;
/** 500 probes a second: below what any bridge or cheap camera minds. */
const unicastBatch = 5;
const unicastPauseMs = 10;

export interface DiscoveryScanOptions {
  interfaces: readonly string[];
  targets: readonly ProbeTarget[];
  port: number;
  /** After the last probe; WS-Discovery lets a device wait up to APP_MAX_DELAY (500 ms), real ones take longer. */
  answerTimeoutMs: number;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  listener: DiscoveryListener;
}

async function openSocket(address: string, multicast: boolean): Promise<Socket> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ address, port: 0 });
    await once(socket, 'listening');
    if (multicast) socket.setMulticastInterface(address);
    try {
      socket.setRecvBufferSize(2 * 1024 * 1024); // hundreds of cameras answer within half a second
    } catch {
      // the system's limit is lower; its own size has to do
    }
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/**
 * One scan: multicast probes on each interface at once, unicast probes to each target, then a pause for late answers.
 * What is junk is counted and disturbs nothing. Resolves when the time is over or the signal aborts.
 * @throws AppError unavailable `no_network_interface` when not one socket could be opened or not one probe sent.
 */
export async function runDiscoveryScan(options: DiscoveryScanOptions): Promise<void> {
  const { clock, logger, signal, listener } = options;
  const seen = new Set<string>();
  const sockets: Socket[] = [];
  const totalPackets = options.interfaces.length * multicastPackets + options.targets.length * unicastRounds;
  let packets = 0;
  let sent = 0;
  let answers = 0;

  const onPacket = (packet: Buffer, from: RemoteInfo) => {
    answers += 1;
    const found = answers > maxAnswers ? undefined : readProbeMatches(packet, from.address);
    if (found === undefined) listener.onRejected();
    for (const device of found ?? []) {
      // Cheap cameras share a reference: one that answers with it at another address may be another one.
      const key = `${device.endpointReference} ${device.deviceAddress}`;
      if (seen.has(key) || seen.size >= maxDevices) continue;
      seen.add(key);
      listener.onDevice(device);
    }
  };
  const onSent = (error: Error | null) => {
    packets += 1;
    if (error === null) sent += 1;
    else logger.debug({ error: error.message }, 'a discovery probe could not be sent');
    listener.onProgress(Math.min(0.7, (0.7 * packets) / Math.max(1, totalPackets)));
  };
  const open = async (address: string, multicast: boolean) => {
    try {
      const socket = await openSocket(address, multicast);
      sockets.push(socket);
      socket.on('message', onPacket);
      socket.on('error', (error) => logger.warn({ address, error: error.message }, 'discovery socket failed'));
      return socket;
    } catch (error) {
      logger.warn({ address, error: errorMessage(error) }, 'no discovery on this interface');
      return undefined;
    }
  };

  const probeInterface = async (address: string) => {
    const socket = await open(address, true);
    if (socket === undefined) packets += multicastPackets;
    else await sendMulticastProbes(socket, options.port, signal, onSent);
  };
  const probeTargets = async () => {
    if (options.targets.length === 0) return;
    const socket = await open('0.0.0.0', false);
    if (socket === undefined) return;
    // One message id a host, kept in the repetition, so that a device answers once.
    const probes = options.targets.map((target) => ({ ...target, packet: buildProbe() }));
    for (let round = 0; round < unicastRounds; round += 1) {
      for (let index = 0; index < probes.length && !signal.aborted; index += unicastBatch) {
        const batch = probes.slice(index, index + unicastBatch);
        for (const probe of batch) socket.send(probe.packet, probe.port, probe.host, onSent);
        await clock.sleep(unicastPauseMs, signal);
      }
    }
  };

  try {
    await Promise.all([...options.interfaces.map(probeInterface), probeTargets()]);
    if (sent === 0 && !signal.aborted) {
      throw new AppError('unavailable', 'no_network_interface', 'no discovery probe could be sent on any interface');
    }
    const steps = 10;
    for (let step = 1; step <= steps; step += 1) {
      await clock.sleep(options.answerTimeoutMs / steps, signal);
      listener.onProgress(0.7 + (0.3 * step) / steps);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await Promise.all(sockets.map((socket) => new Promise<void>((closed) => socket.close(() => closed()))));
  }
}
