import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { SecretBox } from '../../lib/secret-box.js';
import { fingerprintOf, makeKeyCertificate, type KeyCertificate } from '../../platform/http/key-certificate.js';
import type { ConsoleKeyRepository, ConsoleKeyRow } from './console-key.repository.js';

const context = 'console-key';

/**
 * The certificate by which recorders on other machines know this console: made once, sealed in the database, so that every
 * console on it is the same to them. Where it cannot be opened any more, the recorders must be paired again.
 */
export async function loadConsoleKey(deps: {
  repository: ConsoleKeyRepository;
  secretBox: SecretBox;
  clock: Clock;
  logger: Logger;
}): Promise<KeyCertificate> {
  const { repository, secretBox, clock, logger } = deps;
  const open = ({ certificate, keyBox }: ConsoleKeyRow): KeyCertificate => ({
    cert: certificate,
    key: secretBox.open(keyBox, context),
    fingerprint: fingerprintOf(certificate),
  });
  const found = await repository.find();
  if (found !== null) {
    try {
      return open(found);
    } catch (error) {
      logger.error({ err: errorMessage(error) }, 'the key for recorders cannot be opened: they must be paired again');
    }
  }
  const made = await makeKeyCertificate('choi-canh console');
  const row = { certificate: made.cert, keyBox: secretBox.seal(made.key, context), createdAt: clock.nowMs() };
  return open(await repository.keep(row, found));
}
