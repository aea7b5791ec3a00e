import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ChainHeadsRecord } from '@choi-canh/shared/chain';
import type { CameraRetryResponse } from '@choi-canh/shared/cameras';
import type { DeviceEvent } from '@choi-canh/shared/device-events';
import type { ErrorKind } from '@choi-canh/shared/errors';
import { httpStatusOfKind } from '@choi-canh/shared/errors';
import { frameLengths } from '@choi-canh/shared/live-multiplex';
import type { CameraStatus } from '@choi-canh/shared/health';
import type {
  DesiredHold,
  DesiredState,
  HoldChanges,
  ExtractionStatus,
  CameraRuntime,
  IdentifyResponse,
  RecorderCoverage,
  RecorderDiscovery,
  RecorderEvent,
  RecorderStatus,
  RetentionFacts,
  StreamProbeRequest,
  StreamProbeResponse,
} from '@choi-canh/shared/recorder-api';
import { ownProtocol } from '@choi-canh/shared/recorder-protocol';
import { HoldDigest, holdHash } from '../../lib/hold-digest.js';
import { keptDigest } from '../../lib/kept-digest.js';
import type { recorderStorage } from '@choi-canh/shared/recorder-facts';
import type { PairingRequest } from '@choi-canh/shared/recorder-pairing';
import type { TLSSocket } from 'node:tls';
import type { z } from 'zod';
import { isProof, newPairingCode, pairingProof, plainPairingCode } from '../../lib/pairing.js';
import { peerFingerprint } from '../../platform/http/guarded-agent.js';
import { makeKeyCertificate, type KeyCertificate } from '../../platform/http/key-certificate.js';

type Sequenced<T> = T extends unknown ? Omit<T, 'sequence' | 'at'> : never;
export interface Refusal {
  kind: ErrorKind;
  code: string;
  details?: Record<string, unknown>;
}
interface Extraction {
  status: ExtractionStatus;
  content: Buffer;
}

const closedStream: StreamProbeResponse = {
  ...{ reason: 'connection_refused', detail: 'closed', engine: 'native' },
  ...{ codec: null, width: null, height: null, frameRate: null, bitrateKbps: null, sound: null },
};
const fileId = 'f0000000-0000-4000-8000-000000000001';

/** A recorder for tests: the recorder API over a real socket, with everything in memory and every answer to be set. */
export class FakeRecorder {
  token = 'fake-recorder-token-0123456789';
  /** TLS and pairing, as of a recorder on another machine; set before `start`. */
  isPaired = false;
  certificate: KeyCertificate | undefined;
  /** Its one-time code, and the key of the console that it obeys. */
  code = newPairingCode();
  consoleKey: string | undefined;
  /** What it was given, put together; undefined: nothing yet, or lost. */
  desired:
    | (Pick<DesiredState, 'revision' | 'minFreeBytes' | 'cameras'> & Partial<Pick<DesiredState, 'keptCameras'>>)
    | undefined;
  desiredPuts: DesiredState[] = [];
  consoleId: string | null = null;
  /** What it holds for consoles. */
  heldRanges = new Map<string, DesiredHold>();
  holdChanges: HoldChanges[] = [];
  /** Cameras of which it says that footage of new holds was deleted. */
  goneHolds = new Set<string>();
  holdConfirmations = 0;
  /** What is refused of what it is given. */
  refusal: Refusal | undefined;
  events: RecorderEvent[] = [];
  statuses = new Map<string, CameraStatus>();
  /** What is told of cameras besides their state. */
  runtimes = new Map<string, Partial<CameraRuntime>>();
  clock: RecorderStatus['clock'] = { epoch: 0, ageDeletionSuspended: false, stepMs: null, steppedAt: null };
  /** As of an older recorder, which does not say what it is full of. */
  storage: z.input<typeof recorderStorage> = {
    ...{ state: 'ok', slowCameras: 0, droppedFragments: 0, awaitingHolds: false, rebuilding: false },
  };
  chain: RecorderStatus['chain'] = { keyId: 'k1', publicKey: '', signedAt: null, sequence: 0, troubles: 0 };
  retention: RetentionFacts = { freeBytes: 2000, totalBytes: 3000, minFreeBytes: 500, footageBytes: 1000, cameras: [] };
  /** IPv4 networks of its interfaces. */
  networks: string[] = ['192.168.0.0/16'];
  /** Keys that devices show over https, by address. */
  tlsKeys = new Map<string, string>();
  /** What it was asked to say to devices, newest last. */
  snapshots: { deviceAddress: string; password: string; profileToken: string }[] = [];
  identifyMs = 15;
  identified: { deviceAddress: string; username: string; password: string; tlsKey?: string | null }[] = [];
  /** What RTSP addresses give; others are closed. */
  streams = new Map<string, Partial<StreamProbeResponse>>();
  probed: StreamProbeRequest[] = [];
  /** So many of the next tries are refused: others are under way. */
  busyProbes = 0;
  deviceEvents = new Map<string, DeviceEvent[]>();
  retryAnswer: CameraRetryResponse = { tried: true, waitMs: 10_000 };
  retried: string[] = [];
  clockConfirmations = 0;
  volumeAcceptances = 0;
  ffmpeg: RecorderStatus['ffmpeg'] = { version: '5.1', problem: null };
  /** Its signed records, for a console that misses some. */
  chainRecords: ChainHeadsRecord[] = [];
  /** Changes of holds stay without an answer. */
  isSilentOfHolds = false;
  identities = new Map<string, IdentifyResponse | Refusal>();
  discovery: Omit<RecorderDiscovery, 'id' | 'startedAt'> = {
    state: 'done',
    progress: 1,
    devices: [],
    rejectedAnswers: 0,
    errorCode: null,
  };
  coverages = new Map<string, RecorderCoverage>();
  extractions = new Map<string, Extraction>();
  /** What becomes of an extraction that is asked for. */
  extractionResult: 'done' | 'waits' | { errorCode: string } | Refusal = 'done';
  /** The bytes of files as they are sent; another than promised is a damaged transfer. */
  damages = 0;
  /** Paths asked for, with their query; newest last. */
  asked: { method: string; path: string; query: URLSearchParams; range: string | undefined }[] = [];
  identifiesAtOnce = 0;
  mostIdentifiesAtOnce = 0;
  /** Never ends a media answer: to see who hangs up. */
  endlessMedia = false;
  openMedia = 0;
  /** How media is refused, where it is. */
  mediaRefusal: Refusal | undefined;
  /** Of its status, besides and instead of the rest. */
  more: Record<string, unknown> = {};
  startedAt = new Date().toISOString();
  #server: Server | undefined;
  #port = 0;
  #hung = false;

