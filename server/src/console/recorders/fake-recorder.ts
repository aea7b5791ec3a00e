import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChainHeadsRecord } from '@choi-canh/shared/chain';
import type { CameraRetryResponse } from '@choi-canh/shared/cameras';
import type { ErrorKind } from '@choi-canh/shared/errors';
import { httpStatusOfKind } from '@choi-canh/shared/errors';
import type { CameraStatus } from '@choi-canh/shared/health';
import type {
  DesiredState,
  ExtractionStatus,
  CameraRuntime,
  IdentifyResponse,
  RecorderCoverage,
  RecorderDiscovery,
  RecorderEvent,
  RecorderStatus,
  RetentionFacts,
} from '@choi-canh/shared/recorder-api';
import type { recorderStorage } from '@choi-canh/shared/recorder-facts';
import type { z } from 'zod';

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

const fileId = 'f0000000-0000-4000-8000-000000000001';

/** A recorder for tests: the recorder API over a real socket, with everything in memory and every answer to be set. */
export class FakeRecorder {
  token = 'fake-recorder-token-0123456789';
  desired: DesiredState | undefined;
  desiredPuts: DesiredState[] = [];
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
  retryAnswer: CameraRetryResponse = { tried: true, waitMs: 10_000 };
  retried: string[] = [];
  clockConfirmations = 0;
  volumeAcceptances = 0;
  ffmpeg: RecorderStatus['ffmpeg'] = { version: '5.1', problem: null };
  /** Its signed records, for a console that misses some. */
  chainRecords: ChainHeadsRecord[] = [];
  /** Whether a desired state is answered with its holds. */
  acknowledgesHolds = true;
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
  startedAt = new Date().toISOString();
  #server: Server | undefined;
  #port = 0;
  #hung = false;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  get fileId(): string {
    return fileId;
  }

  async start(): Promise<void> {
    this.#hung = false;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
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
    if (request.headers.authorization !== `Bearer ${this.token}`) {
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
    } else if (root === 'desired-state') this.#takeDesired(response, JSON.parse(body) as DesiredState);
    else if (root === 'events') await this.#events(url, response);
    else if (root === 'discoveries') {
      json(response, {
        ...this.discovery,
        id: id || 'd0000000-0000-4000-8000-000000000001',
        startedAt: this.startedAt,
      });
    } else if (root === 'identify') await this.#identify(response, JSON.parse(body) as { deviceAddress: string });
    else if (root === 'extractions') this.#extraction(method, id, rest, body, response);
    else if (root === 'cameras') this.#camera(id, rest, url, request, response);
    else refuse(response, { kind: 'not_found', code: 'no_such_route' });
  }

  #status() {
    return {
      version: '0.1.0',
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
      sequence: this.events.at(-1)?.sequence ?? 0,
    };
  }

  #takeDesired(response: ServerResponse, state: DesiredState): void {
    this.desired = state;
    this.desiredPuts.push(state);
    json(response, {
      revision: state.revision,
      holdIds: this.acknowledgesHolds ? state.holds.map((hold) => hold.id) : [],
    });
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

  async #identify(response: ServerResponse, { deviceAddress }: { deviceAddress: string }): Promise<void> {
    this.identifiesAtOnce += 1;
    this.mostIdentifiesAtOnce = Math.max(this.mostIdentifiesAtOnce, this.identifiesAtOnce);
    await new Promise((resolve) => setTimeout(resolve, 15));
    this.identifiesAtOnce -= 1;
    const identity = this.identities.get(deviceAddress) ?? { kind: 'unavailable', code: 'host_unreachable' };
    if ('kind' in identity) refuse(response, identity);
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
