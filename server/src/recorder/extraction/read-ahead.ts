/**
 * What `read` answers for each item, in order; while one is looked at, up to `width` more are being read. Whoever stops
 * early leaves reads under way, whose answers are dropped.
 */
export async function* readAhead<T, R>(
  items: Iterable<T>,
  width: number,
  read: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const waiting: Promise<R>[] = [];
  const begin = (item: T) => {
    const reading = read(item);
    reading.catch(() => undefined); // thrown when its turn comes
    waiting.push(reading);
  };
  for (const item of items) {
    begin(item);
    if (waiting.length > width) yield await waiting.shift()!;
  }
  for (const reading of waiting) yield await reading;
}
