import type { RecorderEvent } from '@choi-canh/shared/recorder-api';
import type { AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import type { Logger } from '../../lib/logger.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { CasesRepository } from './cases.repository.js';
import { clipDownloadRoutes } from './clip-download.routes.js';
import { ClipExtractor, type ExtractorTimes } from './clip-extractor.js';
import { ClipsRepository } from './clips.repository.js';
import { ClipsService } from './clips.service.js';
import type { ClipStore, EvidenceRecorders } from './evidence-interfaces.js';
import { evidenceRoutes } from './evidence.routes.js';
import { HoldsRepository } from './holds.repository.js';
import { HoldsService } from './holds.service.js';
import { TagsRepository } from './tags.repository.js';
import { TagsService } from './tags.service.js';

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
  const holds = new HoldsService({ ...deps, cases, repository: new HoldsRepository(deps.db) });
  const tags = new TagsService({ ...deps, cases, holds, repository: new TagsRepository(deps.db) });
  const clipsRepository = new ClipsRepository(deps.db);
  const extractor = new ClipExtractor({ ...deps, repository: clipsRepository });
  const clips = new ClipsService({ ...deps, cases, holds, extractor, repository: clipsRepository });
  return {
    routes: [...evidenceRoutes(tags, holds, clips), ...clipDownloadRoutes(clips, deps.store, deps.logger)],
    holds,
    /** Applies a recorder's event in its transaction; what it returns runs after the commit. */
    async applyEvent(event: RecorderEvent, manager: Transaction): Promise<(() => void) | undefined> {
      if (event.type === 'hold.state') return holds.applyState(manager, event.holdId, event.held);
      if (event.type === 'extraction.state') return () => extractor.poke(event.extraction.id);
      return undefined;
    },
    start: () => extractor.start(),
    stop: () => extractor.stop(),
  };
}
