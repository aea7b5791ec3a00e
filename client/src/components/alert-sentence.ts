import type { RecorderAlert } from '@choi-canh/shared/recorders';
import type { TFunction } from 'i18next';
import type { NamedAlert } from '../lib/recorders.js';
import { keyGroups } from '../lib/key-groups.js';
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
  recorder_newer: 'events',
  events_failed: 'events',
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
    context: contextOf(alert),
    recorder: recorderName,
    directory: alert.facts['directory'],
    count: fact(
      alert.code === 'recorder_newer' && fact('events') === 0 ? 'values' : (countedFact[alert.code] ?? 'cameras'),
    ),
    names: alert.facts['names'],
    reason: refusalWords(t, alert.facts['code']),
    version: alert.facts['version'] ?? '',
    key: keyGroups(String(alert.facts['key'] ?? '')),
    example: alert.facts['example'] ?? '',
    step: stepWords(t, language, fact('stepMs')),
    at: formatDateTime(alert.sinceAt, 'minute'),
  });
}

function contextOf({ code, facts }: RecorderAlert): string | undefined {
  if (code === 'recorder_incompatible') return facts['newer'] === 1 ? 'newer' : undefined;
  if (code === 'recorder_newer') return facts['events'] === 0 ? 'values' : undefined;
  return ['held', 'foreign', 'old', 'refused'].find((name) => Number(facts[name] ?? 0) !== 0);
}
