import type { AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import type { Database } from '../../platform/db/database.js';
import type { FootageHistory, FootageIncidents, FootageMedia, FootageRecorders } from './footage-interfaces.js';
import { footageRoutes } from './footage.routes.js';
import { FootageService } from './footage.service.js';
import { OpeningsRepository } from './openings.repository.js';
import { playbackRoutes } from './playback.routes.js';

export interface FootageDeps {
  db: Database;
  audit: AuditWriter;
  clock: Clock;
  recorders: FootageRecorders;
  history: FootageHistory;
  incidents: FootageIncidents;
  media: FootageMedia;
}

/** The console's side of past footage. The footage itself stays with the recorders. */
export function createFootage(deps: FootageDeps) {
  const service = new FootageService({ ...deps, repository: new OpeningsRepository(deps.db) });
  return { routes: [...footageRoutes(service), ...playbackRoutes(service, deps.media)], service };
}
