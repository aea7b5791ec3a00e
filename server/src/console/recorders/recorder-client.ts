import type { IncomingMessage } from 'node:http';
import {
  chainHeadsRecord,
  chainRecordPage,
  type ChainHeadsRecord,
  type ChainRecordPage,
} from '@choi-canh/shared/chain';
import {
  consoleTakeOver,
  desiredMarks,
  desiredStateAnswer,
  extractionStatus,
  holdChangesAnswer,
  holdConfirmationAnswer,
  holdPage,
  identifyResponse,
  knownCameras,
  recorderCoverage,
  recorderDiscovery,
  retentionFacts,
  streamProbeResponse,
  tlsKeyResponse,
  type DesiredMarks,
  type DesiredState,
  type DesiredStateAnswer,
  type ExtractionRequest,
  type ExtractionStatus,
  type HoldChanges,
  type HoldChangesAnswer,
  type HoldPage,
  type HoldSummary,
  type IdentifyResponse,
  type KnownCamera,
  type RecorderCoverage,
  type RecorderDiscovery,
  type RecorderStatus,
  type RetentionFacts,
  type StreamProbeRequest,
  type StreamProbeResponse,
} from '@choi-canh/shared/recorder-api';
import { deviceEventsResponse, type DeviceEventsResponse } from '@choi-canh/shared/device-events';
import type { Misfit } from '@choi-canh/shared/lenient';
import {
  ownProtocol,
  protocolText,
  rawEventPage,
  readStatus,
  statusHead,
  type RawEventPage,
} from '@choi-canh/shared/recorder-protocol';
import { cameraRetryResponse, type CameraRetryResponse } from '@choi-canh/shared/cameras';
import { AppError, isAppError } from '../../lib/errors.js';
import { filledProbe, filledState, fillsInAddresses } from './older-addresses.js';
import { RecorderHttp, type RecorderHttpOptions } from './recorder-http.js';

type Signal = AbortSignal | undefined;

/** Everything a console asks of one recorder (shared/src/recorder-api.ts). Times, sizes and shapes are bounded and checked. */
export interface RecorderClient {
  /**
   * Its status, and what this version does not know in it.
   * @throws AppError precondition `recorder_incompatible` where it speaks another major version
   */
  status(signal?: Signal): Promise<{ status: RecorderStatus; misfits: Misfit[] }>;
  retention(signal?: Signal): Promise<RetentionFacts>;
  /** The host's clock is right: deletion by age goes on. */
  confirmClock(signal?: Signal): Promise<void>;
  acceptVolume(signal?: Signal): Promise<void>;
  /** Signed records of where its chains stand, behind `after`; empty at the end. */
  chainRecords(after: number, signal?: Signal): Promise<ChainRecordPage>;
  /** Signs where its chains stand now, and has that on its disk. */
  signChain(signal?: Signal): Promise<ChainHeadsRecord>;
  putDesiredState(state: DesiredState, signal?: Signal): Promise<DesiredStateAnswer>;
  desiredMarks(signal?: Signal): Promise<DesiredMarks>;
  /** For a console that takes it over. */
  knownCameras(signal?: Signal): Promise<KnownCamera[]>;
  takeOver(consoleId: string, previous: string | null, signal?: Signal): Promise<void>;
  changeHolds(changes: HoldChanges, signal?: Signal): Promise<HoldChangesAnswer>;
  /** What it holds behind the id `after`, by id. */
  holds(after: string, limit: number, signal?: Signal): Promise<HoldPage>;
  /** Whether it took these as all that there are for it. */
  confirmHolds(all: HoldSummary & { consoleId: string }, signal?: Signal): Promise<boolean>;
  /** Long poll: answers at once where there are events after `after`, else within `waitMs`. */
  events(after: number, waitMs: number, signal?: Signal): Promise<RawEventPage>;
  startDiscovery(ranges: string[], added: string[], signal?: Signal): Promise<RecorderDiscovery>;
  discovery(id: string, signal?: Signal): Promise<RecorderDiscovery>;
  identify(
    device: { deviceAddress: string; username: string; password: string; tlsKey?: string; plainPassword?: boolean },
    signal?: Signal,
  ): Promise<IdentifyResponse>;
  /** A JPEG of a profile, made by the device; at most 4 MiB. */
  snapshot(
    device: { deviceAddress: string; username: string; password: string; tlsKey?: string },
    profileToken: string,
    signal?: Signal,
  ): Promise<Buffer>;
  /** The key that a device shows over https; nothing is sent to it. Null where there is none. */
  tlsKey(deviceAddress: string, signal?: Signal): Promise<string | null>;
  /** Events that the camera's device reported in [from, to), newest first. */
  deviceEvents(cameraId: string, from: string, to: string, signal?: Signal): Promise<DeviceEventsResponse>;
  /** Tries an RTSP address; what fails of the stream is the answer's reason. */
  probeStream(stream: StreamProbeRequest, signal?: Signal): Promise<StreamProbeResponse>;
  retryCamera(cameraId: string, signal?: Signal): Promise<CameraRetryResponse>;
  coverage(cameraId: string, from: string, to: string, signal?: Signal): Promise<RecorderCoverage>;
  startExtraction(id: string, request: ExtractionRequest, signal?: Signal): Promise<ExtractionStatus>;
  extraction(id: string, signal?: Signal): Promise<ExtractionStatus>;
  /** At 8 kB/s at least; a slower recorder is given up, and asked again later. */
  extractionFile(id: string, file: { index: number; bytes: number }, signal?: Signal): Promise<IncomingMessage>;
  /** Also succeeds where the recorder no longer knows it. */
  forgetExtraction(id: string, signal?: Signal): Promise<void>;
  /** Whatever lies below `/v1/cameras/:id/`; status 200, 206 or 416. */
  media(
    cameraId: string,
    path: string,
    options: { query?: Record<string, string | number | undefined>; range?: string | undefined; signal?: Signal },
  ): Promise<IncomingMessage>;
  /** `GET /v1/live`: several live streams in one answer (shared/live-multiplex). */
  liveStreams(query: { streams: string; plays?: string | undefined }, signal: AbortSignal): Promise<IncomingMessage>;
  close(): void;
}

