import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { idSchema, instantFromMs, instantSchema, msFromInstant } from '@choi-canh/shared/common';
import {
  consoleTakeOver,
  desiredState,
  discoveryStart,
  extractionRequest,
  holdChanges,
  holdConfirmation,
  holdPageSize,
  identifyRequest,
  snapshotRequest,
  streamProbeRequest,
  tlsKeyRequest,
  type IdentifyResponse,
  type RecorderCoverage,
  type RecorderStatus,
  type RetentionFacts,
} from '@choi-canh/shared/recorder-api';
import { z } from 'zod';
import { hostOf } from '../lib/confirmed-hosts.js';
import { AppError } from '../lib/errors.js';
import { parseByteRange } from './byte-range.js';
import { chainRoutes, type ChainRoom } from './chain-routes.js';
import { eventQuery } from './event-query.js';
import type { DiscoveryJobs } from './discovery/discovery-jobs.js';
import type { Extraction } from './extraction/extraction.js';
import type { HoldKeeper } from './hold-keeper.js';
import { liveRoutes, type LiveRoom } from './live-routes.js';
import type { Outbox } from './outbox.js';
import type { Playback } from './playback/playback.js';
import { playbackRoutes } from './playback-routes.js';
import { parseInput, parseParams, sendStream, type RecorderRoute } from './recorder-http.js';
import type { CameraRetries } from './probing/camera-retries.js';
import type { RecordingDirector } from './recording-director.js';
import type { DeviceEventsStore } from './device-events/device-events.store.js';
import type { StreamProbe } from './ingest/stream-probe.js';
import { sendBytes } from './send-bytes.js';

interface GivenCredentials {
  username: string;
  password: string;
  confirmedHosts: readonly string[];
  tlsKey: string | null;
  plainPassword: boolean;
}

export interface RecorderRooms {
  status(): Promise<RecorderStatus>;
  director: Pick<RecordingDirector, 'apply' | 'marks' | 'knownCameras' | 'takeOver' | 'requireConsole'>;
  holds: Pick<HoldKeeper, 'change' | 'page' | 'confirm'>;
  outbox: Pick<Outbox, 'page'>;
  /** The console lost our earlier events: tell it every state anew. */
  retellStates(): void;
  discovery: Pick<DiscoveryJobs, 'start' | 'get'>;
  identify(deviceAddress: string, credentials: GivenCredentials, signal: AbortSignal): Promise<IdentifyResponse>;
  /** A JPEG of a profile, made by the device. */
  snapshot(
    deviceAddress: string,
    credentials: GivenCredentials,
    profileToken: string,
    signal: AbortSignal,
  ): Promise<Buffer>;
  /** Events that devices reported for a camera, the newest first. */
  deviceEvents: DeviceEventsStore['page'];
  /** Tries an RTSP address that nobody records yet. */
  probeStream: StreamProbe['probe'];
  /** The key that a device shows over https; nothing is sent to it. */
  tlsKey(deviceAddress: string): Promise<string | null>;
  footage: {
    coverage(
      cameraId: string,
      fromMs: number,
      toMs: number,
    ): Promise<readonly { fromMs: number; toMs: number; timeSource: 'rtcp' | 'arrival'; overlap?: boolean }[]>;
    bounds(cameraId: string): Promise<{ oldestAtMs: number; newestAtMs: number } | undefined>;
    retentionFacts(): Promise<RetentionFacts>;
    confirmClock(): Promise<void>;
  };
  playback: Playback;
  live: LiveRoom['live'];
  requireCamera: LiveRoom['requireCamera'];
  clock: LiveRoom['clock'];
  logger: LiveRoom['logger'];
  retries: Pick<CameraRetries, 'retry'>;
  chain: ChainRoom['chain'];
  extraction: Extraction;
}

const desiredStateBytes = 16 * 1024 * 1024;
const holdChangesBytes = 2 * 1024 * 1024;
const holdQuery = z.object({
  after: z.string().max(36).default(''),
  limit: z.coerce.number().int().min(1).max(holdPageSize).default(holdPageSize),
});
/** All requests of one identification together; the console waits 45 s. */
const identifyMs = 30_000;
const snapshotMs = 10_000;

