/**
 * Where a picture that has none yet begins, as soon as that is loaded; undefined where it has begun, or must wait.
 * hls.js goes there only when it has all parts of the segment that there are; the first one gives the picture.
 */
export function beginningIn(
  buffered: Pick<TimeRanges, 'length' | 'start' | 'end'>,
  currentTime: number,
  startPosition: number,
): number | undefined {
  if (buffered.length === 0 || currentTime >= buffered.start(0)) return undefined;
  return startPosition >= buffered.start(0) && startPosition < buffered.end(0) ? startPosition : undefined;
}
