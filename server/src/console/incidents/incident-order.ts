import type { Transaction } from '../../platform/db/database.js';
import { incidentEntity } from './incident.entity.js';

/** Incidents of one millisecond that have keys of their own in it; more of them take keys of the next. */
const keysOfInstant = 2048;
/** Milliseconds around 1970 that keys are exact for; what lies beyond is ordered as if it were there. */
const farthestMs = 2 ** 42;

/**
 * The place of an incident in the list: its time, and after it a number that is nobody else's. One number orders,
 * pages and joins the list, and fits a JavaScript number: 53 bits.
 */
export function orderKeyOf(occurredAtMs: number): number {
  return Math.min(Math.max(occurredAtMs, -farthestMs), farthestMs - 1) * keysOfInstant;
}

/** Keys of what happened from `fromMs` on, before `toMs`; the upper one leaves room for keys of the millisecond before. */
export function orderKeyRange(fromMs?: number, toMs?: number): { from?: number; to?: number } {
  return {
    ...(fromMs !== undefined && { from: orderKeyOf(fromMs) }),
    ...(toMs !== undefined && { to: orderKeyOf(toMs) + 512 * keysOfInstant }),
  };
}

/** The next free key of an instant; writes run one at a time, so it stays free. */
export async function freeOrderKey(manager: Transaction, occurredAtMs: number): Promise<number> {
  const first = orderKeyOf(occurredAtMs);
  const last = await manager
    .createQueryBuilder(incidentEntity, 'incident')
    .select('MAX(incident.order_key)', 'last')
    .where('incident.order_key >= :first AND incident.order_key < :end', { first, end: first + keysOfInstant })
    .getRawOne<{ last: number | string | null }>();
  const taken = last?.last ?? null;
  let key = taken === null ? first : Number(taken) + 1;
  while (await manager.existsBy(incidentEntity, { orderKey: key })) key += 1;
  return key;
}