const credential = z.string().max(200);
const boundedIdentify = identifyRequest.extend({
  deviceAddress: z.string().max(500),
  username: credential,
  password: credential,
});
const boundedSnapshot = snapshotRequest.extend(boundedIdentify.shape);
const boundedTlsKey = tlsKeyRequest.extend({ deviceAddress: z.string().max(500) });
const boundedDiscovery = discoveryStart.extend({ ranges: z.array(z.string().max(40)).max(16) });
export const rangeQuery = z
  .object({ from: instantSchema, to: instantSchema })
  .refine((query) => msFromInstant(query.from) < msFromInstant(query.to), {
    message: 'to must be after from',
    path: ['to'],
  })
  .transform((query) => ({ fromMs: msFromInstant(query.from), toMs: msFromInstant(query.to) }));
const idParams = z.object({ id: idSchema });
const extractionFileParams = z.object({ id: idSchema, index: z.coerce.number().int().min(0).max(10_000) });

/** Answers 206 with one range of a file, or 200 with all of it. */
async function sendFile(
  file: { path: string; bytes: number; fileName: string; sha256: string },
  range: string | undefined,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const part = parseByteRange(range, file.bytes);
  const { start, end } = part ?? { start: 0, end: file.bytes };
  response.statusCode = part === undefined ? 200 : 206;
  response.setHeader('content-type', 'video/mp4');
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('content-length', end - start);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-sha256', file.sha256);
  if (part !== undefined) response.setHeader('content-range', `bytes ${start}-${end - 1}/${file.bytes}`);
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  await sendStream(response, createReadStream(file.path, { start, end: end - 1 }), signal);
}

