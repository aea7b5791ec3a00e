import type { ConsoleAlert } from '@choi-canh/shared/console-alerts';
import type { TFunction } from 'i18next';
import { formatDiskSize } from '../lib/disk-size.js';
import { formatDateTime } from '../lib/time.js';

/** An alert of the console itself in one or two sentences: what is so, and what to do. */
export function consoleAlertSentence(t: TFunction, { code, facts }: ConsoleAlert): string {
  const { freeBytes, lastAt, reason } = facts;
  return t(`common:consoleAlerts.${code}`, {
    ...facts,
    context: code === 'backup_overdue' && lastAt === undefined ? 'never' : undefined,
    free: formatDiskSize(Number(freeBytes ?? 0)),
    at: typeof lastAt === 'string' ? formatDateTime(lastAt, 'minute') : '',
    reason:
      reason === undefined
        ? ''
        : t([`common:backupFailures.${String(reason)}`, 'common:backupFailures.other'] as never),
  });
}