  get url(): string {
    return `${this.isPaired ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }
  get fileId(): string {
    return fileId;
  }

  async start(): Promise<void> {
    this.#hung = false;
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    };
    if (this.isPaired) {
      this.certificate ??= await makeKeyCertificate('fake');
      const { cert, key } = this.certificate;
      this.#server = createSecureServer({ cert, key, requestCert: true, rejectUnauthorized: false }, handle);
    } else this.#server = createServer(handle);
    await new Promise<void>((resolve, reject) => {
      this.#server?.once('error', reject);
      // The second start takes the same port: a recorder that comes back.
      this.#server?.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Goes on at another port, as a recorder that was started anew. */
  async move(): Promise<void> {
    await this.stop();
    this.#port = 0;
    await this.start();
  }

  /** From now on nothing is answered, and no connection is closed. */
  hang(): void {
    this.#hung = true;
  }

  emit(event: Sequenced<RecorderEvent>): void {
    const sequence = (this.events.at(-1)?.sequence ?? 0) + 1;
    this.events.push({ ...event, sequence, at: new Date().toISOString() } as RecorderEvent);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const method = request.method ?? 'GET';
    const body = await readBody(request);
    if (this.#hung) return;
    this.asked.push({ method, path: url.pathname, query: url.searchParams, range: request.headers.range });
    const peerKey = this.isPaired ? peerFingerprint(request.socket as TLSSocket) : undefined;
    if (this.isPaired && url.pathname === '/v1/pairing') {
      if (method === 'GET') json(response, { product: 'choi-canh-recorder', protocol: '1.2' });
      else this.#pair(response, JSON.parse(body) as PairingRequest, peerKey ?? '');
      return;
    }
    if (this.isPaired ? peerKey !== this.consoleKey : request.headers.authorization !== `Bearer ${this.token}`) {
      refuse(response, { kind: 'unauthenticated', code: 'bad_token' });
      return;
    }
    const [, root, id = '', ...rest] = url.pathname.slice(1).split('/');
    if (root === 'status') json(response, this.#status());
    else if (root === 'retention') json(response, this.retention);
    else if (root === 'volume') {
      this.volumeAcceptances += 1;
      this.storage = { ...this.storage, state: 'ok' };
      json(response, {});
    } else if (root === 'clock') {
      this.clockConfirmations += 1;
      this.clock = { ...this.clock, ageDeletionSuspended: false };
      json(response, {});
    } else if (root === 'chain') {
      const after = Number(url.searchParams.get('after'));
      json(response, { records: this.chainRecords.filter(({ sequence }) => sequence > after).slice(0, 2) });
    } else if (root === 'desired-state') this.#desiredState(method, response, body);
    else if (root === 'console') this.#takeOver(response, JSON.parse(body) as { consoleId: string });
    else if (root === 'holds') this.#holds(method, id, url, body, response);
    else if (root === 'events') await this.#events(url, response);
    else if (root === 'discoveries') {
      json(response, {
        ...this.discovery,
        id: id || 'd0000000-0000-4000-8000-000000000001',
        startedAt: this.startedAt,
      });
    } else if (root === 'snapshot') {
      const asked = JSON.parse(body) as FakeRecorder['snapshots'][number];
      this.snapshots.push(asked);
      response
        .writeHead(200, { 'content-type': 'image/jpeg' })
        .end(Buffer.from(`\xff\xd8 ${asked.profileToken}`, 'latin1'));
    } else if (root === 'tls-key') {
      const { deviceAddress } = JSON.parse(body) as { deviceAddress: string };
      json(response, { tlsKey: this.tlsKeys.get(deviceAddress) ?? null });
    } else if (root === 'stream-probe') {
      const asked = JSON.parse(body) as StreamProbeRequest;
      if (this.busyProbes > 0) {
        this.busyProbes -= 1;
        return refuse(response, { kind: 'too_many', code: 'too_many_probes' });
      }
      this.probed.push(asked);
      json(response, { ...closedStream, ...this.streams.get(asked.url) } satisfies StreamProbeResponse);
    } else if (root === 'identify')
      await this.#identify(response, JSON.parse(body) as FakeRecorder['identified'][number]);
    else if (root === 'extractions') this.#extraction(method, id, rest, body, response);
    else if (root === 'live') this.#live(response);
    else if (root === 'cameras' && id === '') {
      const known = (this.desired?.cameras ?? []).map(({ password: _, mark: __, ...camera }) => camera);
      json(response, { cameras: known });
    } else if (root === 'cameras' && rest[0] === 'events') {
      json(response, { cameraId: id, items: this.deviceEvents.get(id) ?? [], more: false });
    } else if (root === 'cameras') this.#camera(id, rest, url, request, response);
    else refuse(response, { kind: 'not_found', code: 'no_such_route' });
  }

  #pair(response: ServerResponse, { nonce, proof, takeOver }: PairingRequest, consoleKey: string): void {
    const code = plainPairingCode(this.code) ?? '';
    const transcript = { recorderKey: this.certificate?.fingerprint ?? '', consoleKey, nonce };
    if (!isProof(proof, pairingProof(code, 'console', transcript))) {
      refuse(response, { kind: 'conflict', code: 'pairing_wrong_code' });
    } else if (!takeOver && consoleKey !== this.consoleKey && this.statuses.size > 0) {
      refuse(response, { kind: 'conflict', code: 'recorder_in_use', details: { cameras: this.statuses.size } });
    } else {
      this.consoleKey = consoleKey;
      this.code = newPairingCode();
      json(response, { proof: pairingProof(code, 'recorder', transcript) });
    }
  }

  #status() {
    return {
      version: '0.1.0',
      protocol: ownProtocol,
      revision: this.desired?.revision ?? 0,
      startedAt: this.startedAt,
      now: new Date().toISOString(),
      cameras: [...this.statuses.values()].map((status) => ({
        ...status,
        engine: 'native',
        frameRate: 25,
        bitrateKbps: 2000,
        lastFragmentAt: null,
        clockOffsetMs: 0,
        reconnects: 0,
        ...{
          engineReason: 'default',
          codec: 'h264',
          lostPackets: 0,
          timeSource: 'rtcp',
          timeErrorMs: 20,
          audio: false,
        },
        ...this.runtimes.get(status.cameraId),
      })),
      footageBytes: 1000,
      freeBytes: 2000,
      totalBytes: 3000,
      oldestAt: null,
      clock: this.clock,
      ffmpeg: this.ffmpeg,
      storage: this.storage,
      chain: this.chain,
      transcodes: { running: 1, limit: 2 },
      networks: this.networks,
      sequence: this.events.at(-1)?.sequence ?? 0,
      consoleId: this.consoleId,
      holds: this.#holdSummary(),
      ...this.more,
    };
  }

  #desiredState(method: string, response: ServerResponse, body: string): void {
    const before = this.desired?.cameras ?? [];
    const { revision = 0, minFreeBytes = 0, keptCameras: kept = [] } = this.desired ?? {};
    if (method === 'GET') {
      const cameras = before.map(({ id, mark }) => ({ id, mark }));
      json(response, { consoleId: this.consoleId, revision, minFreeBytes, cameras, keptDigest: keptDigest(kept) });
      return;
    }
    const state = JSON.parse(body) as DesiredState;
    const refusal = this.#refusalOf(state.consoleId, state.base !== null && state.base !== revision);
    if (refusal !== undefined) return refuse(response, refusal);
    this.desiredPuts.push(state);
    this.consoleId = state.consoleId;
    const given = new Set([...state.removed, ...state.cameras.map(({ id }) => id)]);
    const others = state.base === null ? [] : before.filter(({ id }) => !given.has(id));
    const cameras = [...others, ...state.cameras];
    const keptCameras = state.keptCameras ?? (state.base === null ? [] : kept);
    this.desired = { revision: state.revision, minFreeBytes: state.minFreeBytes, cameras, keptCameras };
    const dropped = before.filter(({ id }) => !cameras.some((camera) => camera.id === id));
    json(response, { revision: state.revision, dropped: dropped.map(({ id, name }) => ({ id, name })) });
  }

  #refusalOf(consoleId: string, isOtherRevision: boolean): Refusal | undefined {
    if (this.refusal !== undefined) return this.refusal;
    if (this.consoleId !== null && this.consoleId !== consoleId) return { kind: 'conflict', code: 'console_unknown' };
    return isOtherRevision ? { kind: 'conflict', code: 'desired_revision' } : undefined;
  }

  #takeOver(response: ServerResponse, { consoleId }: { consoleId: string }): void {
    json(response, { consoleId, previous: this.consoleId });
    this.consoleId = consoleId;
  }

  #holdSummary() {
    const digest = new HoldDigest();
    for (const { id, cameraId, from, to } of this.heldRanges.values())
      digest.add(holdHash({ id, cameraId, fromMs: Date.parse(from), toMs: Date.parse(to) }));
    return { count: digest.count, digest: digest.text };
  }

  #holds(method: string, id: string, url: URL, body: string, response: ServerResponse): void {
    if (method === 'GET') {
      const after = url.searchParams.get('after') ?? '';
      const holds = [...this.heldRanges.values()].filter((hold) => hold.id > after);
      holds.sort((one, other) => (one.id < other.id ? -1 : 1));
      json(response, { ...this.#holdSummary(), holds: holds.slice(0, Number(url.searchParams.get('limit'))) });
      return;
    }
    const changes = JSON.parse(body) as HoldChanges;
    const refusal = this.#refusalOf(changes.consoleId, false);
    if (refusal !== undefined) return refuse(response, refusal);
    if (this.isSilentOfHolds) return refuse(response, { kind: 'unavailable', code: 'not_now' });
    if (id === 'confirm') {
      this.holdConfirmations += 1;
      this.storage = { ...this.storage, awaitingHolds: false };
      json(response, { confirmed: true });
      return;
    }
    this.holdChanges.push(changes);
    for (const hold of changes.put) this.heldRanges.set(hold.id, hold);
    for (const released of changes.release) this.heldRanges.delete(released);
    const gone = changes.put.flatMap((hold) => (this.goneHolds.has(hold.cameraId) ? [hold.id] : []));
    json(response, { ...this.#holdSummary(), gone });
  }

  async #events(url: URL, response: ServerResponse): Promise<void> {
    const after = Number(url.searchParams.get('after'));
    const endsAt = performance.now() + Number(url.searchParams.get('waitMs'));
    const found = () => this.events.filter((event) => event.sequence > after).slice(0, 500);
    while (found().length === 0 && performance.now() < endsAt && this.#server !== undefined && !response.destroyed) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    json(response, { events: found(), sequence: this.events.at(-1)?.sequence ?? 0 });
  }

  async #identify(response: ServerResponse, asked: FakeRecorder['identified'][number]): Promise<void> {
    const { deviceAddress } = asked;
    this.identified.push(asked);
    this.identifiesAtOnce += 1;
    this.mostIdentifiesAtOnce = Math.max(this.mostIdentifiesAtOnce, this.identifiesAtOnce);
    await new Promise((resolve) => setTimeout(resolve, this.identifyMs));
    this.identifiesAtOnce -= 1;
    const identity = this.identities.get(deviceAddress) ?? { kind: 'unavailable', code: 'host_unreachable' };
    if ('code' in identity) refuse(response, identity);
    else json(response, identity);
  }

  #extraction(method: string, id: string, rest: string[], body: string, response: ServerResponse): void {
    const known = this.extractions.get(id);
    if (method === 'DELETE') {
      this.extractions.delete(id);
      response.writeHead(204).end();
      return;
    }
    if (method === 'PUT') {
      if (typeof this.extractionResult === 'object' && 'kind' in this.extractionResult) {
        refuse(response, this.extractionResult);
        return;
      }
      if (known === undefined) this.extractions.set(id, this.#newExtraction(id, body));
    }
    const extraction = this.extractions.get(id);
    if (extraction === undefined) refuse(response, { kind: 'not_found', code: 'extraction_not_found' });
    else if (rest[0] === 'files') {
      const damaged = this.damages > 0;
      this.damages -= damaged ? 1 : 0;
      response.writeHead(200, { 'content-type': 'video/mp4' });
      response.end(damaged ? Buffer.alloc(extraction.content.length, 1) : extraction.content);
    } else json(response, extraction.status);
  }

  #newExtraction(id: string, body: string): Extraction {
    const { cameraId, from, to } = JSON.parse(body) as { cameraId: string; from: string; to: string };
    const content = Buffer.from(`clip of ${cameraId} from ${from} to ${to} `.repeat(200));
    const status: ExtractionStatus = {
      id,
      cameraId,
      from,
      to,
      state: 'running',
      progress: 0.25,
      errorCode: null,
      files: [],
    };
    const extraction = { status, content };
    if (this.extractionResult === 'done') this.complete(extraction);
    else if (typeof this.extractionResult === 'object' && 'errorCode' in this.extractionResult) {
      extraction.status = { ...status, state: 'failed', errorCode: this.extractionResult.errorCode };
    }
    return extraction;
  }

  /** Ends an extraction that waits. */
  complete(extraction: Extraction): void {
    const { content, status } = extraction;
    extraction.status = {
      ...status,
      state: 'done',
      progress: 1,
      files: [
        {
          index: 0,
          fileName: `${status.id}-0.mp4`,
          bytes: content.length,
          sha256: createHash('sha256').update(content).digest('hex'),
          from: status.from,
          to: status.to,
          hiddenPreRollMs: 120,
          frames: 250,
          timeSource: 'rtcp',
        },
      ],
    };
  }

  /** One frame that no stream is named by, and no end where media has none. */
  #live(response: ServerResponse): void {
    const head = Buffer.from(JSON.stringify({ kind: 'nothing' }));
    const lengths = Buffer.from(frameLengths(head.length, 0));
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.write(Buffer.concat([lengths, head]));
    if (!this.endlessMedia) {
      response.end();
      return;
    }
    this.openMedia += 1;
    response.once('close', () => (this.openMedia -= 1));
  }

  #camera(id: string, rest: string[], url: URL, request: IncomingMessage, response: ServerResponse): void {
    const path = rest.join('/');
    if (path === 'retry') {
      this.retried.push(id);
      json(response, this.retryAnswer);
      return;
    }
    if (path === 'coverage') {
      json(response, this.coverages.get(id) ?? { cameraId: id, recorded: [], oldestAt: null, newestAt: null });
      return;
    }
    if (path === 'playlist.m3u8' && !this.coverages.has(id)) {
      refuse(response, { kind: 'not_found', code: 'no_footage' });
      return;
    }
    if (this.mediaRefusal !== undefined) {
      refuse(response, this.mediaRefusal);
      return;
    }
    const type = path.endsWith('.m3u8')
      ? 'application/vnd.apple.mpegurl'
      : path.endsWith('.jpg')
        ? 'image/jpeg'
        : 'video/mp4';
    if (this.endlessMedia) {
      this.openMedia += 1;
      response.once('close', () => (this.openMedia -= 1));
      response.writeHead(200, { 'content-type': type });
      response.write('beginning');
      return;
    }
    const body = Buffer.from(`${path} of ${id}`);
    if (path.startsWith('files/') && request.headers.range === 'bytes=9999-') {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    } else if (path.startsWith('files/') && request.headers.range !== undefined) {
      const part = body.subarray(0, 4);
      response
        .writeHead(206, {
          'content-type': type,
          'content-range': `bytes 0-3/${body.length}`,
          'content-length': part.length,
        })
        .end(part);
    } else {
      response.writeHead(200, { 'content-type': type, 'x-secret-of-recorder': url.href }).end(body);
    }
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, { kind, code, details = {} }: Refusal): void {
  const error = { kind, code, message: `refused: ${code}`, details, requestId: 'fake' };
  response.writeHead(httpStatusOfKind[kind], { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}
