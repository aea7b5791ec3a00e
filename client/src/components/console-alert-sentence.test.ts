import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { consoleAlertCodes, consoleAlertSeverities, type ConsoleAlert } from '@choi-canh/shared/console-alerts';
import i18next from 'i18next';
import { describe, expect, it } from 'vitest';
import { consoleAlertSentence } from './console-alert-sentence.js';

const alert = (code: ConsoleAlert['code'], facts: ConsoleAlert['facts']): ConsoleAlert => ({
  ...{ code, facts, subject: '', severity: consoleAlertSeverities[code], sinceAt: '2026-11-22T07:00:00.000Z' },
});

describe.each(['vi', 'en'])('alerts of the console itself (%s)', (language) => {
  const sentence = async (code: ConsoleAlert['code'], facts: ConsoleAlert['facts'] = {}) => {
    const path = join(import.meta.dirname, '../locales', language, 'common.json');
    const common = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    await i18next.init({
      ...{ lng: language, resources: { [language]: { common } }, interpolation: { escapeValue: false } },
    });
    return consoleAlertSentence(i18next.t, alert(code, facts));
  };

  it.each(consoleAlertCodes)('%s is a sentence', async (code) => {
    const words = await sentence(code);
    expect(words).not.toContain('consoleAlerts.');
    expect(words.length).toBeGreaterThan(20);
  });

  it('name sizes, times and reasons', async () => {
    expect(await sentence('data_disk_low', { freeBytes: 2_000_000_000 })).toContain('2 GB');
    expect(await sentence('backup_overdue', { days: 3, lastAt: '2026-11-20T07:00:00.000Z' })).toMatch(/20\/11/);
    expect(await sentence('backup_overdue', { days: 3 })).not.toMatch(/\d/);
    expect(await sentence('backup_failed', { reason: 'no_pg_dump' })).toContain('pg_dump');
    expect(await sentence('backup_failed', { reason: 'of another version' })).toMatch(/nhật ký|log/);
  });
});