const kilobyte = 1024;
const megabyte = 1024 * kilobyte;
const usualMs = 10_000;
/** A line on which more than the control of a recorder is hopeless. */
const slowestBytesPerMs = 8;

export interface RecorderClientOptions extends RecorderHttpOptions {
  /** Longest wait for an answer to `status`; default 2.5 s, so that two in a row are noticed within 10 s. */
  statusTimeoutMs?: number;
  /** What a file may take beyond its size; default 60 s. */
  fileGraceMs?: number;
}

export function createRecorderClient(options: RecorderClientOptions): RecorderClient {
  const http = new RecorderHttp(options);
  const camera = (id: string, path: string) => `/v1/cameras/${encodeURIComponent(id)}/${path}`;
  /** Until it has said which protocol it speaks it is taken for one of this version. */
  let isOlder = false;
  const extraction = (id: string) => `/v1/extractions/${encodeURIComponent(id)}`;
  return {
    status: async (signal) => {
      const exchange = { path: '/v1/status', timeoutMs: options.statusTimeoutMs ?? 2500, signal };
      const answer = checkedStatus(await http.value(exchange, 8 * megabyte));
      isOlder = !fillsInAddresses(answer.status.protocol);
      return answer;
    },
    retention: (signal) =>
      http.json(retentionFacts, { path: '/v1/retention', timeoutMs: usualMs, signal }, 8 * megabyte),
    confirmClock: (signal) => http.plain({ method: 'POST', path: '/v1/clock/confirm', timeoutMs: usualMs, signal }),
    acceptVolume: (signal) => http.plain({ method: 'POST', path: '/v1/volume/accept', timeoutMs: usualMs, signal }),
    chainRecords: (after, signal) =>
      http.json(
        chainRecordPage,
        { path: '/v1/chain/records', query: { after }, timeoutMs: 30_000, signal },
        16 * megabyte,
      ),
    signChain: (signal) =>
      http.json(
        chainHeadsRecord,
        { method: 'POST', path: '/v1/chain/sign', body: {}, timeoutMs: 30_000, signal },
        4 * megabyte,
      ),
    putDesiredState: (state, signal) =>
      http.json(
        desiredStateAnswer,
        {
          method: 'PUT',
          path: '/v1/desired-state',
          body: isOlder ? filledState(state) : state,
          timeoutMs: 30_000,
          signal,
        },
        2 * megabyte,
      ),
    desiredMarks: (signal) =>
      http.json(desiredMarks, { path: '/v1/desired-state', timeoutMs: usualMs, signal }, 4 * megabyte),
    knownCameras: async (signal) =>
      (await http.json(knownCameras, { path: '/v1/cameras', timeoutMs: usualMs, signal }, 8 * megabyte)).cameras,
    takeOver: async (consoleId, previous, signal) => {
      const body = { consoleId, previous };
      const exchange = { method: 'POST', path: '/v1/console', body, timeoutMs: usualMs, signal } as const;
      await http.json(consoleTakeOver, exchange, kilobyte);
    },
    changeHolds: (changes, signal) =>
      http.json(
        holdChangesAnswer,
        { method: 'POST', path: '/v1/holds', body: changes, timeoutMs: 30_000, signal },
        megabyte,
      ),
    holds: (after, limit, signal) =>
      http.json(holdPage, { path: '/v1/holds', query: { after, limit }, timeoutMs: usualMs, signal }, 2 * megabyte),
    confirmHolds: async (all, signal) => {
      const exchange = { method: 'POST', path: '/v1/holds/confirm', body: all, timeoutMs: usualMs, signal } as const;
      return (await http.json(holdConfirmationAnswer, exchange, kilobyte)).confirmed;
    },
    events: (after, waitMs, signal) =>
      http.json(
        rawEventPage,
        { path: '/v1/events', query: { after, waitMs }, timeoutMs: waitMs + usualMs, signal },
        16 * megabyte,
      ),
    startDiscovery: (ranges, added, signal) =>
      http.json(
        recorderDiscovery,
        { method: 'POST', path: '/v1/discoveries', body: { ranges, added }, timeoutMs: usualMs, signal },
        4 * megabyte,
      ),
    discovery: (id, signal) =>
      http.json(
        recorderDiscovery,
        { path: `/v1/discoveries/${encodeURIComponent(id)}`, timeoutMs: usualMs, signal },
        4 * megabyte,
      ),
    identify: (device, signal) =>
      http.json(
        identifyResponse,
        { method: 'POST', path: '/v1/identify', body: device, timeoutMs: 45_000, signal },
        megabyte,
      ),
    snapshot: (device, profileToken, signal) =>
      http.bytes(
        { method: 'POST', path: '/v1/snapshot', body: { ...device, profileToken }, timeoutMs: 15_000, signal },
        5 * megabyte,
      ),
    tlsKey: async (deviceAddress, signal) => {
      const body = { deviceAddress };
      const asked = { method: 'POST' as const, path: '/v1/tls-key', body, timeoutMs: usualMs, signal };
      return (await http.json(tlsKeyResponse, asked, kilobyte)).tlsKey;
    },
    probeStream: (stream, signal) =>
      http.json(
        streamProbeResponse,
        {
          method: 'POST',
          path: '/v1/stream-probe',
          body: isOlder ? filledProbe(stream) : stream,
          timeoutMs: 45_000,
          signal,
        },
        4 * kilobyte,
      ),
    retryCamera: (cameraId, signal) =>
      http.json(
        cameraRetryResponse,
        { method: 'POST', path: camera(cameraId, 'retry'), body: {}, timeoutMs: usualMs, signal },
        kilobyte,
      ),
    deviceEvents: (cameraId, from, to, signal) =>
      http.json(
        deviceEventsResponse,
        { path: camera(cameraId, 'events'), query: { from, to }, timeoutMs: usualMs, signal },
        megabyte,
      ),
    coverage: (cameraId, from, to, signal) =>
      http.json(
        recorderCoverage,
        { path: camera(cameraId, 'coverage'), query: { from, to }, timeoutMs: usualMs, signal },
        8 * megabyte,
      ),
    startExtraction: (id, request, signal) =>
      http.json(
        extractionStatus,
        { method: 'PUT', path: extraction(id), body: request, timeoutMs: usualMs, signal },
        megabyte,
      ),
    extraction: (id, signal) =>
      http.json(extractionStatus, { path: extraction(id), timeoutMs: usualMs, signal }, megabyte),
    extractionFile: (id, { index, bytes }, signal) => {
      const totalMs = (options.fileGraceMs ?? 60_000) + bytes / slowestBytesPerMs;
      return http.stream({ path: `${extraction(id)}/files/${index}`, timeoutMs: usualMs, totalMs, signal });
    },
    forgetExtraction: (id, signal) =>
      http.plain({ method: 'DELETE', path: extraction(id), timeoutMs: usualMs, signal }).catch((error: unknown) => {
        if (!isAppError(error, 'not_found')) throw error;
      }),
    media: (cameraId, path, { query, range, signal }) =>
      http.stream(
        {
          path: camera(cameraId, path),
          ...(query === undefined ? {} : { query }),
          headers: range === undefined ? {} : { range },
          timeoutMs: 20_000,
          signal,
        },
        [416],
      ),
    liveStreams: (query, signal) => http.stream({ path: '/v1/live', query, timeoutMs: usualMs, signal }),
    close: () => http.close(),
  };
}

/** A recorder of another major version of the protocol. */
export interface IncompatibleRecorder {
  version: string;
  protocol: string;
  /** The console is the older one of both. */
  isNewer: boolean;
}

function checkedStatus(value: unknown): { status: RecorderStatus; misfits: Misfit[] } {
  const head = statusHead.safeParse(value);
  if (head.success && head.data.protocol.major !== ownProtocol.major) {
    const { version, protocol } = head.data;
    const details: IncompatibleRecorder = {
      ...{ version, protocol: protocolText(protocol), isNewer: protocol.major > ownProtocol.major },
    };
    throw new AppError('precondition', 'recorder_incompatible', `it speaks protocol ${details.protocol}`, {
      details: { ...details },
    });
  }
  const read = readStatus(value);
  if (read !== undefined) return read;
  throw new AppError('unavailable', 'recorder_bad_answer', "the recorder's status is unusable");
}

/** What an error of `status` says of the recorder's version; undefined where it is another error. */
export function incompatibleOf(error: unknown): IncompatibleRecorder | undefined {
  if (!isAppError(error, 'precondition') || error.code !== 'recorder_incompatible') return undefined;
  return error.details as unknown as IncompatibleRecorder;
}
