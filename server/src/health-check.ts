import { loadConfig } from './config.js';
import { errorMessage } from './lib/errors.js';
import { HttpClient } from './platform/http/http-client.js';
import { isLoopback } from './platform/http/tls.js';

// Whether the console on this machine answers: exit code 0 or 1. For the container's health check, which has no curl.
const config = loadConfig(process.env);
const isSecure = config.TLS === 'on' || (config.TLS === 'auto' && !isLoopback(config.HOST));
const isAnyAddress = config.HOST === '0.0.0.0' || config.HOST === '::';
const host = isAnyAddress ? '127.0.0.1' : config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST;
const http = new HttpClient({ origin: `${isSecure ? 'https' : 'http'}://${host}:${config.PORT}` });
try {
  const { status } = await http.read({ path: '/api/health', headersMs: 4000, totalMs: 4000, maxBytes: 64 * 1024 });
  process.exitCode = status === 200 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
} finally {
  http.close();
}