/** The routes of shared/src/recorder-api.ts, as data. Every input is checked here; the rooms do the work. */
export function recorderRoutes(rooms: RecorderRooms): RecorderRoute[] {
  const { extraction } = rooms;
  return [
    { method: 'GET', path: '/v1/status', handle: () => rooms.status() },
    { method: 'GET', path: '/v1/retention', handle: () => rooms.footage.retentionFacts() },
    { method: 'POST', path: '/v1/clock/confirm', bound: true, handle: () => rooms.footage.confirmClock() },
    {
      method: 'PUT',
      path: '/v1/desired-state',
      maxBodyBytes: desiredStateBytes,
      handle: ({ body }) => rooms.director.apply(parseInput(desiredState, body)),
    },
    { method: 'GET', path: '/v1/desired-state', handle: async () => rooms.director.marks() },
    { method: 'GET', path: '/v1/cameras', handle: async () => ({ cameras: rooms.director.knownCameras() }) },
    {
      method: 'POST',
      path: '/v1/console',
      handle: async ({ body }) => {
        const { consoleId, previous } = parseInput(consoleTakeOver, body);
        await rooms.director.takeOver(consoleId, previous);
        return { consoleId, previous };
      },
    },
    {
      method: 'POST',
      path: '/v1/holds',
      maxBodyBytes: holdChangesBytes,
      handle: async ({ body }) => {
        const { consoleId, ...changes } = parseInput(holdChanges, body);
        rooms.director.requireConsole(consoleId);
        return rooms.holds.change(changes);
      },
    },
    {
      method: 'GET',
      path: '/v1/holds',
      handle: async ({ query }) => {
        const { after, limit } = parseInput(holdQuery, query);
        return rooms.holds.page(after, limit);
      },
    },
    {
      method: 'POST',
      path: '/v1/holds/confirm',
      handle: async ({ body }) => {
        const { consoleId, ...summary } = parseInput(holdConfirmation, body);
        rooms.director.requireConsole(consoleId);
        return { confirmed: await rooms.holds.confirm(summary) };
      },
    },
    {
      method: 'GET',
      path: '/v1/events',
      waits: true,
      handle: ({ query, signal }) => {
        const { after, waitMs } = parseInput(eventQuery, query);
        return rooms.outbox.page(after, waitMs, signal, rooms.retellStates);
      },
    },
    {
      method: 'POST',
      path: '/v1/discoveries',
      bound: true,
      handle: async ({ body }) => {
        const { ranges, added } = parseInput(boundedDiscovery, body);
        return rooms.discovery.start(ranges, added);
      },
    },
    {
      method: 'GET',
      path: '/v1/discoveries/:id',
      handle: async ({ params }) => rooms.discovery.get(parseParams(idParams, params).id),
    },
    {
      method: 'POST',
      path: '/v1/identify',
      waits: true,
      handle: async ({ body, signal }) => {
        const { deviceAddress, ...given } = parseInput(boundedIdentify, body);
        // The console asks only where a person typed the password for this address, or confirmed it.
        const confirmedHosts = URL.canParse(deviceAddress) ? [hostOf(deviceAddress)] : [];
        const credentials = { ...given, confirmedHosts };
        const deadline = AbortSignal.timeout(identifyMs);
        try {
          return await rooms.identify(deviceAddress, credentials, AbortSignal.any([signal, deadline]));
        } catch (error) {
          if (!deadline.aborted || signal.aborted) throw error;
          throw new AppError('unavailable', 'unreachable', `no complete answer within ${identifyMs} ms`, {
            cause: error,
            details: { reason: 'host_unreachable' },
          });
        }
      },
    },
    {
      method: 'POST',
      path: '/v1/snapshot',
      waits: true,
      handle: async ({ body, response, signal }) => {
        const { deviceAddress, profileToken, ...given } = parseInput(boundedSnapshot, body);
        const confirmedHosts = URL.canParse(deviceAddress) ? [hostOf(deviceAddress)] : [];
        const deadline = AbortSignal.any([signal, AbortSignal.timeout(snapshotMs)]);
        const jpeg = await rooms.snapshot(deviceAddress, { ...given, confirmedHosts }, profileToken, deadline);
        sendBytes(response, 'image/jpeg', jpeg);
      },
    },
    {
      method: 'POST',
      path: '/v1/stream-probe',
      waits: true,
      handle: ({ body, signal }) => rooms.probeStream(parseInput(streamProbeRequest, body), signal),
    },
    {
      method: 'POST',
      path: '/v1/tls-key',
      handle: async ({ body }) => ({ tlsKey: await rooms.tlsKey(parseInput(boundedTlsKey, body).deviceAddress) }),
    },
    {
      method: 'GET',
      path: '/v1/cameras/:id/coverage',
      handle: async ({ params, query }): Promise<RecorderCoverage> => {
        const { id } = parseParams(idParams, params);
        const { fromMs, toMs } = parseInput(rangeQuery, query);
        const [recorded, bounds] = await Promise.all([
          rooms.footage.coverage(id, fromMs, toMs),
          rooms.footage.bounds(id),
        ]);
        return {
          cameraId: id,
          recorded: recorded.map((span) => ({
            from: instantFromMs(span.fromMs),
            to: instantFromMs(span.toMs),
            timeSource: span.timeSource,
            ...(span.overlap === true ? { overlap: true } : {}),
          })),
          oldestAt: bounds === undefined ? null : instantFromMs(bounds.oldestAtMs),
          newestAt: bounds === undefined ? null : instantFromMs(bounds.newestAtMs),
        };
      },
    },
    {
      method: 'GET',
      path: '/v1/cameras/:id/events',
      handle: async ({ params, query }) => {
        const { id } = parseParams(idParams, params);
        const { fromMs, toMs } = parseInput(rangeQuery, query);
        return { cameraId: id, ...(await rooms.deviceEvents(id, fromMs, toMs)) };
      },
    },
    {
      method: 'POST',
      path: '/v1/cameras/:id/retry',
      bound: true,
      handle: async ({ params }) => {
        const { id } = parseParams(idParams, params);
        rooms.requireCamera(id);
        return rooms.retries.retry(id);
      },
    },
    ...playbackRoutes(rooms.playback),
    ...liveRoutes(rooms),
    ...chainRoutes(rooms),
    {
      method: 'PUT',
      path: '/v1/extractions/:id',
      bound: true,
      handle: ({ params, body }) => {
        const { id } = parseParams(idParams, params);
        const { cameraId, from, to } = parseInput(extractionRequest, body);
        return extraction.request(id, { cameraId, fromMs: msFromInstant(from), toMs: msFromInstant(to) });
      },
    },
    {
      method: 'GET',
      path: '/v1/extractions/:id',
      handle: async ({ params }) => extraction.status(parseParams(idParams, params).id),
    },
    {
      method: 'GET',
      path: '/v1/extractions/:id/files/:index',
      handle: async ({ params, headers, response, signal }) => {
        const { id, index } = parseParams(extractionFileParams, params);
        await sendFile(extraction.file(id, index), headers.range, response, signal);
      },
    },
    {
      method: 'DELETE',
      path: '/v1/extractions/:id',
      bound: true,
      handle: async ({ params }) => {
        await extraction.remove(parseParams(idParams, params).id);
      },
    },
  ];
}
