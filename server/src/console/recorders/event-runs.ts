import type { RecorderEvent } from '@choi-canh/shared/recorder-api';

/** Events in their order, those of one kind that follow one another together: they are applied in one go. */
export function eventRuns(events: readonly RecorderEvent[]): RecorderEvent[][] {
  const runs: RecorderEvent[][] = [];
  for (const event of events) {
    const last = runs.at(-1);
    if (last !== undefined && last[0]?.type === event.type) last.push(event);
    else runs.push([event]);
  }
  return runs;
}
