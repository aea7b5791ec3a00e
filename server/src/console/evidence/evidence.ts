import type { RecorderEvent } from '@choi-canh/shared/recorder-api';
import type { AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import type { Logger } from '../../lib/logger.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { CasesRepository } from './cases.repository.js';
import { clipDownloadRoutes } from './clip-download.routes.js';
import { ClipExtractor, type ExtractorTimes } from './clip-extractor.js';
import { ClipsRepository } from './clips.repository.js';
import { ClipsService } from './clips.service.js';
import { DownloadRecords } from './download-records.js';
import type { ClipStore, EvidenceRecorders } from './evidence-interfaces.js';
import { evidenceRoutes } from './evidence.routes.js';
import { HoldTravel } from './hold-travel.js';
import { HoldsRepository } from './holds.repository.js';
import { HoldsService } from './holds.service.js';
import { TagsRepository } from './tags.repository.js';
import { TagsService } from './tags.service.js';
import { unknownHoldsRoutes } from './unknown-holds.routes.js';
import { UnknownHolds } from './unknown-holds.service.js';

export interface EvidenceDeps {
  db: Database;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  clock: Clock;
  logger: Logger;
  recorders: EvidenceRecorders;
  store: ClipStore;
  times?: Partial<ExtractorTimes> | undefined;
}

/** What hangs on an incident: tags, holds, clips. */
export function createEvidence(deps: EvidenceDeps) {
  const cases = new CasesRepository(deps.db);
  const holdsRepository = new HoldsRepository(deps.db);
  const holds = new HoldsService({ ...deps, cases, repository: holdsRepository });
  const travel = new HoldTravel({ ...deps, service: holds, repository: holdsRepository });
  const unknownHolds = new UnknownHolds({ ...deps, cases, service: holds, repository: holdsRepository });
  const tags = new TagsService({ ...deps, cases, holds, repository: new TagsRepository(deps.db) });
  const clipsRepository = new ClipsRepository(deps.db);
  const extractor = new ClipExtractor({ ...deps, repository: clipsRepository });
  const clips = new ClipsService({ ...deps, cases, holds, extractor, repository: clipsRepository });
  return {
    routes: [
      ...evidenceRoutes(tags, holds, clips),
      ...unknownHoldsRoutes(unknownHolds),
      ...clipDownloadRoutes(clips, deps.store, new DownloadRecords(deps.clock), deps.logger),
    ],
    holds,
    travel,
    unknownHolds,
    /** What a recorder's event asks for after the commit. */
    applyEvent(event: RecorderEvent): (() => void) | undefined {
      if (event.type === 'extraction.state') return () => extractor.poke(event.extraction.id);
      return undefined;
    },
    start: () => extractor.start(),
    stop: () => extractor.stop(),
  };
}
