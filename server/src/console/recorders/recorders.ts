import type { AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import type { Logger } from '../../lib/logger.js';
import type { SecretBox } from '../../lib/secret-box.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { ChainKeeper } from './chain-keeper.js';
import { ChainRecordsRepository } from './chain-records.repository.js';
import { chainRoutes } from './chain.routes.js';
import { MediaForwarder } from './media-forwarder.js';
import { RecorderAdministration } from './recorder-administration.js';
import type { RecorderParts, SyncTimes } from './recorder-sync.js';
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
  times?: Partial<SyncTimes> | undefined;
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
    applyEvent: (recorderId, event, manager) =>
      event.type === 'chain.heads'
        ? keeper.apply(recorderId, event.record, manager)
        : deps.parts.applyEvent(recorderId, event, manager),
    found: async (recorderId, status) => {
      await deps.parts.found(recorderId, status);
      await keeper.found(recorderId, status.chain.sequence);
    },
  };
  const repository = new RecordersRepository(deps.db);
  const service: RecordersService = new RecordersService({
    ...deps,
    parts,
    refusedRecords: (recorderId) => keeper.refused(recorderId),
    repository,
  });
  const administration = new RecorderAdministration({
    ...deps,
    repository,
    service,
    keyOf: (recorderId) => keeper.keyOf(recorderId),
  });
  const media = new MediaForwarder((id) => service.clientOf(id), deps.logger);
  return {
    routes: [
      ...recordersRoutes({ ...deps, service, administration }),
      ...chainRoutes({ ...deps, keeper, recorders: service }),
    ],
    service,
    media,
    start: async () => {
      await keeper.start();
      await service.start();
    },
    stop: async () => {
      await service.stop();
      await keeper.stop();
    },
  };
}
