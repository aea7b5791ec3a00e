import type { ExtractionStatus } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { backoffMs } from '../../lib/retry.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { ClipRow } from './clip.entity.js';
import { clipFileKey, clipOnWire, namedFiles } from './clip-response.js';
import type { ClipsRepository } from './clips.repository.js';
import type { ClipStore, EvidenceRecorder, EvidenceRecorders } from './evidence-interfaces.js';

export interface ExtractorTimes {
  /** Pause between two questions while a recorder cuts; default 400 ms. */
  pollMs: number;
  /** A recorder out of reach for so long fails the clip; default 30 min. */
  giveUpAfterMs: number;
  /** First pause after a failure; grows to 20 times as much. Default 500 ms. */
  retryMs: number;
}
export interface ClipExtractorDeps {
  repository: ClipsRepository;
  recorders: EvidenceRecorders;
  store: ClipStore;
  broadcaster: Broadcaster;
  clock: Clock;
  logger: Logger;
  times?: Partial<ExtractorTimes> | undefined;
}

const atOncePerRecorder = 3;
const damagedTries = 3;
const knownCodes = new Set(['no_footage', 'footage_gone', 'recorder_unreachable', 'disk_full', 'internal']);

interface Work {
  stop: AbortController;
  wake: () => void;
  progress: number;
  done: Promise<void>;
}

/**
 * Drives the queue of clips: has the recorder cut each, follows it, brings the files home, proves them by their
 * SHA-256, and lets the recorder forget its copy. The queue is the rows themselves and each step may be repeated, so
 * a restart of either process only means asking again.
 */
export class ClipExtractor {
  readonly #deps: ClipExtractorDeps;
  readonly #times: ExtractorTimes;
  readonly #active = new Map<string, Work & { recorderId: string }>();
  readonly #tidying = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #filling: Promise<void> | undefined;
  #fillAgain = false;

  constructor(deps: ClipExtractorDeps) {
    this.#deps = deps;
    this.#times = { pollMs: 400, giveUpAfterMs: 30 * 60_000, retryMs: 500, ...deps.times };
  }

