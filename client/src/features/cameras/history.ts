import type { CameraStateInterval } from '@choi-canh/shared/health';

/** A gap before the first figure that is shorter changes no figure. */
const worthSayingMs = 60_000;

export interface HistoryPart extends CameraStateInterval {
  fromMs: number;
  untilMs: number;
}

/** The intervals cut to [fromMs, toMs), in order of time. */
export function cutHistory(intervals: readonly CameraStateInterval[], fromMs: number, toMs: number): HistoryPart[] {
  return intervals
    .map((interval) => ({
      ...interval,
      fromMs: Math.max(fromMs, Date.parse(interval.sinceAt)),
      untilMs: Math.min(toMs, interval.toAt === null ? toMs : Date.parse(interval.toAt)),
    }))
    .filter((part) => part.untilMs > part.fromMs)
    .sort((a, b) => a.fromMs - b.fromMs);
}

/**
 * Share (0…1) of the time that the camera gave pictures, out of the time in which it should and its state was known:
 * paused, unknown and maintenance count neither for nor against it. Undefined where there is no such time.
 */
export function uptime(parts: readonly HistoryPart[]): number | undefined {
  let upMs = 0;
  let downMs = 0;
  for (const part of parts) {
    const ms = part.untilMs - part.fromMs;
    if (part.state === 'alive' || part.state === 'degraded') upMs += ms;
    else if (part.state === 'down') downMs += ms;
  }
  return upMs + downMs === 0 ? undefined : upMs / (upMs + downMs);
}

/** From when on the state was known at all, where that is later than the beginning; Unix ms. */
export function knownSince(parts: readonly HistoryPart[], fromMs: number): number | undefined {
  const first = parts.find(({ state }) => state !== 'unknown')?.fromMs;
  return first !== undefined && first - fromMs > worthSayingMs ? first : undefined;
}

/**
 * From when on the strip is drawn, Unix ms: where something is known, since seven days of a camera that is minutes old
 * would be an empty bar with a thin line at its end.
 */
export function stripStart(parts: readonly HistoryPart[], fromMs: number): number {
  return knownSince(parts, fromMs) ?? fromMs;
}

/** Cut, never rounded up: 99.96 % is not "100 %". */
export function formatShare(share: number, language: string): string {
  const cut = Math.floor(share * 1000) / 1000;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(cut);
}
