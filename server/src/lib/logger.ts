import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

const credentialInUrl = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*(?::[^\s/@]*)?@/gi;

/** Removes `user:password@` from every URL in a text; for whatever a camera or a child process says. */
export function redactUrls(text: string): string {
  return text.replace(credentialInUrl, '$1***@');
}

/** One JSON line a record on stderr. Level `error` means that a person must act. */
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
    pino.destination({ dest: 2, sync: false }),
  );
}

export const silentLogger: Logger = pino({ level: 'silent' });
