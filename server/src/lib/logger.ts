import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

const credentialInUrl = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*(?::[^\s/@]*)?@/gi;

/** Removes `user:password@` from every URL in a text; for whatever a camera or a child process says. */
export function redactUrls(text: string): string {
  return text.replace(credentialInUrl, '$1***@');
}

/** Of lines that cannot be written now. */
const waitingBytes = 16 * 1024 * 1024;

function createDestination() {
  const destination = pino.destination({ dest: 2, sync: false, maxLength: waitingBytes });
  // A log on a full disk must end nobody: lines wait, are lost beyond the bound, and are not waited for at the exit, for
  // which it would otherwise try for ever.
  destination.on('error', () => (destination.flushSync = () => undefined));
  return destination;
}

/** One JSON line a record on stderr, as far as that can be written. Level `error` means that a person must act. */
export function createLogger(level: string, name: string): Logger {
  return pino(
    {
      level,
      name,
      redact: {
        paths: ['password', '*.password', 'token', '*.token', 'authorization', '*.authorization', 'cookie', '*.cookie'],
        censor: '***',
      },
    },
    createDestination(),
  );
}

export const silentLogger: Logger = pino({ level: 'silent' });
