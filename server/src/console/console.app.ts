import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Config } from '../config.js';
import { AddressRules } from '../lib/address-rules.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';
import { createSecretBox } from '../lib/secret-box.js';
import type { Database } from '../platform/db/database.js';
import { openDatabase, type OpenDatabaseOptions } from '../platform/db/open-database.js';
import { createHttpServer } from '../platform/http/http-server.js';
import { isSameOrigin } from '../platform/http/same-origin.js';
import { TrustedProxies } from '../platform/http/trusted-proxies.js';
import { defineRoute, type Route } from '../platform/http/route.js';
import { loadTls } from '../platform/http/tls.js';
import { createDiskObjectStore } from '../platform/objects/disk-object-store.js';
import { OtherConsoles } from '../platform/realtime/other-consoles.js';
import { createRealtime } from '../platform/realtime/realtime-server.js';
import { sharedBroadcaster } from '../platform/realtime/shared-broadcaster.js';
import { ConsoleAlerts } from './alerts/console-alerts.js';
import { ConsoleWatch, type BackupFacts } from './alerts/console-watch.js';
import { consoleAlertsRoutes } from './alerts/console-alerts.routes.js';
import { ForwardingAlerts } from './alerts/forwarding-alerts.js';
import { createAreas } from './areas/areas.js';
import { createAuditLog } from './audit/audit-log.js';
import { auditRoutes } from './audit/audit.routes.js';
import { createAuth } from './auth/auth.js';
import { createSessionWatch } from './auth/session-watch.js';
import { createCases } from './cases.app.js';
import { categoryEntity } from './incidents/category.entity.js';
import { loadSecretKey } from './load-secret-key.js';
import { createNames } from './names/names.js';
import { ConsoleKeyRepository } from './recorders/console-key.repository.js';
import { consoleEntities, consoleMigrations } from './console.schema.js';

export interface ConsoleAppOptions {
  config: Config;
  clock: Clock;
  logger: Logger;
  /** Of the product. */
  version: string;
  /** Before the schema of a database that is in use is changed. */
  beforeMigrating?: OpenDatabaseOptions['beforeMigrating'];
  /** What became of backups. */
  backups?: () => Promise<BackupFacts>;
}

export interface ConsoleApp {
  /** Where the recorder that was started beside this console listens; again whenever it was started anew. */
  registerRecorder(recorder: { url: string; token: string }): Promise<void>;
  /**
   * `setupUrl`: the one-time link, while there is no administrator. `beforeListening` frees the address. @throws AppError
   */
  start(beforeListening?: () => Promise<void>): Promise<{ origin: string; setupUrl?: string }>;
  stop(): Promise<void>;
}

const healthRoute = (database: Database): Route =>
  defineRoute({
    method: 'get',
    path: '/api/health',
    access: 'public',
    summary: 'Whether the console and its database answer',
    feature: 'health',
    response: z.object({ status: z.literal('ok') }),
    handler: async () => {
      await database.read.query('SELECT 1');
      return { status: 'ok' as const };
    },
  });

const builtClient = fileURLToPath(new URL('../../../client/dist', import.meta.url));

