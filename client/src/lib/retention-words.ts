import type { RetentionForecast } from '@choi-canh/shared/retention';
import type { TFunction } from 'i18next';
import { formatDiskSize } from './disk-size.js';

export interface ForecastLine {
  tone: 'good' | 'plain' | 'warning';
  text: string;
}

/** `23 ngày`; whole days that are surely reached, at least one: under a day a sentence of its own is said. */
export function dayCount(t: TFunction, days: number): string {
  return t('common:forecast.dayCount', { count: Math.max(1, Math.floor(days)) });
}

/** The context by which a sentence about `days` has its own form where that is less than one day. */
export function dayContext(days: number): { context: 'underDay' | undefined } {
  return { context: days < 1 ? 'underDay' : undefined };
}

/** Why there is no room for footage at all. */
export function noRoomWords(t: TFunction, { fullOfHeld }: RetentionForecast): string {
  return t('common:forecast.none', { context: fullOfHeld ? 'held' : undefined });
}

/**
 * What becomes of `chosen` cameras if they are kept for `days`: said before it is saved. `before` is the forecast of how
 * things are now.
 */
export function forecastLines(
  t: TFunction,
  given: { now: RetentionForecast; then: RetentionForecast; chosen: ReadonlySet<string>; days: number },
): ForecastLine[] {
  const { now, then, chosen, days } = given;
  const mine = then.cameras.filter((camera) => chosen.has(camera.cameraId));
  if (mine.length === 0 || then.bytesPerDay === 0) {
    return [{ tone: 'plain', text: t('common:forecast.noFigures') }, ...deleted(t, mine, days)];
  }
  const kept = Math.min(...mine.map((camera) => camera.keptDays));
  const lines: ForecastLine[] = [];
  if (then.roomBytes === 0) lines.push({ tone: 'warning', text: noRoomWords(t, then) });
  else if (mine.some((camera) => camera.limit === 'disk')) {
    lines.push({
      tone: 'warning',
      text: t('common:forecast.cut', { days, kept: dayCount(t, kept), ...dayContext(kept) }),
    });
    if (then.fullInDays !== null && then.fullInDays > 0) {
      lines.push({
        tone: 'plain',
        text: t('common:forecast.fullIn', { days: dayCount(t, then.fullInDays), ...dayContext(then.fullInDays) }),
      });
    } else if (then.fullInDays === 0) lines.push({ tone: 'plain', text: t('common:forecast.fullNow') });
  } else lines.push({ tone: 'good', text: t('common:forecast.enough', { days }) });
  return [...lines, ...deleted(t, mine, days), ...others(t, now, then, chosen)];
}

function deleted(t: TFunction, mine: RetentionForecast['cameras'], days: number): ForecastLine[] {
  const bytes = mine.reduce((sum, camera) => sum + camera.deletedAtOnceBytes, 0);
  if (bytes < 1e6) return [];
  return [{ tone: 'warning', text: t('common:forecast.deletedAtOnce', { days, size: formatDiskSize(bytes) }) }];
}

/** Cameras that nobody touches here, whose footage would go at least a day earlier than it does now. */
function others(
  t: TFunction,
  now: RetentionForecast,
  then: RetentionForecast,
  chosen: ReadonlySet<string>,
): ForecastLine[] {
  const before = new Map(now.cameras.map((camera) => [camera.cameraId, camera.keptDays]));
  const shorter = then.cameras.filter(
    (camera) => !chosen.has(camera.cameraId) && camera.keptDays < (before.get(camera.cameraId) ?? 0) - 1,
  );
  if (shorter.length === 0) return [];
  const kept = Math.min(...shorter.map((camera) => camera.keptDays));
  return [{ tone: 'warning', text: t('common:forecast.others', { kept: dayCount(t, kept), ...dayContext(kept) }) }];
}
