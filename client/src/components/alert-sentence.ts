import type { TFunction } from 'i18next';
import type { NamedAlert } from '../lib/recorders.js';
import { formatDateTime, formatDuration } from '../lib/time.js';

/** `nhanh thêm 3 giờ`, `chậm lại 12 phút` */
export function stepWords(t: TFunction, language: string, stepMs: number | null): string {
  if (stepMs === null || stepMs === 0) return t('recorders:step.unknown');
  const size = formatDuration(Math.abs(stepMs), language);
  return t(stepMs > 0 ? 'recorders:step.forward' : 'recorders:step.back', { size });
}

const countedFact: Partial<Record<NamedAlert['alert']['code'], string>> = {
  chain_trouble: 'troubles',
  holds_unknown: 'ranges',
};

/** Why a recorder did not take something; a code that has no sentence stands for itself. */
function refusalWords(t: TFunction, code: string | number | undefined): string {
  const sentence = t(`errors:${String(code)}`, { defaultValue: '' });
  return sentence === '' ? String(code) : sentence.replace(/\.$/, '');
}

/** An alert in one sentence: what is so, and what to do. */
export function alertSentence(t: TFunction, language: string, { alert, recorderName }: NamedAlert): string {
  const fact = (name: string) => Number(alert.facts[name] ?? 0);
  return t(`common:alerts.${alert.code}`, {
    context: ['held', 'foreign', 'old'].find((name) => fact(name) !== 0),
    recorder: recorderName,
    directory: alert.facts['directory'],
    count: fact(countedFact[alert.code] ?? 'cameras'),
    names: alert.facts['names'],
    reason: refusalWords(t, alert.facts['code']),
    step: stepWords(t, language, fact('stepMs')),
    at: formatDateTime(alert.sinceAt, 'minute'),
  });
}
