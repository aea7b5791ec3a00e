import type { AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import type { Logger } from '../../lib/logger.js';
import type { SecretBox } from '../../lib/secret-box.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { AttemptBudget, type AttemptLimits } from './attempt-budget.js';
import { CameraAdditions } from './camera-additions.js';
import type { CameraHealth, CameraRecorders } from './camera-interfaces.js';
import { CameraMoves } from './camera-moves.js';
import { CameraReturns } from './camera-returns.js';
import { ChannelEntry } from './channel-entry.js';
import { DevicesRepository } from './devices.repository.js';
import { devicesRoutes } from './devices.routes.js';
import { DevicesService } from './devices.service.js';
import { DeviceSightingsRepository } from './device-sightings.repository.js';
import { sightingRoutes } from './device-sightings.routes.js';
import { CamerasRepository } from './cameras.repository.js';
import { camerasRoutes } from './cameras.routes.js';
import { CamerasService } from './cameras.service.js';
import { Discoveries } from './discoveries.js';
import { ListedCamerasRepository } from './listed-cameras.repository.js';
import { hideStoredAccounts } from './hidden-accounts.js';
import { LiveViewingsRepository } from './live-viewings.repository.js';
import { LiveViewings, type ViewingTimes } from './live-viewings.js';
import { liveRoutes, type LiveMedia } from './live.routes.js';
import { RtspAdditions } from './rtsp-additions.js';
import { RtspProbes } from './rtsp-probes.js';
import { rtspRoutes } from './rtsp.routes.js';

export interface CamerasDeps {
  db: Database;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  clock: Clock;
  /** Which addresses cameras may have. */
  addressRules: AddressRules;
  logger: Logger;
  secretBox: SecretBox;
  health: CameraHealth;
  recorders: CameraRecorders;
  media: LiveMedia;
  attemptLimits?: AttemptLimits | undefined;
  viewingTimes?: Partial<ViewingTimes> | undefined;
  /** Days that footage is kept where neither camera nor area says otherwise. */
  retentionDays: number;
}

/** Cameras: found, added, changed, seen live. Footage of the past belongs to `footage`, states to `health`. */
export function createCameras(deps: CamerasDeps) {
  const repository = new CamerasRepository(deps.db, deps.retentionDays);
  const devices = new DevicesRepository(deps.db);
  const listed = new ListedCamerasRepository(deps.db, deps.retentionDays);
  const service = new CamerasService({ ...deps, repository, devices, listed });
  const sightings = new DeviceSightingsRepository(deps.db);
  const budget = new AttemptBudget(deps.clock, deps.attemptLimits);
  const moves = new CameraMoves({ ...deps, repository, devices, sightings, budget });
  const entry = new ChannelEntry({ ...deps, repository, devices });
  const returns = new CameraReturns({ ...deps, repository, entry, budget });
  const viewings = new LiveViewings({
    ...deps,
    repository: new LiveViewingsRepository(deps.db),
    times: deps.viewingTimes,
  });
  const discoveries = new Discoveries({ ...deps, repository, sightings, moves });
  const additions = new CameraAdditions({
    ...deps,
    repository,
    returns,
    entry,
    budget,
    isShared: (recorderId, reference) => discoveries.isShared(recorderId, reference),
    device: (recorderId, address) => discoveries.device(recorderId, address),
  });
  const devicesService = new DevicesService({ ...deps, repository, devices, entry, budget });
  const probes = new RtspProbes({ ...deps, budget });
  const rtspAdditions = new RtspAdditions({ ...deps, repository, devices, returns, entry, probes, budget });
  return {
    routes: [
      ...devicesRoutes(devicesService, additions),
      ...camerasRoutes(service, additions, discoveries, moves, returns),
      ...rtspRoutes(probes, rtspAdditions),
      ...sightingRoutes(sightings, moves),
      ...liveRoutes(service, deps.media, viewings),
    ],
    service,
    start: async () => {
      await hideStoredAccounts({ ...deps, repository });
      viewings.start();
      // Where it fails the first who asks reads it, or hears why.
      service.warm().catch(() => undefined);
    },
    stop: async () => {
      await viewings.stop();
      await Promise.all([discoveries.stop(), additions.stop(), rtspAdditions.stop()]);
    },
  };
}
