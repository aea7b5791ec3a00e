import type { CameraCoverage, OpeningRequest, OpeningResponse } from '@choi-canh/shared/footage';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database } from '../../platform/db/database.js';
import { footageGaps } from './footage-gaps.js';
import type { FootageHistory, FootageIncidents, FootageRecorders } from './footage-interfaces.js';
import type { OpeningRow } from './opening.entity.js';
import type { FootageCamera, OpeningsRepository } from './openings.repository.js';

const openForMs = 12 * 3600_000;
const longestCoverageMs = 32 * 86_400_000;

export interface FootageServiceDeps {
  db: Database;
  repository: OpeningsRepository;
  audit: AuditWriter;
  clock: Clock;
  recorders: FootageRecorders;
  history: FootageHistory;
  incidents: FootageIncidents;
}
export interface OpenCamera {
  camera: FootageCamera;
  fromMs: number;
  toMs: number;
}

/** Past footage: what there is of it, and the openings under which it is seen. */
export class FootageService {
  readonly #deps: FootageServiceDeps;

  constructor(deps: FootageServiceDeps) {
    this.#deps = deps;
  }

  /** Enters who opens which footage, and why, before anything of it is seen. */
  async open(actor: Actor, request: OpeningRequest): Promise<OpeningResponse> {
    const { db, repository, audit, clock, incidents } = this.#deps;
    const fromMs = Date.parse(request.from);
    const toMs = Date.parse(request.to);
    const cameraIds = [...new Set(request.cameraIds)];
    const cameras = await this.#camerasOf(actor.scope, cameraIds);
    const number =
      request.incidentId === undefined ? undefined : await incidents.numberOf(actor.scope, request.incidentId);
    // Asked first: where the recorder does not answer nothing can be seen, and nothing is entered.
    const coverage = await this.#coverageOf(cameras, fromMs, toMs);
    const now = clock.nowMs();
    const row: OpeningRow = {
      id: newId(),
      accountId: actor.accountId,
      sessionId: actor.sessionId,
      incidentId: request.incidentId ?? null,
      purpose: request.purpose ?? '',
      fromAt: fromMs,
      toAt: toMs,
      createdAt: now,
      expiresAt: now + openForMs,
    };
    await db.write(async (manager) => {
      await repository.add(manager, row, cameraIds);
      for (const camera of cameras) {
        await audit.record(
          actor,
          {
            action: 'footage.open',
            subjectType: 'camera',
            subjectId: camera.id,
            subjectName: camera.name,
            areaId: camera.areaId,
            purpose: [number, request.purpose].filter((part) => part !== undefined).join(': '),
            details: {
              openingId: row.id,
              from: new Date(fromMs).toISOString(),
              to: new Date(toMs).toISOString(),
              incidentId: row.incidentId,
            },
          },
          manager,
        );
      }
    });
    return openingOnWire(row, coverage);
  }

  /** @throws AppError not_found `opening_not_found`: unknown, of another session or ended. */
  async get(actor: Actor, id: string): Promise<OpeningResponse> {
    const { repository, clock } = this.#deps;
    const found = await repository.find(actor.sessionId, id, clock.nowMs());
    if (found === undefined) throw new AppError('not_found', 'opening_not_found', 'no such opening');
    const cameras = await this.#camerasOf(actor.scope, found.cameraIds);
    return openingOnWire(found.row, await this.#coverageOf(cameras, found.row.fromAt, found.row.toAt));
  }

  /** @throws AppError not_found `opening_not_found`: also where the camera is not in it, or out of scope by now. */
  async openCamera(actor: Actor, openingId: string, cameraId: string): Promise<OpenCamera> {
    const { repository, clock } = this.#deps;
    const found = await repository.camera(actor.scope, actor.sessionId, openingId, cameraId, clock.nowMs());
    if (found === undefined) throw new AppError('not_found', 'opening_not_found', 'no such opening of this camera');
    return { camera: found.camera, fromMs: found.fromAt, toMs: found.toAt };
  }

  /** Where there is footage and where not, without showing any. */
  async coverage(scope: AreaScope, cameraIds: string[], fromMs: number, toMs: number): Promise<CameraCoverage[]> {
    if (!(fromMs < toMs) || toMs - fromMs > longestCoverageMs) {
      throw new AppError('invalid', 'bad_range', 'from must be before to, at most 32 days');
    }
    return this.#coverageOf(await this.#camerasOf(scope, [...new Set(cameraIds)]), fromMs, toMs);
  }

  /** Since when and until when there is footage of a camera, for people who asked for a time without any. */
  async bounds(camera: FootageCamera, fromMs: number, toMs: number) {
    const { oldestAt, newestAt } = await this.#deps.recorders
      .clientOf(camera.recorderId)
      .coverage(camera.id, new Date(fromMs).toISOString(), new Date(toMs).toISOString());
    return { oldestAt, newestAt };
  }

  async #camerasOf(scope: AreaScope, ids: string[]): Promise<FootageCamera[]> {
    const found = new Map((await this.#deps.repository.cameras(scope, ids)).map((camera) => [camera.id, camera]));
    return ids.map((id) => {
      const camera = found.get(id);
      if (camera === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
      return camera;
    });
  }

  #coverageOf(cameras: FootageCamera[], fromMs: number, toMs: number): Promise<CameraCoverage[]> {
    const { recorders, history, clock } = this.#deps;
    return Promise.all(
      cameras.map(async (camera) => {
        const [recorded, intervals] = await Promise.all([
          recorders
            .clientOf(camera.recorderId)
            .coverage(camera.id, new Date(fromMs).toISOString(), new Date(toMs).toISOString()),
          history.history(camera.id, fromMs, toMs),
        ]);
        return {
          cameraId: camera.id,
          recorded: recorded.recorded,
          gaps: footageGaps(recorded.recorded, intervals, { fromMs, toMs, nowMs: clock.nowMs() }),
          oldestAt: recorded.oldestAt,
          newestAt: recorded.newestAt,
        };
      }),
    );
  }
}

function openingOnWire(row: OpeningRow, cameras: CameraCoverage[]): OpeningResponse {
  return {
    id: row.id,
    from: new Date(row.fromAt).toISOString(),
    to: new Date(row.toAt).toISOString(),
    cameras,
  };
}