/** Composes the console: every feature gets here what it needs of the others. */
export async function createConsoleApp({
  config,
  clock,
  logger,
  version,
  beforeMigrating,
  backups,
}: ConsoleAppOptions): Promise<ConsoleApp> {
  const alerts = new ConsoleAlerts({ clock, logger });
  const consoleWatch = new ConsoleWatch({
    ...{ alerts, clock, logger, backups, dataDir: config.DATA_DIR, backupAlertDays: config.BACKUP_ALERT_DAYS },
    unreadableSecrets: () => cases.unreadableSecrets(),
  });
  const keysDir = join(config.DATA_DIR, 'keys');
  const tls = await loadTls({
    mode: config.TLS,
    host: config.HOST,
    certFile: config.TLS_CERT_FILE,
    keyFile: config.TLS_KEY_FILE,
    keysDir,
    clock,
  });
  const database = await openDatabase({
    url: config.DATABASE_URL,
    sqlitePath: join(config.DATA_DIR, 'console.sqlite'),
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger,
    beforeMigrating,
    observer: consoleWatch.observer,
  });
  const secretKey = await loadSecretKey({
    path: config.SECRET_KEY_FILE ?? join(keysDir, 'secret.key'),
    mayReplace: config.NEW_SECRET_KEY,
    hasSealed: async () => (await new ConsoleKeyRepository(database).find()) !== null,
  }).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const secretBox = createSecretBox(secretKey);

  const others = new OtherConsoles({ channel: database.channel, logger });
  const audit = createAuditLog({ database, clock, namesOf: (scope, ids) => cases.namesOf(scope, ids) });
  const names = createNames({ database, audit, categories: categoryEntity });
  const areas = createAreas({
    database,
    audit,
    levels: names.areaLevels,
    clock,
    users: [
      { what: 'cameras', table: 'camera' },
      { what: 'incidents', table: 'incident' },
      { what: 'accounts', table: 'account' },
    ],
    cameraTable: 'camera_in_use',
    retentionDays: config.RETENTION_DAYS,
    treeChanged: () => others.send('areas', null),
    retentionChanged: (areaId) => cases.areaRetentionChanged(areaId),
  });
  const proxies = new TrustedProxies(config.TRUSTED_PROXIES);
  const forwarding = new ForwardingAlerts({ alerts, clock });
  const auth = createAuth({
    database,
    audit,
    areas: areas.repository,
    clock,
    sessionLifetimeMs: config.SESSION_HOURS * 3600_000,
    proxies,
  });
  const realtime = createRealtime({
    authenticate: auth.authenticate,
    isSameOrigin: (request) => isSameOrigin(request, proxies),
    ancestorsOf: (areaId) => areas.tree.ancestorsOf(areaId),
    logger,
  });
  alerts.publishTo(realtime);
  others.on('areas', () => areas.tree.reload());
  others.onMissed(async () => {
    await areas.tree.reload();
    realtime.eventsMissed();
  });

  const cases = createCases({
    db: database,
    audit,
    broadcaster: sharedBroadcaster(realtime, others),
    alerts,
    objects: createDiskObjectStore(join(config.DATA_DIR, 'objects')),
    secretBox,
    clock,
    logger,
    addressRules: new AddressRules(config.ALLOWED_ADDRESSES),
    minFreeBytes: Math.round(config.MIN_FREE_GB * 1e9),
    retentionDays: config.RETENTION_DAYS,
  });
  const http = createHttpServer({
    routes: [
      healthRoute(database),
      ...consoleAlertsRoutes(alerts),
      ...auth.routes,
      ...areas.routes,
      ...names.routes,
      ...auditRoutes(audit),
      ...cases.routes,
    ],
    host: config.HOST,
    port: config.PORT,
    tls,
    proxies,
    onForwardingProblem: (problem) => forwarding.note(problem),
    authenticate: auth.authenticate,
    staticDir: builtClient,
    version,
    logger,
  });
  const watch = createSessionWatch({
    sessions: auth.sessions,
    channels: [http, realtime],
    clean: async () => {
      forwarding.expire();
      await auth.clean();
    },
    clock,
    logger,
  });

  return {
    registerRecorder: async (recorder) => {
      await cases.registerEmbedded({ ...recorder, name: hostname() });
    },
    start: async (beforeListening) => {
      await others.start();
      await areas.start();
      const token = await auth.setup.prepare();
      await cases.start();
      realtime.attach(http.server);
      await beforeListening?.();
      const { origin } = await http.start();
      watch.start();
      consoleWatch.start(database);
      // Behind the hash: it reaches no server log and no Referer.
      return token === undefined ? { origin } : { origin, setupUrl: `${origin}/setup#token=${token}` };
    },
    stop: async () => {
      await consoleWatch.stop();
      await watch.stop();
      await realtime.stop();
      await http.stop();
      await cases.stop();
      await others.stop();
      await database.close();
    },
  };
}
