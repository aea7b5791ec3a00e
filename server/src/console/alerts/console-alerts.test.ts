import type { ConsoleAlert } from '@choi-canh/shared/console-alerts';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { ConsoleAlerts } from './console-alerts.js';

function setUp() {
  let nowMs = Date.UTC(2026, 10, 22);
  const clock = { nowMs: () => nowMs } as Clock;
  const alerts = new ConsoleAlerts({ clock, logger: silentLogger });
  const sent: { permission: string; codes: string[] }[] = [];
  const broadcaster = {
    toPermission: (permission: string, event: string, list: ConsoleAlert[]) => {
      expect(event).toBe('console.alerts');
      sent.push({ permission, codes: list.map(({ code, subject }) => `${code}${subject && ` ${subject}`}`) });
    },
  } as unknown as Broadcaster;
  alerts.publishTo(broadcaster);
  return { alerts, sent, advance: (ms: number) => (nowMs += ms) };
}

describe('alerts of the console itself', () => {
  it('are sent to who looks after recorders, gravest first, when they are raised, change and are over', () => {
    const { alerts, sent } = setUp();
    alerts.raise('data_disk_low', { freeBytes: 1 });
    alerts.raise('database_unreachable');
    alerts.raise('data_disk_low', { freeBytes: 1 });
    alerts.raise('data_disk_low', { freeBytes: 2 });
    alerts.clear('database_unreachable');
    alerts.clear('database_unreachable');
    expect(sent).toEqual([
      { permission: 'recorder.view', codes: ['data_disk_low'] },
      { permission: 'recorder.view', codes: ['database_unreachable', 'data_disk_low'] },
      { permission: 'recorder.view', codes: ['database_unreachable', 'data_disk_low'] },
      { permission: 'recorder.view', codes: ['data_disk_low'] },
    ]);
  });

  it('keep the instant since when they are so, and tell subjects apart', () => {
    const { alerts, advance } = setUp();
    alerts.raise('data_disk_low', { freeBytes: 1 }, 'a');
    advance(60_000);
    alerts.raise('data_disk_low', { freeBytes: 2 }, 'a');
    alerts.raise('data_disk_low', { freeBytes: 3 }, 'b');
    expect(alerts.list().map(({ subject, sinceAt, facts }) => [subject, sinceAt, facts])).toEqual([
      ['b', '2026-11-22T00:01:00.000Z', { freeBytes: 3 }],
      ['a', '2026-11-22T00:00:00.000Z', { freeBytes: 2 }],
    ]);
    alerts.clear('data_disk_low', 'b');
    expect(alerts.list().map(({ subject }) => subject)).toEqual(['a']);
  });

  it('are bounded', () => {
    const { alerts } = setUp();
    for (let index = 0; index < 200; index += 1) alerts.raise('data_disk_low', {}, String(index));
    expect(alerts.list()).toHaveLength(100);
  });
});
