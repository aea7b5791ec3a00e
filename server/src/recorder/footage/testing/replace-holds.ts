import type { FootageHolds, Hold } from '../footage-types.js';

/** These are all that are held now, and the list is complete. */
export async function replaceHolds(
  holds: Pick<FootageHolds, 'put' | 'page' | 'release' | 'confirm'>,
  list: readonly Hold[],
): Promise<void> {
  await holds.put(list);
  const wanted = new Set(list.map(({ id }) => id));
  await holds.release(
    holds
      .page('', 100_000)
      .map(({ id }) => id)
      .filter((id) => !wanted.has(id)),
  );
  await holds.confirm();
}
