import type { Actor } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';

/**
 * A recorder's disk, clock and chains are everybody's, and it can record for any area.
 * @throws AppError forbidden `outside_area` for an account of one area
 */
export function requireEverywhere(actor: Actor): void {
  if (actor.scope.areaId === null) return;
  throw new AppError('forbidden', 'outside_area', 'only an account of the whole country may do this');
}
