import { newId } from '../../lib/ids.js';
import type { CameraStateIntervalRow } from './camera-state-interval.entity.js';

type Row = CameraStateIntervalRow;
export type Fact = Pick<Row, 'state' | 'reason' | 'detail'>;

/** What becomes of a camera's intervals, in the order in which it is to be done. */
export interface Splice<T extends Row = Row> {
  readonly ended?: Pick<Row, 'id' | 'toAt'>;
  readonly restated?: T;
  readonly begunEarlier?: T;
  readonly inserted?: T;
}

/** A camera's intervals around an instant. */
export interface Around<T extends Row = Row> {
  /** The one at that time; its first, where that is later. */
  readonly covering: T;
  /** The one that begins where that ends. */
  readonly follower: T | undefined;
}

/**
 * That a camera was in a state from `sinceAt` on, until the next thing that is known of it. Undefined where nothing
 * becomes otherwise.
 */
export function spliced<T extends Row>(
  { covering, follower }: Around<T>,
  fact: Fact,
  sinceAt: number,
): Splice<T> | undefined {
  if (covering.state === fact.state && covering.reason === fact.reason) {
    const isNews = covering.detail !== fact.detail && covering.toAt === null;
    return isNews ? { restated: { ...covering, detail: fact.detail } } : undefined;
  }
  // Before the first interval there was no camera: a fact from then holds from its beginning.
  const startAt = Math.max(Math.trunc(sinceAt), covering.sinceAt);
  if (startAt === covering.sinceAt) return { restated: { ...covering, ...fact } };
  const ended = { id: covering.id, toAt: startAt };
  if (follower !== undefined && follower.state === fact.state && follower.reason === fact.reason) {
    return { ended, begunEarlier: { ...follower, sinceAt: startAt } };
  }
  return { ended, inserted: { ...covering, ...fact, id: newId(), sinceAt: startAt } };
}
