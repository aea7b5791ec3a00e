import { cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { AreaScope } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';
import { sortInTurns } from '../../lib/sort-in-turns.js';
import { ReadyList } from '../../platform/http/list-answer.js';
import { byName } from './camera-response.js';
import type { CameraNow } from './camera-now.repository.js';
import type { CameraRow } from './camera.entity.js';
import type { CameraWithState } from './cameras.repository.js';
import type { EffectiveRetention } from './effective-retention.js';
import type { ListedCamerasRepository, RevisedCamera, RevisionCursor } from './listed-cameras.repository.js';

const camerasAtOnce = 500;
/** Cameras written as JSON between two turns of the loop: a few milliseconds of work. */
const writtenAtOnce = 250;
/** So few that came or were renamed are put into their places one by one. */
const few = 50;

/** A camera as the database had it when it was read. */
interface Listed {
  readonly id: string;
  readonly name: string;
  readonly row: CameraRow;
  readonly now: CameraNow;
  /** Its JSON, and what it depends on beside the above. */
  json: string;
  writtenFor: string;
}

/**
 * All cameras in memory, in the order of their names, each with its JSON. Before every answer the database is asked
 * whether any camera changed, and for those only: whoever changed them, also another console, no answer is older than its
 * question.
 */
export class ListedCameras {
  readonly #repository: ListedCamerasRepository;
  readonly #unheardSince: (recorderId: string) => number | undefined;
  readonly #onWire: (camera: CameraWithState) => CameraResponse;
  readonly #byId = new Map<string, Listed>();
  /** Never changed in place: whoever reads it keeps his own. */
  #ordered: readonly Listed[] = [];
  #cursor: RevisionCursor = { revision: 0, cameraId: '' };
  #isComplete = false;
  #reading: Promise<void> | undefined;
  /** Begins when that ends; for everybody who asked meanwhile. */
  #next: Promise<void> | undefined;

  constructor(options: {
    repository: ListedCamerasRepository;
    /** Since when a recorder has not been heard; Unix milliseconds. */
    unheardSince: (recorderId: string) => number | undefined;
    onWire: (camera: CameraWithState) => CameraResponse;
  }) {
    this.#repository = options.repository;
    this.#unheardSince = options.unheardSince;
    this.#onWire = options.onWire;
  }

  /** Cameras in use, or those out of use. @throws AppError not_found `area_not_found` */
  async list(
    scope: AreaScope,
    { areaId, retired = false }: { areaId?: string | undefined; retired?: boolean } = {},
  ): Promise<ReadyList<typeof cameraResponse>> {
    const [areas] = await Promise.all([this.#repository.areas(scope, areaId), this.refresh()]);
    if (areaId !== undefined && areas.size === 0) throw new AppError('not_found', 'area_not_found', 'no such area');
    const json: string[] = [];
    let written = 0;
    for (const camera of this.#ordered) {
      const ofArea = areas.get(camera.row.areaId);
      if (ofArea === undefined || (camera.row.retiredAt !== null) !== retired) continue;
      if (this.#write(camera, ofArea) && (written += 1) % writtenAtOnce === 0) await turnOfTheLoop();
      json.push(camera.json);
    }
    return new ReadyList(cameraResponse, json);
  }

  /** What was committed before this was called is in the list when it resolves. */
  refresh(): Promise<void> {
    if (this.#reading === undefined) return this.#begin();
    this.#next ??= this.#reading.catch(() => undefined).then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    const reading = this.#read().finally(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    this.#reading = reading;
    return reading;
  }

  async #read(): Promise<void> {
    if (this.#isComplete && (await this.#repository.newestRevision()) === this.#cursor.revision) return;
    this.#isComplete = false;
    for (let isMore = true; isMore;) {
      const page = await this.#repository.changedAfter(this.#cursor, camerasAtOnce);
      await this.#take(page);
      // Only now: a page that was not taken in is read again.
      this.#cursor = page.at(-1)?.at ?? this.#cursor;
      isMore = page.length === camerasAtOnce;
    }
    this.#isComplete = true;
  }

  async #take(page: readonly RevisedCamera[]): Promise<void> {
    const changed = new Map(page.map(({ id, camera }) => [id, camera && { ...camera, id, ...unwritten(camera.row) }]));
    const moved: Listed[] = [];
    for (const [id, camera] of changed) {
      if (camera !== undefined && this.#byId.get(id)?.name !== camera.name) moved.push(camera);
    }
    const inPlace = this.#ordered.flatMap((known) => {
      if (!changed.has(known.id)) return [known];
      const camera = changed.get(known.id);
      return camera === undefined || camera.name !== known.name ? [] : [camera];
    });
    this.#ordered =
      moved.length > few
        ? await sortInTurns([...inPlace, ...moved], byName)
        : moved.reduce((ordered, camera) => ordered.toSpliced(placeOf(ordered, camera), 0, camera), inPlace);
    for (const [id, camera] of changed) {
      if (camera === undefined) this.#byId.delete(id);
      else this.#byId.set(id, camera);
    }
  }

  /** Whether its JSON had to be written again. */
  #write(camera: Listed, ofArea: EffectiveRetention): boolean {
    const { row, now } = camera;
    const retention: EffectiveRetention =
      row.retentionDays === null ? ofArea : { days: row.retentionDays, source: 'camera', areaId: null };
    const writtenFor = `${this.#unheardSince(row.recorderId)} ${retention.days} ${retention.source} ${retention.areaId}`;
    if (camera.writtenFor === writtenFor) return false;
    camera.json = ReadyList.json(cameraResponse, this.#onWire({ row, now, retention }));
    camera.writtenFor = writtenFor;
    return true;
  }
}

const unwritten = (row: CameraRow) => ({ name: row.name, json: '', writtenFor: '' });

/** Where it goes in a list that is in order. */
function placeOf(ordered: readonly Listed[], camera: Listed): number {
  let [from, to] = [0, ordered.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (byName(ordered[middle]!, camera) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
