// What the console is while its database cannot be opened: it says so at its address, in words, until the database is there.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from './config.js';
import type { Clock } from './lib/clock.js';
import { isAppError, type AppError } from './lib/errors.js';
import type { Logger } from './lib/logger.js';
import { troubleOf, type DatabaseTrouble } from './platform/db/database-errors.js';
import { errorAnswer } from './platform/http/error-response.js';
import { createHttpListener, type HttpListener } from './platform/http/http-listener.js';
import { loadTls } from './platform/http/tls.js';

const retryMs = 2000;

/** Whoever looks may read only one of the two languages. */
const sentences: Record<DatabaseTrouble, { vi: string; en: string }> = {
  database_unavailable: {
    vi: 'Máy chủ chưa kết nối được với cơ sở dữ liệu. Hãy kiểm tra máy chủ cơ sở dữ liệu và đường mạng.',
    en: 'The server cannot reach its database. Check the database server and the network.',
  },
  database_full: {
    vi: 'Ổ đĩa của máy chủ đã đầy. Hãy dọn bớt tệp không cần trên ổ đĩa có thư mục dữ liệu.',
    en: "The server's disk is full. Remove what is not needed from the disk of the data folder.",
  },
  database_locked: {
    vi: 'Một chương trình khác đang khóa cơ sở dữ liệu. Hãy đóng chương trình đó.',
    en: 'Another program keeps the database locked. Close that program.',
  },
  database_damaged: {
    vi: 'Cơ sở dữ liệu bị hỏng. Hãy khôi phục từ bản sao lưu (npm run restore).',
    en: 'The database is damaged. Restore it from a backup (npm run restore).',
  },
};
const outlook = {
  vi: 'Việc ghi hình không bị ảnh hưởng. Trang này tự mở lại khi cơ sở dữ liệu sẵn sàng.',
  en: 'Recording is not affected. This page opens by itself when the database is there.',
};

/**
 * Runs `open` until the database can be opened. Meanwhile everybody who asks at the console's address gets 503 with what
 * is wrong and what to do. @throws what `open` throws, where it is not about the whole database
 */
export async function untilDatabaseOpens<T>(options: {
  /** `release` frees the console's address, for whoever listens there next. */
  open: (release: () => Promise<void>) => Promise<T>;
  config: Config;
  clock: Clock;
  logger: Logger;
}): Promise<T> {
  const { open, clock, logger } = options;
  const waiting: { listener?: HttpListener; error?: AppError } = {};
  const release = async () => {
    const { listener } = waiting;
    delete waiting.listener;
    await listener?.stop();
  };
  try {
    for (;;) {
      try {
        return await open(release);
      } catch (error) {
        if (!isAppError(error, 'unavailable') || troubleOf(error) === undefined) throw error;
        waiting.error = error;
        if (waiting.listener === undefined) {
          logger.error({ code: error.code, err: error.message }, 'the database cannot be opened; it is tried again');
          waiting.listener = await listen(options, () => waiting.error ?? error);
        }
      }
      await clock.sleep(retryMs);
    }
  } finally {
    await release();
  }
}

async function listen(
  { config, clock, logger }: { config: Config; clock: Clock; logger: Logger },
  trouble: () => AppError,
): Promise<HttpListener> {
  const tls = await loadTls({
    ...{ mode: config.TLS, host: config.HOST, certFile: config.TLS_CERT_FILE, keyFile: config.TLS_KEY_FILE },
    ...{ keysDir: join(config.DATA_DIR, 'keys'), clock },
  });
  const listener = createHttpListener({
    ...{ host: config.HOST, port: config.PORT, logger },
    tls: tls && { cert: tls.cert, key: tls.key },
    handle: (request, response) => {
      const isApi = request.url?.startsWith('/api') === true;
      const { body } = errorAnswer(trouble(), randomUUID());
      const payload = isApi ? JSON.stringify(body) : page(body.error.code as DatabaseTrouble);
      response.writeHead(503, {
        'content-type': isApi ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        'retry-after': String(retryMs / 1000),
        connection: 'close',
      });
      response.end(payload);
    },
    refuse: (response) => response.writeHead(503).end(),
  });
  const { origin } = await listener.start();
  const { vi, en } = sentences[trouble().code as DatabaseTrouble];
  process.stderr.write(`Chòi Canh: ${vi} ${outlook.vi}\nChòi Canh: ${en} ${outlook.en}\n${origin}\n`);
  return listener;
}

function page(code: DatabaseTrouble): string {
  const block = (lang: 'vi' | 'en', heading: string) =>
    `<section lang="${lang}"><h1>${heading}</h1><p>${sentences[code][lang]}</p><p>${outlook[lang]}</p></section>`;
  return `<!doctype html><html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>Chòi Canh</title>
<style>body{font:20px/1.5 system-ui,sans-serif;color:#111;max-width:40rem;margin:10vh auto;padding:0 1rem}h1{font-size:1.3em}
section+section{margin-top:3rem;color:#444}</style></head><body>
${block('vi', 'Hệ thống chưa mở được cơ sở dữ liệu')}${block('en', 'The system cannot open its database yet')}</body></html>`;
}
