import type { TFunction } from 'i18next';
import type { NamedAlert } from '../lib/recorders.js';
import { formatDateTime, formatDuration } from '../lib/time.js';

/** `nhanh thêm 3 giờ`, `chậm lại 12 phút` */
export function stepWords(t: TFunction, language: string, stepMs: number | null): string {
  if (stepMs === null || stepMs === 0) return t('recorders:step.unknown');
  const size = formatDuration(Math.abs(stepMs), language);
  return t(stepMs > 0 ? 'recorders:step.forward' : 'recorders:step.back', { size });
}

/** An alert in one sentence: what is so, and what to do. */
export function alertSentence(t: TFunction, language: string, { alert, recorderName }: NamedAlert): string {
  const fact = (name: string) => Number(alert.facts[name] ?? 0);
  return t(`common:alerts.${alert.code}`, {
    context: ['held', 'foreign', 'old'].find((name) => fact(name) !== 0),
    recorder: recorderName,
    directory: alert.facts['directory'],
    count: alert.code === 'chain_trouble' ? fact('troubles') : fact('cameras'),
    step: stepWords(t, language, fact('stepMs')),
    at: formatDateTime(alert.sinceAt, 'minute'),
  });
}