  async start(): Promise<void> {
    this.kick();
    await this.#filling;
    for (const row of await this.#deps.repository.leftovers()) this.tidy(row);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    for (const work of this.#active.values()) work.stop.abort(new Error('stopped'));
    await this.#filling;
    await Promise.all([...[...this.#active.values()].map((work) => work.done), ...this.#tidying]);
  }

  /** There may be new work. */
  kick(): void {
    this.#fillAgain = true;
    this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
  }

  /** The recorder told something of this extraction: ask it now. */
  poke(clipId: string): void {
    const work = this.#active.get(clipId);
    if (work === undefined) this.kick();
    else work.wake();
  }

  /** 0…1 of a clip that is being cut. */
  progressOf(clipId: string): number | undefined {
    return this.#active.get(clipId)?.progress;
  }

  /** Ends work on a deleted clip and does away with what there is of it. */
  async drop(row: ClipRow): Promise<void> {
    const work = this.#active.get(row.id);
    work?.stop.abort(new Error('deleted'));
    await work?.done;
    this.tidy(row);
  }

  /** Removes what a finished clip left at its recorder, or a deleted one anywhere. What fails is tried at the next start. */
  tidy(row: ClipRow): void {
    const tidying = this.#tidy(row)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) {
          this.#deps.logger.warn({ clipId: row.id, err: errorMessage(error) }, 'a clip left something behind');
        }
      })
      .finally(() => this.#tidying.delete(tidying));
    this.#tidying.add(tidying);
  }

  async #tidy({ id, recorderId }: ClipRow): Promise<void> {
    const { repository, store, recorders } = this.#deps;
    const row = (await repository.byId(id))?.row;
    if (row === undefined) return;
    if (row.deletedAt !== null) {
      for (const file of row.files) await store.delete(clipFileKey(id, file.index));
    }
    if (row.recorderCopy) {
      try {
        await recorders.clientOf(recorderId).forgetExtraction(id, this.#stop.signal);
      } catch (error) {
        // It was removed: what it still has is its own.
        if (!isAppError(error) || error.code !== 'recorder_not_found') throw error;
      }
      await repository.forgotten(id);
    }
    if (row.deletedAt !== null) await repository.remove(id);
  }

  async #fill(): Promise<void> {
    while (this.#fillAgain && !this.#stop.signal.aborted) {
      this.#fillAgain = false;
      try {
        for (const row of await this.#deps.repository.waiting()) this.#begin(row);
      } catch (error) {
        this.#deps.logger.error({ err: errorMessage(error) }, 'the queue of clips could not be read');
        await this.#deps.clock.sleep(this.#times.retryMs * 4, this.#stop.signal).catch(() => undefined);
        this.#fillAgain = true;
      }
    }
  }

  #begin(row: ClipRow): void {
    const { recorderId } = row;
    const busy = [...this.#active.values()].filter((work) => work.recorderId === recorderId).length;
    if (this.#active.has(row.id) || busy >= atOncePerRecorder || this.#stop.signal.aborted) return;
    const work = { recorderId, stop: new AbortController(), wake: () => undefined, progress: row.progress } as Work & {
      recorderId: string;
    };
    this.#active.set(row.id, work);
    work.done = this.#run(row, work)
      .catch((error: unknown) => {
        if (!work.stop.signal.aborted) {
          this.#deps.logger.error({ clipId: row.id, err: errorMessage(error) }, 'a clip could not be followed');
        }
      })
      .finally(() => {
        this.#active.delete(row.id);
        this.kick();
      });
  }

  async #run(row: ClipRow, work: Work): Promise<void> {
    const { clock, recorders } = this.#deps;
    const { signal } = work.stop;
    let state = row.state;
    let asked = false;
    let failures = 0;
    let damaged = 0;
    let lostAtMs: number | undefined;
    while (!signal.aborted) {
      try {
        const client = recorders.clientOf(row.recorderId);
        const status = asked ? await client.extraction(row.id, signal) : await this.#ask(client, row, signal);
        asked = true;
        lostAtMs = undefined;
        if (status.state === 'failed') return await this.#finish(row, { errorCode: status.errorCode ?? 'internal' });
        if (status.state === 'done') {
          await this.#bringHome(client, row, status, signal);
          return await this.#finish(row, { files: status.files });
        }
        failures = 0;
        if (status.state !== state || Math.abs(status.progress - work.progress) >= 0.01) {
          if (status.state !== state) await this.#deps.repository.updateUnfinished(row.id, { state: status.state });
          state = status.state;
          work.progress = Math.min(1, Math.max(0, status.progress));
          await this.#tell(row.id, work.progress);
        }
        await this.#pause(work, this.#times.pollMs);
      } catch (error) {
        if (signal.aborted) return;
        if (isAppError(error, 'not_found') && error.code !== 'recorder_not_found' && asked) {
          // The recorder knows nothing of it any more: it is asked anew.
          asked = false;
        } else if (isAppError(error) && error.code === 'object_damaged') {
          damaged += 1;
          if (damaged >= damagedTries) return await this.#finish(row, { errorCode: 'internal' });
        } else if (isAppError(error) && error.code === 'disk_full') {
          return await this.#finish(row, { errorCode: 'disk_full' });
        } else if (isAppError(error) && error.kind !== 'unavailable' && error.code !== 'recorder_not_found') {
          return await this.#finish(row, { errorCode: error.code });
        } else {
          lostAtMs ??= clock.monotonicMs();
          if (clock.monotonicMs() - lostAtMs >= this.#times.giveUpAfterMs) {
            return await this.#finish(row, { errorCode: 'recorder_unreachable' });
          }
        }
        failures += 1;
        this.#deps.logger.debug({ clipId: row.id, err: errorMessage(error) }, 'a clip waits for its recorder');
        await this.#pause(work, backoffMs(failures, this.#times.retryMs, this.#times.retryMs * 20));
      }
    }
  }

  #ask(client: EvidenceRecorder, row: ClipRow, signal: AbortSignal): Promise<ExtractionStatus> {
    const { cameraId, fromAt, toAt } = row;
    const request = { cameraId, from: new Date(fromAt).toISOString(), to: new Date(toAt).toISOString() };
    return client.startExtraction(row.id, request, signal);
  }

  async #bringHome(
    client: EvidenceRecorder,
    row: ClipRow,
    status: ExtractionStatus,
    signal: AbortSignal,
  ): Promise<void> {
    // Noted first, so that a deletion from now on knows which objects there may be.
    if (!(await this.#deps.repository.updateUnfinished(row.id, { files: status.files }))) return;
    for (const file of status.files) {
      const content = await client.extractionFile(row.id, file, signal);
      try {
        await this.#deps.store.put(clipFileKey(row.id, file.index), content, {
          sha256: file.sha256,
          bytes: file.bytes,
        });
      } catch (error) {
        content.destroy();
        if (isAppError(error) || !content.errored) throw error;
        throw new AppError('unavailable', 'recorder_unreachable', 'the recorder broke off a file', { cause: error });
      }
    }
  }

  async #finish(row: ClipRow, result: { files: ClipRow['files'] } | { errorCode: string }): Promise<void> {
    const { repository, clock, logger } = this.#deps;
    const finishedAt = clock.nowMs();
    if ('errorCode' in result) {
      const errorCode = knownCodes.has(result.errorCode) ? result.errorCode : 'internal';
      logger[errorCode === 'internal' ? 'error' : 'info']({ clipId: row.id, code: result.errorCode }, 'a clip failed');
      await repository.updateUnfinished(row.id, { state: 'failed', errorCode, finishedAt });
    } else {
      const view = await repository.byId(row.id);
      const files = view === undefined ? result.files : namedFiles(view, result.files);
      await repository.updateUnfinished(row.id, { state: 'done', progress: 1, files, finishedAt });
    }
    await this.#tell(row.id);
    this.tidy(row);
  }

  async #tell(clipId: string, progress?: number): Promise<void> {
    const view = await this.#deps.repository.byId(clipId);
    if (view === undefined || view.row.deletedAt !== null) return;
    this.#deps.broadcaster.toArea(view.areaId, 'clip.extract', 'clip.progress', clipOnWire(view, progress));
    if (view.row.state === 'done' || view.row.state === 'failed') {
      this.#deps.broadcaster.toArea(view.areaId, 'incident.view', 'incident.changed', view.row.incidentId);
    }
  }

  /** Ends early when the recorder tells something. */
  async #pause(work: Work, ms: number): Promise<void> {
    const early = new AbortController();
    work.wake = () => early.abort(new Error('woken'));
    await this.#deps.clock.sleep(ms, AbortSignal.any([early.signal, work.stop.signal])).catch(() => undefined);
  }
}
