import type { Clock } from '../../lib/clock.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { HealthService } from './health.service.js';
import { StateBroadcasts } from './state-broadcasts.js';
import { StateIntervalsRepository } from './state-intervals.repository.js';

/** What was known of each camera, as intervals of state. */
export function createHealth(deps: { db: Database; broadcaster: Broadcaster; clock: Clock }) {
  const broadcasts = new StateBroadcasts(deps.broadcaster, deps.clock);
  const service = new HealthService({ ...deps, repository: new StateIntervalsRepository(deps.db), broadcasts });
  return { service, stop: () => broadcasts.stop() };
}
