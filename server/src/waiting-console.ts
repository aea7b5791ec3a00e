// What the console is while its database, or the key to what is sealed there, cannot be had: it says so at its address, in
// words, until it is there.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from './config.js';
import type { Clock } from './lib/clock.js';
import { isAppError, type AppError } from './lib/errors.js';
import type { Logger } from './lib/logger.js';
import type { DatabaseTrouble } from './platform/db/database-errors.js';
import { errorAnswer } from './platform/http/error-response.js';
import { createHttpListener, type HttpListener } from './platform/http/http-listener.js';
import { loadTls } from './platform/http/tls.js';

const retryMs = 2000;

type Trouble = DatabaseTrouble | 'secret_key_missing';

/** Whoever looks may read only one of the two languages. */
const sentences: Record<Trouble, { vi: string; en: string }> = {
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
  secret_key_missing: {
    vi: 'Thiếu tệp khóa bí mật trong thư mục keys, nên không đọc được mật khẩu camera đã lưu. Hãy chép lại thư mục keys từ bản sao lưu. Nếu đã mất hẳn, xem tài liệu của máy chủ, mục “Mất khóa bí mật”: khi đó phải nhập lại mọi mật khẩu camera và ghép lại mọi máy ghi.',
    en: 'The secret key file (keys/secret.key) is missing, so stored camera passwords cannot be read. Copy the folder keys back from a backup. If it is lost for good, see “Lost secret key” in the README: then every camera password is entered again and every recorder paired again.',
  },
};
const databaseOutlook = {
  vi: 'Việc ghi hình không bị ảnh hưởng. Trang này tự mở lại khi cơ sở dữ liệu sẵn sàng.',
  en: 'Recording is not affected. This page opens by itself when the database is there.',
};
const keyOutlook = {
  vi: 'Trang này tự mở lại khi có tệp khóa.',
  en: 'This page opens by itself when the key file is there.',
};
const outlookOf = (code: Trouble) => (code === 'secret_key_missing' ? keyOutlook : databaseOutlook);
const headings = {
  database: { vi: 'Hệ thống chưa mở được cơ sở dữ liệu', en: 'The system cannot open its database yet' },
  key: { vi: 'Hệ thống thiếu tệp khóa bí mật', en: 'The system has lost its secret key file' },
};

function waitsFor(error: unknown): error is AppError {
  return isAppError(error, 'unavailable') && Object.hasOwn(sentences, error.code);
}

/**
 * Runs `open` until database and key can be had. Meanwhile everybody who asks at the console's address gets 503 with what
 * is wrong and what to do. @throws what `open` throws, where that is not what it waits for
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
        if (!waitsFor(error)) throw error;
        waiting.error = error;
        if (waiting.listener === undefined) {
          logger.error({ code: error.code, err: error.message }, 'the console cannot begin; it is tried again');
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
      const payload = isApi ? JSON.stringify(body) : page(body.error.code as Trouble);
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
  const code = trouble().code as Trouble;
  const { vi, en } = sentences[code];
  const outlook = outlookOf(code);
  process.stderr.write(`Chòi Canh: ${vi} ${outlook.vi}\nChòi Canh: ${en} ${outlook.en}\n${origin}\n`);
  return listener;
}

function page(code: Trouble): string {
  const heading = code === 'secret_key_missing' ? headings.key : headings.database;
  const block = (lang: 'vi' | 'en') =>
    `<section lang="${lang}"><h1>${heading[lang]}</h1><p>${sentences[code][lang]}</p><p>${outlookOf(code)[lang]}</p></section>`;
  return `<!doctype html><html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>Chòi Canh</title>
<style>body{font:20px/1.5 system-ui,sans-serif;color:#111;max-width:40rem;margin:10vh auto;padding:0 1rem}h1{font-size:1.3em}
section+section{margin-top:3rem;color:#444}</style></head><body>
${block('vi')}${block('en')}</body></html>`;
}
