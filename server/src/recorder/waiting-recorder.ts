// What a recorder is while its footage volume is not there: it answers its console, says what is wrong, and writes nothing.
import { ownProtocol } from '@choi-canh/shared/recorder-protocol';
import { join } from 'node:path';
import { instantFromMs } from '@choi-canh/shared/common';
import type { CameraStatus } from '@choi-canh/shared/health';
import type { RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../lib/clock.js';
import { readChainKey } from './chain/chain-key.js';
import { volumeMissing, type FootageVolume, type FootageVolumeState } from './footage/footage-volume.js';
import { eventQuery } from './event-query.js';
import type { Outbox } from './outbox.js';
import { parseInput, type RecorderRoute } from './recorder-http.js';
import { productVersion } from './recorder-status.js';

export interface WaitingRecorderOptions {
  volume: FootageVolume;
  /** How the volume is now. */
  state: () => Exclude<FootageVolumeState, 'mounted'>;
  revision: number;
  /** Whom it follows; null: nobody yet. */
  consoleId: string | null;
  cameras: readonly { id: string; enabled: boolean }[];
  outbox: Pick<Outbox, 'page' | 'append' | 'sequence'>;
  keysDirectory: string;
  startedAt: string;
  clock: Clock;
}

/** What is refused is read to its end, so that the connection stays. */
const maxBodyBytes = 16 * 1024 * 1024;
const methods = ['GET', 'PUT', 'POST', 'DELETE'] as const;

/** Reports every camera as paused, and returns the routes: status, events, accepting the volume; 503 for the rest. */
export async function createWaitingRecorder(options: WaitingRecorderOptions): Promise<RecorderRoute[]> {
  const { volume, outbox, clock } = options;
  const sinceAt = instantFromMs(clock.nowMs());
  const key = await readChainKey(join(options.keysDirectory, 'footage-chain.key')).catch(() => undefined);

  const statuses = options.cameras.map(({ id, enabled }): CameraStatus => ({
    cameraId: id,
    state: 'paused',
    reason: enabled ? 'storage_missing' : 'disabled',
    detail: '',
    sinceAt,
  }));
  const report = () => outbox.append(statuses.map((status) => ({ type: 'camera.state', status })));
  report();

  const status = (): RecorderStatus => ({
    version: productVersion,
    protocol: ownProtocol,
    revision: options.revision,
    startedAt: options.startedAt,
    now: instantFromMs(clock.nowMs()),
    cameras: statuses.map((one) => ({
      ...one,
      ...{ engine: null, engineReason: null, codec: null, frameRate: null, bitrateKbps: null, lastFragmentAt: null },
      ...{ clockOffsetMs: null, clockMeasuredAt: null, reconnects: 0, lostPackets: 0, timeSource: null },
      ...{ timeErrorMs: null, audio: false, sound: null, quirks: [] },
    })),
    ...{ footageBytes: 0, freeBytes: 0, totalBytes: 0, oldestAt: null },
    clock: { epoch: 0, ageDeletionSuspended: false, stepMs: null, steppedAt: null },
    storage: {
      ...{ state: options.state(), directory: volume.directory, fullOfHeld: false, slowCameras: 0 },
      ...{ droppedFragments: 0, awaitingHolds: false, rebuilding: false },
    },
    chain: { keyId: key?.id ?? '', publicKey: key?.publicKey ?? '', signedAt: null, sequence: 0, troubles: 0 },
    ffmpeg: { version: null, problem: null },
    transcodes: { running: 0, limit: 0 },
    networks: [],
    sequence: outbox.sequence,
    consoleId: options.consoleId,
    holds: null,
  });

  const refuse = () => Promise.reject(volumeMissing(volume.directory));
  return [
    { method: 'GET', path: '/v1/status', handle: async () => status() },
    {
      method: 'GET',
      path: '/v1/events',
      waits: true,
      handle: ({ query, signal }) => {
        const { after, waitMs } = parseInput(eventQuery, query);
        return outbox.page(after, waitMs, signal, report);
      },
    },
    { method: 'POST', path: '/v1/volume/accept', bound: true, handle: () => volume.accept() },
    ...methods.map((method): RecorderRoute => ({ method, path: '*', maxBodyBytes, handle: refuse })),
  ];
}
