import { z } from 'zod';

/**
 * What a review without an incident was opened for. Kept in this tab, so that a reload of the same review by the same
 * person does not ask again; other cameras are another review.
 */
const storageKey = 'choi-canh.review-purpose';
const keptPurpose = z.object({ accountId: z.string(), cameraIds: z.array(z.string()), purpose: z.string() });
export type KeptPurpose = z.infer<typeof keptPurpose>;

type Reviewed = Pick<KeptPurpose, 'accountId' | 'cameraIds'>;
const sameCameras = (one: readonly string[], other: readonly string[]) =>
  one.length > 0 && [...one].sort().join() === [...other].sort().join();

export function keepPurpose(kept: KeptPurpose, storage: Storage = sessionStorage): void {
  try {
    storage.setItem(storageKey, JSON.stringify(kept));
  } catch {
    // Storage forbidden by the browser's settings: a reload asks again.
  }
}

export function purposeOf({ accountId, cameraIds }: Reviewed, storage: Storage = sessionStorage): string | undefined {
  try {
    const kept = keptPurpose.safeParse(JSON.parse(storage.getItem(storageKey) ?? 'null')).data;
    return kept?.accountId === accountId && sameCameras(kept.cameraIds, cameraIds) ? kept.purpose : undefined;
  } catch {
    return undefined;
  }
}
