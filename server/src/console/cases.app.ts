import type { AreaScope, AuditWriter } from '../lib/actor.js';
import type { AddressRules } from '../lib/address-rules.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';
import type { SecretBox } from '../lib/secret-box.js';
import type { Database } from '../platform/db/database.js';
import type { Route } from '../platform/http/route.js';
import type { ObjectStore } from '../platform/objects/object-store.js';
import type { Broadcaster } from '../platform/realtime/broadcaster.js';
import type { AlertRaiser } from './alerts/console-alerts.js';
import type { AttemptLimits } from './cameras/attempt-budget.js';
import { createCameras } from './cameras/cameras.js';
import type { ViewingTimes } from './cameras/live-viewings.js';
import { createEvidence } from './evidence/evidence.js';
import type { ExtractorTimes } from './evidence/clip-extractor.js';
import { createFootage } from './footage/footage.js';
import { createHealth } from './health/health.js';
import { createIncidents } from './incidents/incidents.js';
import { createRecorders } from './recorders/recorders.js';
import type { LeaseTimes } from './recorders/recorder-leases.js';
import type { SyncTimes } from './recorders/sync-times.js';
import { createReports } from './reports/reports.js';

export interface CasesDeps {
  db: Database;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  /** Alerts about the console itself. */
  alerts: AlertRaiser;
  objects: ObjectStore;
  /** Made with the console's secret key. */
  secretBox: SecretBox;
  clock: Clock;
  logger: Logger;
  /** Which addresses cameras and recorders may have. */
  addressRules: AddressRules;
  /** Bytes that recorders leave free on their disks. */
  minFreeBytes: number;
  /** Days that footage is kept where neither camera nor area says otherwise. */
  retentionDays: number;
  /** How many device addresses an account may try. */
  attemptLimits?: AttemptLimits | undefined;
  syncTimes?: Partial<SyncTimes & LeaseTimes> | undefined;
  extractorTimes?: Partial<ExtractorTimes> | undefined;
  viewingTimes?: Partial<ViewingTimes> | undefined;
}

export interface Cases {
  routes: Route[];
  /** Tells where the console's own recorder listens; before `start`, and again whenever it was started anew. */
  registerEmbedded(recorder: { url: string; token: string; name: string }): Promise<string>;
  /** Numbers of incidents, names of cameras (also out of use) and recorders, within the scope. */
  namesOf(scope: AreaScope, ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** An area keeps footage for another time now. */
  areaRetentionChanged(areaId: string): Promise<void>;
  /** Stored passwords and tokens that do not open with the key of this installation. */
  unreadableSecrets(): Promise<{ cameras: number; recorders: number }>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Hands the features about recorders, cameras and cases to each other: none of them imports another. */
export function createCases(deps: CasesDeps): Cases {
  const health = createHealth(deps);
  const incidents = createIncidents(deps);
  const reports = createReports({
    db: deps.db,
    resolvedByFootage: incidents.resolvedByFootage,
    unheardRecorderIds: () => recorders.service.unheardRecorderIds(),
  });
  const recorders = createRecorders({
    ...deps,
    times: deps.syncTimes,
    camerasInScope: (scope, cameraIds) => cameras.service.idsInScope(scope, cameraIds),
    parts: {
      desired: {
        minFreeBytes: deps.minFreeBytes,
        kept: (recorderId) => cameras.service.kept(recorderId),
        cameras: (recorderId, ids) => cameras.service.desired(recorderId, ids),
        marks: (recorderId, after, limit) => cameras.service.desiredMarks(recorderId, after, limit),
      },
      holds: {
        changes: (recorderId) => evidence.travel.changes(recorderId),
        acknowledged: (changes, gone) => evidence.travel.acknowledged(changes, gone),
        summary: (recorderId) => evidence.travel.summary(recorderId),
        reconcile: (recorderId, after, upTo, there) => evidence.travel.reconcile(recorderId, after, upTo, there),
      },
      applyEvents: async (recorderId, run, manager) => {
        const states = run.flatMap((event) => (event.type === 'camera.state' ? [event.status] : []));
        if (states.length > 0) return [await health.service.applyAll(manager, recorderId, states)];
        for (const event of run) {
          if (event.type === 'recorder.stopped') await health.service.recorderStopped(manager, recorderId, event);
        }
        return run.flatMap((event) => evidence.applyEvent(event) ?? []);
      },
      lost: (recorderId, at) => health.service.recorderLost(recorderId, at),
      silent: (recorderId, since) => health.service.recorderSilent(recorderId, since),
      keptElsewhere: (recorderId) => health.service.reportChangedElsewhere(recorderId),
      keptHere: (recorderId) => health.service.forgetElsewhere(recorderId),
      heardAgain: (recorderId) => health.service.recorderHeardAgain(recorderId),
      found: (recorderId, status) => health.service.recorderFound(recorderId, status.cameras),
      differs: (recorderId, status) => health.service.differs(recorderId, status.cameras),
      agree: (recorderId, status, manager) => health.service.agree(manager, recorderId, status.cameras),
      cameraCount: (recorderId) => cameras.service.countOf(recorderId),
      usedBy: async (recorderId, manager) => ({
        cameras: await cameras.service.countOf(recorderId, manager),
        holds: await evidence.holds.countOf(recorderId, manager),
      }),
      unknownHolds: (recorderId) => evidence.unknownHolds.count(recorderId),
      adoptCameras: (recorderId, areaId, known, manager) => cameras.service.adopt(recorderId, areaId, known, manager),
      removed: (recorderId, manager) => evidence.travel.recorderRemoved(recorderId, manager),
    },
  });
  const cameras = createCameras({
    ...deps,
    health: health.service,
    recorders: recorders.service,
    media: recorders.media,
  });
  const footage = createFootage({
    ...deps,
    recorders: recorders.service,
    history: health.service,
    incidents: incidents.service,
    media: recorders.media,
  });
  const evidence = createEvidence({
    ...deps,
    recorders: recorders.service,
    store: deps.objects,
    times: deps.extractorTimes,
  });

  return {
    routes: [recorders, cameras, footage, incidents, evidence, reports].flatMap((feature) => feature.routes),
    registerEmbedded: (recorder) => recorders.service.registerEmbedded(recorder),
    namesOf: async (scope, ids) => {
      const found = await Promise.all([
        incidents.service.numbersOf(scope, ids),
        cameras.service.namesOf(scope, ids),
        recorders.service.namesOf(ids),
      ]);
      return new Map(found.flatMap((names) => [...names]));
    },
    areaRetentionChanged: async (areaId) => {
      recorders.service.markAllChanged();
      await cameras.service.areaRetentionChanged(areaId);
    },
    unreadableSecrets: async () => ({
      cameras: await cameras.service.unreadablePasswords(),
      recorders: await recorders.service.unreadableTokens(),
    }),
    start: async () => {
      // Before recorders are given what they shall record.
      await cameras.start();
      await recorders.start();
      await evidence.start();
    },
    stop: async () => {
      await Promise.all([evidence.stop(), cameras.stop()]);
      await recorders.stop();
      await health.stop();
    },
  };
}
