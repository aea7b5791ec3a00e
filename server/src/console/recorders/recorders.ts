import type { AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { SecretBox } from '../../lib/secret-box.js';
import type { Database } from '../../platform/db/database.js';
import type { KeyCertificate } from '../../platform/http/key-certificate.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { ChainKeeper } from './chain-keeper.js';
import { ChainRecordsRepository } from './chain-records.repository.js';
import { chainRoutes } from './chain.routes.js';
import { eventRuns } from './event-runs.js';
import { loadConsoleKey } from './console-key.js';
import { ConsoleKeyRepository } from './console-key.repository.js';
import { MediaForwarder } from './media-forwarder.js';
import { RecorderAdministration } from './recorder-administration.js';
import { RecorderLeases, type LeaseTimes } from './recorder-leases.js';
import { RecorderLeasesRepository } from './recorder-leases.repository.js';
import type { RecorderParts } from './recorder-parts.js';
import type { SyncTimes } from './sync-times.js';
import { SetAsideEvents } from './set-aside-events.js';
import { SetAsideEventsRepository } from './set-aside-events.repository.js';
import { setAsideRoutes } from './set-aside.routes.js';
import { RecordersRepository } from './recorders.repository.js';
import { recordersRoutes, type RecordersRoutesDeps } from './recorders.routes.js';
import { RecordersService } from './recorders.service.js';

export interface RecordersDeps {
  db: Database;
  secretBox: SecretBox;
  clock: Clock;
  /** Which addresses recorders on other machines may have. */
  addressRules: AddressRules;
  logger: Logger;
  parts: RecorderParts;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  camerasInScope: RecordersRoutesDeps['camerasInScope'];
  retentionDays: number;
  times?: Partial<SyncTimes & LeaseTimes> | undefined;
}

/**
 * The console's side of its recorders: who they are, what they were told, what they reported, and the way to their
 * media. It knows nothing of cameras, holds and clips; those features hand in what concerns them.
 */
export function createRecorders(deps: RecordersDeps) {
  const { clock, logger } = deps;
  const keeper = new ChainKeeper({
    repository: new ChainRecordsRepository(deps.db),
    clock,
    logger,
    recordsOf: (recorderId, after, signal) => service.clientOf(recorderId).chainRecords(after, signal),
  });
  const parts: RecorderParts = {
    ...deps.parts,
    applyEvents: async (recorderId, events, manager) => {
      const afterCommit: (() => void)[] = [];
      for (const run of eventRuns(events)) {
        const heads = run.flatMap((event) => (event.type === 'chain.heads' ? [event.record] : []));
        for (const record of heads) afterCommit.push(await keeper.apply(recorderId, record, manager));
        if (heads.length === 0) afterCommit.push(...(await deps.parts.applyEvents(recorderId, run, manager)));
      }
      return afterCommit;
    },
    found: async (recorderId, status) => {
      await deps.parts.found(recorderId, status);
      await keeper.found(recorderId, status.chain.sequence);
    },
  };
  const repository = new RecordersRepository(deps.db);
  let ownKey: KeyCertificate | undefined;
  const loadIdentity = async () => {
    ownKey ??= await loadConsoleKey({ ...deps, repository: new ConsoleKeyRepository(deps.db) });
  };
  const identity = () => {
    if (ownKey === undefined) throw new AppError('internal', 'not_started', 'recorders are not started yet');
    return ownKey;
  };
  const setAside = new SetAsideEvents({
    repository: new SetAsideEventsRepository(deps.db),
    applyEvents: parts.applyEvents,
    clock,
    logger,
  });
  const leases = new RecorderLeases({
    repository: new RecorderLeasesRepository(deps.db),
    clock,
    logger,
    times: deps.times,
    changed: (recorderId) => service.changedElsewhere(recorderId),
    renewed: () => service.followOthers(),
  });
  const service: RecordersService = new RecordersService({
    ...deps,
    parts,
    refusedRecords: (recorderId) => keeper.refused(recorderId),
    refresh: async (recorderId) => {
      await keeper.refresh(recorderId);
      await setAside.refresh(recorderId);
      await deps.parts.keptElsewhere(recorderId);
    },
    setAside,
    identity,
    leases,
    repository,
  });
  const administration = new RecorderAdministration({
    ...deps,
    identity,
    repository,
    service,
    keyOf: (recorderId) => keeper.keyOf(recorderId),
  });
  const media = new MediaForwarder((id) => service.clientOf(id), deps.logger);
  return {
    routes: [
      ...recordersRoutes({ ...deps, service, administration }),
      ...chainRoutes({ ...deps, keeper, recorders: service }),
      ...setAsideRoutes({ ...deps, setAside, recorders: service }),
    ],
    service,
    media,
    start: async () => {
      await loadIdentity();
      await keeper.start();
      await setAside.start();
      leases.start();
      await service.start();
    },
    stop: async () => {
      await service.stop();
      await leases.stop();
      await keeper.stop();
    },
  };
}
