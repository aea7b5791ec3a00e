import type { Config } from './config.js';
import { recorderToken } from './embedded-recorder.js';
import { systemClock } from './lib/clock.js';
import { AppError } from './lib/errors.js';
import { createLogger } from './lib/logger.js';
import { recorderSecretsMessage } from './recorder-process.js';
import { createRecorderApp } from './recorder/recorder.app.js';

const SECRETS_DEADLINE_MS = 10_000;
/** EX_IOERR of sysexits.h: a service manager starts it again. */
const volumeLostExitCode = 74;

/**
 * A recorder in this process. Forked by a console it gets its secrets by message and ends with the console, so that
 * two never write the same footage; alone it has them in key files and answers any console that shows the token.
 */
export async function runRecorder(
  config: Config,
  options: { embedded: boolean; stop(): void },
): Promise<{ stop(): Promise<void> }> {
  const logger = createLogger(config.LOG_LEVEL, 'recorder');
  if (options.embedded) process.once('disconnect', () => options.stop());
  const secrets = options.embedded ? await receiveSecrets() : { token: await recorderToken(config) };
  // Started again it waits for the volume; nothing that it would write now could be kept.
  const onVolumeLost = () => process.exit(volumeLostExitCode);
  const app = createRecorderApp({ config, clock: systemClock, logger, onVolumeLost, ...secrets });
  const { url } = await app.start();
  if (!options.embedded) process.stdout.write(`Chòi Canh recorder: ${url}\n`);
  process.send?.({ type: 'recorder-ready', url });
  return app;
}

function receiveSecrets(): Promise<{ token: string; secretKey: Buffer }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new AppError('precondition', 'no_secrets', 'the parent process sent no secrets'));
    }, SECRETS_DEADLINE_MS);
    process.once('message', (message) => {
      clearTimeout(timer);
      const secrets = recorderSecretsMessage.safeParse(message);
      if (!secrets.success) {
        reject(new AppError('precondition', 'no_secrets', 'the parent process sent something else than secrets'));
        return;
      }
      resolve({ token: secrets.data.token, secretKey: Buffer.from(secrets.data.stateKey, 'hex') });
    });
  });
}
