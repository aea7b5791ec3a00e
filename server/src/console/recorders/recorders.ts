import type { AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import type { Logger } from '../../lib/logger.js';
import type { SecretBox } from '../../lib/secret-box.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { MediaForwarder } from './media-forwarder.js';
import type { RecorderParts, SyncTimes } from './recorder-sync.js';
import { RecordersRepository } from './recorders.repository.js';
import { recordersRoutes, type RecordersRoutesDeps } from './recorders.routes.js';
import { RecordersService } from './recorders.service.js';

export interface RecordersDeps {
  db: Database;
  secretBox: SecretBox;
  clock: Clock;
  logger: Logger;
  parts: RecorderParts;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  camerasInScope: RecordersRoutesDeps['camerasInScope'];
  refusedRecords(recorderId: string): number;
  retentionDays: number;
  times?: Partial<SyncTimes> | undefined;
}

/**
 * The console's side of its recorders: who they are, what they were told, what they reported, and the way to their
 * media. It knows nothing of cameras, holds and clips; those features hand in what concerns them.
 */
export function createRecorders(deps: RecordersDeps) {
  const service = new RecordersService({ ...deps, repository: new RecordersRepository(deps.db) });
  const media = new MediaForwarder((id) => service.clientOf(id), deps.logger);
  return {
    routes: recordersRoutes({ ...deps, service }),
    service,
    media,
    start: () => service.start(),
    stop: () => service.stop(),
  };
}
