import type { Config } from './config.js';
import { systemClock } from './lib/clock.js';
import { AppError } from './lib/errors.js';
import { createLogger } from './lib/logger.js';
import { recorderSecretsMessage } from './recorder-process.js';
import { PairingCodeFile } from './recorder/pairing/pairing-code-file.js';
import { pairingWords, RecorderPairing, recorderCertificate } from './recorder/pairing/recorder-pairing.js';
import { createRecorderApp } from './recorder/recorder.app.js';

const SECRETS_DEADLINE_MS = 10_000;
/** EX_IOERR of sysexits.h: a service manager starts it again. */
const volumeLostExitCode = 74;

/**
 * A recorder in this process. Forked by a console it gets its secrets by message and ends with the console, so that
 * two never write the same footage; alone it speaks TLS with a key of its own and obeys the console that it is paired with.
 */
export async function runRecorder(
  config: Config,
  options: { embedded: boolean; stop(): void },
): Promise<{ stop(): Promise<void> }> {
  const logger = createLogger(config.LOG_LEVEL, 'recorder');
  if (options.embedded) process.once('disconnect', () => options.stop());
  const pairing = options.embedded ? undefined : await RecorderPairing.load(config.DATA_DIR, systemClock, logger);
  const secrets = pairing === undefined ? await receiveSecrets() : { access: { pairing } };
  if (pairing !== undefined && config.RECORDER_TOKEN_FILE !== undefined) process.stdout.write(tokenFileWords);
  // Started again it waits for the volume; nothing that it would write now could be kept.
  const onVolumeLost = () => process.exit(volumeLostExitCode);
  const app = createRecorderApp({ config, clock: systemClock, logger, onVolumeLost, ...secrets });
  const { url } = await app.start();
  if (pairing !== undefined) {
    process.stdout.write(`Chòi Canh recorder: ${url}\n`);
    if (!pairing.isPaired) process.stdout.write(await pairing.announceCode());
  }
  process.send?.({ type: 'recorder-ready', url });
  return app;
}

const tokenFileWords =
  'CHOI_CANH_RECORDER_TOKEN_FILE không còn dùng cho máy ghi ở máy khác: hãy ghép nối bằng mã (choi-canh pairing-code).\n' +
  '(It is used no more by a recorder on another machine: pair it by a code.)\n';

/** Prints a one-time code for the recorder in this data folder, which may be running. */
export async function runPairingCode(config: Config): Promise<void> {
  const { fingerprint } = await recorderCertificate(config.DATA_DIR);
  const code = await new PairingCodeFile(config.DATA_DIR, systemClock).make();
  process.stdout.write(pairingWords(code, fingerprint));
}

function receiveSecrets(): Promise<{ access: { token: string }; secretKey: Buffer }> {
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
      resolve({ access: { token: secrets.data.token }, secretKey: Buffer.from(secrets.data.stateKey, 'hex') });
    });
  });
}
