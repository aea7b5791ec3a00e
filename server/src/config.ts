import { resolve } from 'node:path';
import { z } from 'zod';
import { AddressRules } from './lib/address-rules.js';
import { AppError, errorMessage } from './lib/errors.js';
import { TrustedProxies } from './platform/http/trusted-proxies.js';

/** Separated by commas. */
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );
const port = z.coerce.number().int().min(0).max(65535);

/** Every key is read from the environment as CHOI_CANH_<KEY>; the README's table is checked against this schema. */
export const configSchema = z.object({
  DATA_DIR: z.string().default('data').describe('Folder of everything the product keeps'),
  HOST: z.string().default('127.0.0.1').describe('Address the console listens on'),
  PORT: port.default(8470).describe('Port of the console; 0 picks a free one'),
  TLS: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe('auto: HTTPS unless HOST is a loopback address; off: plain HTTP everywhere'),
  TLS_CERT_FILE: z.string().optional().describe('PEM certificate chain; default: one is generated in DATA_DIR'),
  TLS_KEY_FILE: z.string().optional().describe('PEM key of that certificate'),
  TRUSTED_PROXIES: list
    .superRefine((entries, context) => {
      try {
        new TrustedProxies(entries);
      } catch (error) {
        context.addIssue({ code: 'custom', message: errorMessage(error) });
      }
    })
    .describe('Reverse proxies whose X-Forwarded-* are believed: addresses or networks, by comma'),
  DATABASE_URL: z.string().optional().describe('postgres://… for PostgreSQL; default: SQLite in DATA_DIR'),
  SECRET_KEY_FILE: z
    .string()
    .optional()
    .describe('32-byte key that encrypts camera passwords; default: made in DATA_DIR/keys'),
  BACKUP_DIR: z.string().optional().describe('Folder of backups; default DATA_DIR/backups; best another disk'),
  BACKUP_ALERT_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(365)
    .default(7)
    .describe('Days without a backup after which there is an alert; 0: never'),
  MIGRATE_WITHOUT_BACKUP: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false)
    .describe('Upgrade the database also where no backup can be made before; for one start'),
  NEW_SECRET_KEY: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false)
    .describe('Make a new secret key in place of one that is lost for good; for one start'),
  PG_TOOLS_DIR: z
    .string()
    .optional()
    .describe('Folder of pg_dump and pg_restore; default: the newest under /usr/lib/postgresql, else the PATH'),
  SESSION_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(24 * 30)
    .default(12)
    .describe('A session ends after so many hours'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Lowest level that is logged'),
  FFMPEG_PATH: z.string().default('ffmpeg').describe('ffmpeg 5.1 or newer'),

  RECORDER: z
    .enum(['embedded', 'none'])
    .default('embedded')
    .describe('Whether the console starts a recorder beside itself'),
  RECORDER_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address a recorder by itself listens on, over TLS; beside a console loopback only'),
  RECORDER_PORT: port
    .default(0)
    .describe('Port of the recorder; 0 picks a free one, 8471 is usual on a machine of its own'),
  RECORDER_TOKEN_FILE: z
    .string()
    .optional()
    .describe('File with the token of the recorder beside the console; default: made in DATA_DIR/keys'),
  FOOTAGE_DIR: z.string().optional().describe('Folder of the footage; default DATA_DIR/footage'),
  MIN_FREE_GB: z.coerce.number().min(0).default(5).describe('Disk space in GB (10^9 bytes) that recording leaves free'),
  RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe('Days that footage is kept where neither camera nor area says otherwise'),
  FOOTAGE_FILE_SECONDS: z.coerce
    .number()
    .int()
    .min(10)
    .max(3600)
    .default(600)
    .describe('A footage file is closed after about this time'),
  SYNC_SECONDS: z.coerce
    .number()
    .min(1)
    .max(10)
    .default(8)
    .describe('Footage is flushed to the disk at least so often'),
  ENGINE: z
    .enum(['auto', 'native', 'ffmpeg'])
    .default('auto')
    .describe('What pulls the cameras: auto is native, and ffmpeg where native cannot'),
  MAX_TRANSCODES: z.coerce
    .number()
    .int()
    .min(0)
    .max(64)
    .default(2)
    .describe('Pictures that are converted at once for browsers that cannot play what a camera sends'),
  STALL_SECONDS: z.coerce
    .number()
    .int()
    .min(3)
    .max(120)
    .default(10)
    .describe('A stream without a frame for this long is reconnected'),
  START_STAGGER_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(5000)
    .default(20)
    .describe('Shortest pause between the set-ups of two streams: 20 lets 50 a second begin'),
  DISCOVERY_PORT: port.default(3702).describe('UDP port of WS-Discovery; another one only for tests'),
  DISCOVERY_INTERFACES: list.describe('IPv4 addresses of the network interfaces to probe; default: all but loopback'),
  ALLOWED_ADDRESSES: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))
    .superRefine((ranges, context) => {
      try {
        new AddressRules(ranges);
      } catch (error) {
        context.addIssue({ code: 'custom', message: errorMessage(error) });
      }
    })
    .describe('Loopback, link-local, multicast addresses that devices may have, CIDR; default: none'),
});

export type Config = ReturnType<typeof loadConfig>;

/** Reads and checks the environment. @throws AppError invalid, naming every wrong key. */
export function loadConfig(env: NodeJS.ProcessEnv) {
  const given = Object.fromEntries(
    Object.keys(configSchema.shape).flatMap((key) => {
      const value = env[`CHOI_CANH_${key}`];
      return value === undefined || value === '' ? [] : [[key, value]];
    }),
  );
  if (env['CHOI_CANH_TRUST_PROXY'] === 'true') {
    throw new AppError(
      'invalid',
      'bad_configuration',
      'CHOI_CANH_TRUST_PROXY=true would believe everybody: set CHOI_CANH_TRUSTED_PROXIES to the addresses of the reverse proxy, for example 127.0.0.1',
    );
  }
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `CHOI_CANH_${issue.path.join('.')}: ${issue.message}`);
    throw new AppError('invalid', 'bad_configuration', wrong.join('; '));
  }
  const dataDir = resolve(parsed.data.DATA_DIR);
  return {
    ...parsed.data,
    DATA_DIR: dataDir,
    FOOTAGE_DIR: resolve(parsed.data.FOOTAGE_DIR ?? `${dataDir}/footage`),
    BACKUP_DIR: resolve(parsed.data.BACKUP_DIR ?? `${dataDir}/backups`),
  };
}
