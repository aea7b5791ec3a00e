import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { loadConfig } from './config.js';
import { isLoopback } from './platform/http/tls.js';

// Whether the console on this machine answers: exit code 0 or 1. For the container's health check, which has no curl.
const config = loadConfig(process.env);
const secure = config.TLS === 'on' || (config.TLS === 'auto' && !isLoopback(config.HOST));
const anyAddress = config.HOST === '0.0.0.0' || config.HOST === '::';
const options = {
  host: anyAddress ? '127.0.0.1' : config.HOST,
  port: config.PORT,
  path: '/api/health',
  timeout: 4000,
  // The question is whether it answers, and the certificate is mostly its own.
  rejectUnauthorized: false,
};
const request = (secure ? httpsRequest : httpRequest)(options, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
request.end();
