const readAhead = 8;

/** Runs `work` over the items, a few at a time, in order of result. */
export async function mapAhead<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(readAhead, items.length) }, lane));
  return results;
}
