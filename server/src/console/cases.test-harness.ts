import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cameraAddResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import type { AuditRecordResponse } from '@choi-canh/shared/audit';
import { incidentResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import type { Permission, Role } from '@choi-canh/shared/permissions';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { z } from 'zod';
import type { Actor } from '../lib/actor.js';
import { systemClock, type Clock } from '../lib/clock.js';
import { newId } from '../lib/ids.js';
import { loopbackRules } from '../lib/loopback.test-harness.js';
import { silentLogger, type Logger } from '../lib/logger.js';
import { createSecretBox } from '../lib/secret-box.js';
import type { Database } from '../platform/db/database.js';
import { createHttpServer, type HttpServer } from '../platform/http/http-server.js';
import { createDiskObjectStore } from '../platform/objects/disk-object-store.js';
import { noProxies } from '../platform/http/trusted-proxies.js';
import type { Broadcaster } from '../platform/realtime/broadcaster.js';
import { OtherConsoles } from '../platform/realtime/other-consoles.js';
import { sharedBroadcaster } from '../platform/realtime/shared-broadcaster.js';
import { ConsoleAlerts } from './alerts/console-alerts.js';
import { areaEntity } from './areas/area.entity.js';
import { createAuditLog } from './audit/audit-log.js';
import { createCases, type Cases } from './cases.app.js';
import type { AttemptLimits } from './cameras/attempt-budget.js';
import { FakeRecorder } from './recorders/fake-recorder.js';

/** Opens an empty console database (consoleEntities, consoleMigrations) of whichever kind; closed by the suite. */
export type OpenTestDatabase = () => Promise<Database>;

export interface Told {
  to: { areaId?: string; permission: Permission } | { accountId: string };
  event: string;
  args: unknown[];
}
export interface TestArea {
  id: string;
  path: string;
  name: string;
}

const mainStream = { profileToken: 'main', codec: 'h264', width: 1920, height: 1080, frameRate: 25, bitrateKbps: 2000 };
const subStream = { profileToken: 'sub', codec: 'h264', width: 640, height: 360, frameRate: 12, bitrateKbps: 300 };
export const identity: IdentifyResponse = {
  manufacturer: 'KBVision',
  model: 'KX-2001',
  firmwareVersion: '1.2',
  serialNumber: 'SN1',
  clockOffsetMs: 20,
  main: mainStream,
  sub: subStream,
  kind: 'camera',
  channels: [
    {
      ...{ sourceToken: 'VideoSource_1', number: 1, name: '', signal: null },
      ...{ main: mainStream, sub: subStream, profiles: [mainStream, subStream] },
    },
  ],
};
/** A recorder of so many channels, each with main and sub of its own; the last `empty` have no signal. */
export function deviceOf(count: number, empty = 0, serialNumber = 'SN-NVR'): IdentifyResponse {
  const channels = Array.from({ length: count }, (_, index): IdentifyResponse['channels'][number] => {
    const number = index + 1;
    const main = { ...mainStream, profileToken: `M${number}` };
    const sub = { ...subStream, profileToken: `S${number}` };
    const third = { ...subStream, profileToken: `T${number}`, width: 352, height: 288 };
    return {
      ...{ sourceToken: `VideoSource_${number}`, number, name: '', signal: number <= count - empty },
      ...{ main, sub, profiles: [main, sub, third] },
    };
  });
  const { main, sub } = channels[0]!;
  return { ...identity, model: 'DS-7616NI', serialNumber, kind: 'nvr', main: main!, sub, channels };
}
export const cameraPassword = 'Matkhau-rat-bi-mat';

/** A console's features about cameras and cases over real HTTP, a real database and a recorder that answers as told. */
export class CasesHarness {
  readonly recorder = new FakeRecorder();
  readonly told: Told[] = [];
  /** Those of the console that runs now. */
  alerts!: ConsoleAlerts;
  readonly clock: Clock;
  /** How many device addresses an account may try; from the next start of the console. */
  attemptLimits: AttemptLimits | undefined;
  db!: Database;
  cases!: Cases;
  recorderId!: string;
  folder!: string;
  /** Called after each write that was committed; what it throws is an answer that was lost. */
  afterWrite: (() => void) | undefined;
  readonly #actors = new Map<string, Actor>();
  readonly #open: OpenTestDatabase;
  #key = Buffer.alloc(32, 7);
  #http: HttpServer | undefined;
  #others: OtherConsoles | undefined;
  #origin = '';
  #areaCount = 0;
  #cameraCount = 0;

  constructor(open: OpenTestDatabase, clock: Clock = systemClock) {
    this.#open = open;
    this.clock = clock;
  }

  async start(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'choi-canh-cases-'));
    const db = await this.#open();
    this.db = {
      ...db,
      write: async (work) => {
        const result = await db.write(work);
        this.afterWrite?.();
        return result;
      },
    };
    await this.recorder.start();
    await this.startConsole();
  }

  async stop(): Promise<void> {
    await this.stopConsole();
    await this.recorder.stop();
    await this.db.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Also after `stopConsole`: the database and the object store are the same. */
  async startConsole({ register = true, logger = silentLogger as Logger } = {}): Promise<void> {
    const own: Broadcaster = {
      toArea: (areaId, permission, event, ...args) => this.told.push({ to: { areaId, permission }, event, args }),
      toPermission: (permission, event, ...args) => this.told.push({ to: { permission }, event, args }),
      toAccount: (accountId, event, ...args) => this.told.push({ to: { accountId }, event, args }),
    };
    this.#others = new OtherConsoles({ channel: this.db.channel, logger });
    const broadcaster = sharedBroadcaster(own, this.#others);
    await this.#others.start();
    this.alerts = new ConsoleAlerts({ clock: this.clock, logger });
    this.alerts.publishTo(own);
    this.cases = createCases({
      db: this.db,
      audit: createAuditLog({ database: this.db, clock: this.clock }),
      broadcaster,
      alerts: this.alerts,
      objects: createDiskObjectStore(join(this.folder, 'objects')),
      secretBox: createSecretBox(this.#key),
      clock: this.clock,
      logger,
      addressRules: loopbackRules,
      attemptLimits: this.attemptLimits,
      minFreeBytes: 5_000_000_000,
      retentionDays: 30,
      syncTimes: {
        ...{ statusEveryMs: 60, lostAfterMs: 250, pollWaitMs: 300, debounceMs: 10, retryMs: 20 },
        ...{ leaseMs: 2000, renewEveryMs: 100 },
      },
      viewingTimes: { everyMs: 20 },
      extractorTimes: { pollMs: 20, retryMs: 20 },
    });
    if (register) await this.register();
    this.#http = createHttpServer({
      routes: this.cases.routes,
      host: '127.0.0.1',
      port: 0,
      proxies: noProxies,
      authenticate: (request) => Promise.resolve(this.#actors.get(String(request.headers['x-test-actor']))),
      version: '0',
      logger,
    });
    this.#origin = (await this.#http.start()).origin;
    await this.cases.start();
  }

  /** The next console has another key than what is stored was sealed with. */
  loseKey(): void {
    this.#key = Buffer.alloc(32, 8);
  }

  async register(): Promise<void> {
    const { url, token } = this.recorder;
    this.recorderId = await this.cases.registerEmbedded({ url, token, name: 'Đầu ghi' });
  }

  async stopConsole(): Promise<void> {
    await this.#http?.stop();
    this.#http = undefined;
    await this.cases.stop();
    await this.#others?.stop();
  }

  async area(name: string, parent?: TestArea, code?: string): Promise<TestArea> {
    const id = newId();
    const path = `${parent?.path ?? '/'}${id}/`;
    this.#areaCount += 1;
    await this.db.write((manager) =>
      manager.insert(areaEntity, {
        id,
        parentId: parent?.id ?? null,
        name,
        level: 'commune',
        code: code ?? `A${this.#areaCount}`,
        path,
        centreLat: null,
        centreLon: null,
        retentionDays: null,
        createdAt: 0,
      }),
    );
    return { id, path, name };
  }

  actor(role: Role, area?: TestArea): TestActor {
    const actor: Actor = {
      accountId: newId(),
      name: `${role} ${area?.name ?? ''}`.trim(),
      role,
      scope: { areaId: area?.id ?? null, path: area?.path ?? null },
      sessionId: newId(),
      address: '127.0.0.1',
    };
    return this.#enter(actor);
  }

  /** The same person in another session. */
  again({ actor }: TestActor): TestActor {
    return this.#enter({ ...actor, sessionId: newId() });
  }

  #enter(actor: Actor): TestActor {
    this.#actors.set(actor.sessionId, actor);
    return new TestActor(actor, () => this.#origin);
  }

  /** Adds a camera through the API; to the console's own recorder, where no other is said. */
  async camera(
    area: TestArea,
    name?: string,
    at: { recorder: FakeRecorder; id: string } = { recorder: this.recorder, id: this.recorderId },
  ): Promise<CameraResponse> {
    this.#cameraCount += 1;
    const deviceAddress = `http://10.0.0.${this.#cameraCount}/onvif/device_service`;
    at.recorder.identities.set(deviceAddress, identity);
    const admin = this.actor('administrator');
    const started = await admin.post('/api/cameras/additions', cameraAddResponse, {
      recorderId: at.id,
      areaId: area.id,
      username: 'admin',
      password: cameraPassword,
      devices: [{ deviceAddress, name: name ?? `Cam ${this.#cameraCount}` }],
    });
    const done = await eventually('the camera is added', async () => {
      const now = await admin.get(`/api/cameras/additions/${started.id}`, cameraAddResponse);
      return now.state === 'done' ? now : undefined;
    });
    const camera = done.results[0]?.camera;
    if (camera === null || camera === undefined) throw new Error(`not added: ${JSON.stringify(done.results)}`);
    return camera;
  }

  incident(actor: TestActor, area: TestArea, given: Record<string, unknown> = {}): Promise<IncidentResponse> {
    return actor.post('/api/incidents', incidentResponse, {
      areaId: area.id,
      occurredAt: new Date(this.clock.nowMs() - 3600_000).toISOString(),
      place: 'Ngã ba chợ',
      category: 'traffic_accident',
      ...given,
    });
  }

  /** Everything in the audit trail, oldest first. */
  async trail(action?: string): Promise<AuditRecordResponse[]> {
    const namesOf: Cases['namesOf'] = (scope, ids) => this.cases.namesOf(scope, ids);
    const log = createAuditLog({ database: this.db, clock: this.clock, namesOf });
    const { items } = await log.page({ areaId: null, path: null }, { limit: 200 });
    return items.reverse().filter((record) => action === undefined || record.action === action);
  }
}

/** Somebody who asks over HTTP. */
export class TestActor {
  readonly actor: Actor;
  readonly #origin: () => string;

  constructor(actor: Actor, origin: () => string) {
    this.actor = actor;
    this.#origin = origin;
  }

  fetch(method: string, path: string, body?: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) {
    return fetch(`${this.#origin()}${path}`, {
      method,
      headers: {
        'x-test-actor': this.actor.sessionId,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async status(method: string, path: string, body?: unknown): Promise<number> {
    const response = await this.fetch(method, path, body);
    await response.arrayBuffer();
    return response.status;
  }

  /** `404 incident_not_found` */
  async refusal(method: string, path: string, body?: unknown): Promise<string> {
    const response = await this.fetch(method, path, body);
    const answer = (await response.json().catch(() => ({}))) as { error?: { code: string } };
    return `${response.status} ${answer.error?.code ?? ''}`.trim();
  }

  get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
    return this.#ask('GET', path, schema);
  }
  post<S extends z.ZodType>(path: string, schema: S, body: unknown): Promise<z.output<S>> {
    return this.#ask('POST', path, schema, body);
  }
  patch<S extends z.ZodType>(path: string, schema: S, body: unknown): Promise<z.output<S>> {
    return this.#ask('PATCH', path, schema, body);
  }

  async #ask<S extends z.ZodType>(method: string, path: string, schema: S, body?: unknown): Promise<z.output<S>> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return schema.parse(JSON.parse(text));
  }
}

/** Waits for a condition; throws after `deadlineMs`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 20_000,
): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const result = await check();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > endsAt) throw new Error(`waited too long until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
