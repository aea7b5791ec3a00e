import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backupBeforeMigrating } from './backup/backup-before-migrating.js';
import { backupFacts } from './backup/backup-status.js';
import { refuseUnfinishedRestore } from './backup/restore-marker.js';
import type { Config } from './config.js';
import { createConsoleApp, type ConsoleApp } from './console/console.app.js';
import { takeDataDir } from './data-dir.js';
import { startEmbeddedRecorder } from './embedded-recorder.js';
import { systemClock } from './lib/clock.js';
import { errorMessage } from './lib/errors.js';
import { createLogger, type Logger } from './lib/logger.js';
import { productVersion } from './product-version.js';
import { untilDatabaseOpens } from './waiting-console.js';

interface Running {
  stop(): Promise<void>;
}

/** The console, with a recorder beside it where the configuration says so. @throws AppError */
export async function runServe(config: Config): Promise<Running> {
  const logger = createLogger(config.LOG_LEVEL, 'console');
  const releaseDataDir = await takeDataDir(config.DATA_DIR);
  const parts: Running[] = [{ stop: async () => releaseDataDir() }];
  const stop = async () => {
    for (const part of parts.reverse()) await part.stop();
  };
  try {
    refuseUnfinishedRestore(config.DATA_DIR);
    const version = productVersion();
    const open = async (beforeListening?: () => Promise<void>) => {
      const app = await createConsoleApp({
        ...{ config, clock: systemClock, logger, version },
        backups: () => backupFacts(config),
        beforeMigrating: backupBeforeMigrating({ config, version, clock: systemClock, logger }),
      });
      try {
        return { app, ready: await app.start(beforeListening) };
      } catch (error) {
        await app.stop();
        throw error;
      }
    };
    const known: { app?: ConsoleApp; recorder?: { url: string; token: string } } = {};
    const startRecorder = async () => {
      if (config.RECORDER !== 'embedded') return;
      const register = async (recorder: { url: string; token: string }) => {
        known.recorder = recorder;
        await known.app?.registerRecorder(recorder);
      };
      parts.push(await startEmbeddedRecorder({ config, clock: systemClock, logger, register }));
    };
    // One that has worked before records on and waits for its database; at a first start that is a wrong setting.
    const isFirst = !(await hasWorked(config));
    if (!isFirst) await startRecorder();
    const { app, ready } = isFirst
      ? await open()
      : await untilDatabaseOpens({ open, config, clock: systemClock, logger });
    parts.push(app);
    known.app = app;
    if (isFirst) await startRecorder();
    else if (known.recorder !== undefined) await app.registerRecorder(known.recorder);
    await noteThatItWorks(config, logger);
    announce(ready);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

const workedPath = (config: Config) => join(config.DATA_DIR, 'worked');

/** Whether a console with this data folder has had its database. */
async function hasWorked(config: Config): Promise<boolean> {
  const paths = [workedPath(config), join(config.DATA_DIR, 'console.sqlite')];
  const found = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

async function noteThatItWorks(config: Config, logger: Logger): Promise<void> {
  await writeFile(workedPath(config), '', { flag: 'a' }).catch((error: unknown) => {
    logger.warn({ err: errorMessage(error) }, 'it could not be noted that the console has worked');
  });
}

function announce({ origin, setupUrl }: { origin: string; setupUrl?: string }): void {
  process.stdout.write(`Chòi Canh: ${origin}\n`);
  if (setupUrl !== undefined) {
    // Whoever installs it may read only one of the two languages; the sign-in page points to these lines.
    process.stdout.write(
      `Lần khởi động đầu tiên. Mở liên kết dùng một lần này để tạo quản trị viên:\n` +
        `First start. Create the administrator, once, at:\n  ${setupUrl}\n`,
    );
  }
  process.send?.({ type: 'ready', origin, ...(setupUrl === undefined ? {} : { setupUrl }) });
}
