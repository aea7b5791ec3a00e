import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import type { Database } from '../../platform/db/database.js';
import { ConsoleAlerts } from './console-alerts.js';
import { ConsoleWatch, type ConsoleWatchOptions } from './console-watch.js';

let watch: ConsoleWatch | undefined;
afterEach(() => watch?.stop());

/** A database of which only the questions of the watch matter. */
function setUp(more: Partial<ConsoleWatchOptions> = {}) {
  const alerts = new ConsoleAlerts({ clock: systemClock, logger: silentLogger });
  const made = new ConsoleWatch({
    ...{ alerts, clock: systemClock, logger: silentLogger, dataDir: '/', backupAlertDays: 7, everyMs: 5 },
    space: () => Promise.resolve({ freeBytes: 1e12, totalBytes: 2e12 }),
    unreadableSecrets: () => Promise.resolve({ cameras: 0, recorders: 0 }),
    ...more,
  });
  watch = made;
  const answers = { read: true, write: true };
  const database = {
    read: {
      query: () => {
        if (!answers.read) throw new Error('away');
        made.observer.worked('read');
        return Promise.resolve([]);
      },
    },
    write: () => {
      if (!answers.write) throw new Error('locked');
      made.observer.worked('write');
      return Promise.resolve();
    },
  } as unknown as Database;
  made.start(database);
  const codes = () => alerts.list().map(({ code }) => code);
  const until = async (expected: string[]) => {
    const endsAt = performance.now() + 5000;
    while (codes().join() !== expected.join() && performance.now() < endsAt) await systemClock.sleep(3);
    expect(codes()).toEqual(expected);
  };
  return { alerts, made, answers, until, codes };
}

describe('the watch of the console', () => {
  it('asks a lost database until it answers', async () => {
    const { made, answers, until } = setUp();
    answers.read = false;
    made.observer.failed('write', 'database_unavailable');
    await until(['database_unreachable']);
    await systemClock.sleep(30);
    await until(['database_unreachable']);
    answers.read = true;
    await until([]);
  });

  it('tries a locked database, and takes a full one for well only after something was saved', async () => {
    const { made, answers, until } = setUp();
    answers.write = false;
    made.observer.failed('write', 'database_locked');
    await until(['database_locked']);
    answers.write = true;
    await until([]);
    made.observer.failed('write', 'database_full');
    made.observer.worked('read');
    await systemClock.sleep(30);
    await until(['database_full']);
    made.observer.worked('write');
    await until([]);
  });

  it('says when the disk of the data is nearly full, and full', async () => {
    const disk = { freeBytes: 5e8, totalBytes: 1e11 };
    const { until, alerts } = setUp({ space: () => Promise.resolve({ ...disk }) });
    await until(['data_disk_low']);
    expect(alerts.list()[0]?.facts).toEqual({ freeBytes: 500_000_000 });
    disk.freeBytes = 5e7;
    await until(['data_disk_full']);
    disk.freeBytes = 5e10;
    await until([]);
  });

  it('counts what does not open with the keys, until all was entered again', async () => {
    const secrets = { cameras: 3, recorders: 1 };
    const { until, alerts } = setUp({ unreadableSecrets: () => Promise.resolve({ ...secrets }) });
    await until(['keys_unreadable']);
    expect(alerts.list()[0]?.facts).toEqual({ cameras: 3, recorders: 1 });
    Object.assign(secrets, { cameras: 0, recorders: 0 });
    await until([]);
  });

  it('says that a backup failed, is overdue, or was never made', async () => {
    const installedAtMs = Date.now() - 8 * 86_400_000;
    const facts = { lastAt: undefined as string | undefined, failure: undefined as string | undefined, installedAtMs };
    const { until, alerts } = setUp({ backups: () => Promise.resolve({ ...facts }) });
    await until(['backup_overdue']);
    expect(alerts.list()[0]?.facts).toEqual({ days: 7 });
    facts.lastAt = new Date().toISOString();
    await until([]);
    facts.failure = 'backup_no_space';
    await until(['backup_failed']);
    facts.failure = undefined;
    facts.lastAt = new Date(installedAtMs).toISOString();
    await until(['backup_overdue']);
  });
});
