import type { CameraCoverage, OpeningRequest, OpeningResponse } from '@choi-canh/shared/footage';
import type { RecorderCoverage } from '@choi-canh/shared/recorder-api';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database } from '../../platform/db/database.js';
import { footageGaps } from './footage-gaps.js';
import type { FootageHistory, FootageIncidents, FootageRecorders } from './footage-interfaces.js';
import type { OpeningRow } from './opening.entity.js';
import type { FootageCamera, OpeningsRepository } from './openings.repository.js';

const openForMs = 12 * 3600_000;
/** A recorder that says nothing for so long keeps nobody waiting for the others. */
const longestAnswerMs = 4000;
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
    // Asked first: where no recorder answers nothing can be seen, and nothing is entered.
    const coverage = await this.#coverageOf(cameras, fromMs, toMs);
    if (coverage.every(({ away }) => away !== undefined)) {
      throw new AppError('unavailable', 'recorder_unreachable', 'the recorder does not answer', {
        details: { since: coverage[0]?.away?.since ?? null },
      });
    }
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
    const { history, clock } = this.#deps;
    return Promise.all(
      cameras.map(async (camera) => {
        const [known, { items: intervals }] = await Promise.all([
          this.#recordedOf(camera, fromMs, toMs),
          history.history(camera.id, fromMs, toMs),
        ]);
        if ('away' in known) {
          const gaps = unreachableGap(fromMs, Math.min(toMs, clock.nowMs()));
          return { cameraId: camera.id, recorded: [], gaps, oldestAt: null, newestAt: null, away: known.away };
        }
        return {
          cameraId: camera.id,
          recorded: known.recorded,
          gaps: footageGaps(known.recorded, intervals, { fromMs, toMs, nowMs: clock.nowMs() }),
          oldestAt: known.oldestAt,
          newestAt: known.newestAt,
        };
      }),
    );
  }

  /** What a recorder says of one camera. One that is out of reach, or does not answer in time, costs only its own cameras. */
  async #recordedOf(
    camera: FootageCamera,
    fromMs: number,
    toMs: number,
  ): Promise<RecorderCoverage | { away: NonNullable<CameraCoverage['away']> }> {
    const { recorders } = this.#deps;
    const away = () => {
      const { heardAt } = recorders.reachOf(camera.recorderId);
      return { away: { since: heardAt === null ? null : new Date(heardAt).toISOString() } };
    };
    if (recorders.reachOf(camera.recorderId).away) return away();
    const inTime = AbortSignal.timeout(longestAnswerMs);
    try {
      return await recorders
        .clientOf(camera.recorderId)
        .coverage(camera.id, new Date(fromMs).toISOString(), new Date(toMs).toISOString(), inTime);
    } catch (error) {
      const isAway = inTime.aborted || isAppError(error, 'unavailable') || isAppError(error, 'not_found');
      if (!isAway) throw error;
      return away();
    }
  }
}

function unreachableGap(fromMs: number, toMs: number): CameraCoverage['gaps'] {
  if (fromMs >= toMs) return [];
  return [{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), reason: 'recorder_unreachable' }];
}

function openingOnWire(row: OpeningRow, cameras: CameraCoverage[]): OpeningResponse {
  return {
    id: row.id,
    from: new Date(row.fromAt).toISOString(),
    to: new Date(row.toAt).toISOString(),
    cameras,
  };
}
