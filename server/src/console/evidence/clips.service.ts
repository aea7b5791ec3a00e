import { instantFromMs } from '@choi-canh/shared/common';
import type { ClipCreateRequest, ClipFile, ClipResponse } from '@choi-canh/shared/evidence';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { CasesRepository } from './cases.repository.js';
import type { ClipRow } from './clip.entity.js';
import type { ClipExtractor } from './clip-extractor.js';
import { clipOnWire, namedFiles } from './clip-response.js';
import type { ClipsRepository, ClipView } from './clips.repository.js';
import type { EvidenceRecorders } from './evidence-interfaces.js';
import type { HoldsService } from './holds.service.js';

export interface ClipsServiceDeps {
  db: Database;
  repository: ClipsRepository;
  cases: CasesRepository;
  holds: HoldsService;
  extractor: ClipExtractor;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  recorders: EvidenceRecorders;
  clock: Clock;
}

/** A camera's or browser's clock may be ahead by so much. */
const clockErrorMs = 60_000;

/** Files cut from footage for an incident. */
export class ClipsService {
  readonly #deps: ClipsServiceDeps;

  constructor(deps: ClipsServiceDeps) {
    this.#deps = deps;
  }

  async list(scope: AreaScope, incidentId: string): Promise<ClipResponse[]> {
    await this.#deps.cases.incident(scope, incidentId);
    return (await this.#deps.repository.list(incidentId)).map((view) => this.#onWire(view));
  }

  async get(scope: AreaScope, id: string): Promise<ClipResponse> {
    return this.#onWire(await this.#require(scope, id));
  }

  /** Queues a clip and holds its range, so that retention cannot be faster. */
  async create(actor: Actor, incidentId: string, request: ClipCreateRequest): Promise<ClipResponse> {
    const { db, cases, repository, holds, audit, broadcaster, recorders, extractor, clock } = this.#deps;
    const [fromMs, toMs] = [Date.parse(request.from), Date.parse(request.to)];
    if (toMs > clock.nowMs() + clockErrorMs) {
      throw new AppError('invalid', 'range_in_future', 'only what has happened can be cut');
    }
    const view = await db.write(async (manager): Promise<ClipView> => {
      const incident = await cases.incident(actor.scope, incidentId, manager);
      const camera = await cases.camera(actor.scope, request.cameraId, manager);
      const id = newId();
      const { recorderId } = camera;
      const hold = await holds.enter(manager, actor, {
        ...{ incidentId, cameraId: camera.id, recorderId, fromMs, toMs, kind: 'clip', subjectId: id },
      });
      const row: ClipRow = {
        id,
        incidentId,
        cameraId: camera.id,
        recorderId: camera.recorderId,
        holdId: hold.id,
        fromAt: fromMs,
        toAt: toMs,
        state: 'queued',
        progress: 0,
        errorCode: null,
        note: request.note,
        files: [],
        recorderCopy: true,
        createdAt: clock.nowMs(),
        createdById: actor.accountId,
        createdByName: actor.name,
        finishedAt: null,
        deletedAt: null,
      };
      await repository.insert(manager, row);
      const made: ClipView = {
        row,
        cameraName: camera.name,
        recorderId: camera.recorderId,
        areaId: incident.areaId,
        incidentNumber: incident.number,
      };
      await audit.record(actor, entryOf('clip.create', made, { holdId: hold.id }), manager);
      return made;
    });
    recorders.markHoldsChanged(view.row.recorderId);
    extractor.kick();
    broadcaster.toArea(view.areaId, 'incident.view', 'incident.changed', incidentId);
    return this.#onWire(view);
  }

  async delete(actor: Actor, id: string): Promise<void> {
    const { db, repository, audit, broadcaster, extractor, clock } = this.#deps;
    const view = await db.write(async (manager) => {
      const found = await repository.find(actor.scope, id, manager);
      if (found === undefined) throw noClip();
      await repository.markDeleted(manager, id, clock.nowMs());
      const files = namedFiles(found, found.row.files).map(({ fileName, sha256, bytes }) => ({
        fileName,
        sha256,
        bytes,
      }));
      await audit.record(actor, entryOf('clip.delete', found, { state: found.row.state, files }), manager);
      return found;
    });
    await extractor.drop(view.row);
    broadcaster.toArea(view.areaId, 'incident.view', 'incident.changed', view.row.incidentId);
  }

  /** A file that is to be handed out. @throws AppError not_found `clip_not_found` | `clip_file_not_found`, conflict `clip_not_ready`. */
  async file(scope: AreaScope, id: string, index: number): Promise<{ view: ClipView; file: ClipFile }> {
    const view = await this.#require(scope, id);
    if (view.row.state !== 'done') throw new AppError('conflict', 'clip_not_ready', 'this clip is not ready');
    const file = namedFiles(view, view.row.files).find((candidate) => candidate.index === index);
    if (file === undefined) throw new AppError('not_found', 'clip_file_not_found', 'this clip has no such file');
    return { view, file };
  }

  async downloaded(actor: Actor, view: ClipView, file: ClipFile): Promise<void> {
    const { index, fileName, sha256, bytes } = file;
    await this.#deps.audit.record(actor, entryOf('clip.download', view, { index, fileName, sha256, bytes }));
  }

  async #require(scope: AreaScope, id: string): Promise<ClipView> {
    const found = await this.#deps.repository.find(scope, id);
    if (found === undefined) throw noClip();
    return found;
  }

  #onWire(view: ClipView): ClipResponse {
    const running = view.row.state === 'queued' || view.row.state === 'running';
    return clipOnWire(view, running ? this.#deps.extractor.progressOf(view.row.id) : undefined);
  }
}

function entryOf(
  action: 'clip.create' | 'clip.download' | 'clip.delete',
  { row, cameraName, areaId, incidentNumber }: ClipView,
  details: Record<string, unknown>,
) {
  return {
    action,
    subjectType: 'clip',
    subjectId: row.id,
    subjectName: `${incidentNumber} · ${cameraName}`,
    areaId,
    details: {
      incidentId: row.incidentId,
      cameraId: row.cameraId,
      from: instantFromMs(row.fromAt),
      to: instantFromMs(row.toAt),
      ...details,
    },
  };
}

const noClip = () => new AppError('not_found', 'clip_not_found', 'no such clip');
