import { backupBeforeMigrating } from './backup/backup-before-migrating.js';
import { backupFacts } from './backup/backup-status.js';
import { refuseUnfinishedRestore } from './backup/restore-marker.js';
import type { Config } from './config.js';
import { createConsoleApp } from './console/console.app.js';
import { takeDataDir } from './data-dir.js';
import { startEmbeddedRecorder } from './embedded-recorder.js';
import { systemClock } from './lib/clock.js';
import { createLogger } from './lib/logger.js';
import { productVersion } from './product-version.js';

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
    const app = await createConsoleApp({
      ...{ config, clock: systemClock, logger, version },
      backups: () => backupFacts(config),
      beforeMigrating: backupBeforeMigrating({ config, version, clock: systemClock, logger }),
    });
    parts.push(app);
    const ready = await app.start();
    if (config.RECORDER === 'embedded') {
      parts.push(
        await startEmbeddedRecorder({
          config,
          clock: systemClock,
          logger,
          register: (recorder) => app.registerRecorder(recorder),
        }),
      );
    }
    announce(ready);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
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
