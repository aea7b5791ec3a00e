/** Command line of the footage check: options, progress on standard error, the result on standard output, an exit code. */
import { createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { publicKeyText } from '../../server/src/lib/chain/signed-json.js';
import { describeReport, type Language } from './sentences.js';
import { verifyFolder, type Progress } from './verify-folder.js';
import { createVerifyPool } from './verify-pool.js';

const usage = `npm run verify-footage -- <folder> [options]
  Checks a footage folder and changes nothing in it; a recorder may be writing there.
  --camera <id>          only this camera
  --from, --to <instant> only files with footage in this range, e.g. 2026-11-22T07:00:00+07:00; chains are checked whole
  --heads <file>         the signed records that the console kept (downloaded from the recorder's page)
  --public-key <file>    the recorder's public key (PEM, or base64 as the recorder's page shows it);
                         again for each further key that an administrator vouches for
  --json                 one JSON object instead of sentences
  --lang vi|en           default vi
Exit code: 0 everything is as it was recorded; 1 something is not; 2 it could not be checked.`;

const progressEveryMs = 3000;

class UsageError extends Error {}

function instant(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new UsageError(`--${name}: "${text}" is no instant`);
  return ms;
}

async function publicKeyIn(path: string): Promise<string> {
  const text = (await readFile(path, 'utf8')).trim();
  try {
    const key = text.startsWith('-----')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' });
    if (key.asymmetricKeyType === 'ed25519') return publicKeyText(key);
  } catch {
    // said below
  }
  throw new UsageError(`--public-key: ${path} holds no Ed25519 key`);
}

/** A line every few seconds, so that a long check is seen to go on. */
function progressTeller(language: Language): (progress: Progress) => void {
  const startedMs = performance.now();
  let toldMs = startedMs;
  return ({ camera, cameras, file, files, readBytes }) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < progressEveryMs) return;
    toldMs = nowMs;
    const speed = Math.round(readBytes / 1000 / (nowMs - startedMs));
    const read = (readBytes / 1e9).toFixed(1);
    console.error(
      language === 'vi'
        ? `camera ${camera}/${cameras}, tệp ${file}/${files}, đã đọc ${read} GB, ${speed} MB/giây`
        : `camera ${camera}/${cameras}, file ${file}/${files}, ${read} GB read, ${speed} MB/s`,
    );
  };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      camera: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      heads: { type: 'string' },
      'public-key': { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      lang: { type: 'string', default: 'vi' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.lang !== 'vi' && values.lang !== 'en') throw new UsageError(`--lang is vi or en, not "${values.lang}"`);
  const [given, ...rest] = positionals;
  if (given === undefined || rest.length > 0) throw new UsageError('name one footage folder');
  const folder = resolve(given);
  if (!(await stat(folder)).isDirectory()) throw new UsageError(`${folder} is no folder`);
  const pool = createVerifyPool();
  try {
    const report = await verifyFolder({
      folder,
      cameraId: values.camera,
      fromMs: instant('from', values.from),
      toMs: instant('to', values.to),
      consoleHeads: values.heads === undefined ? undefined : resolve(values.heads),
      publicKeys: await Promise.all((values['public-key'] ?? []).map(publicKeyIn)),
      pool,
      onProgress: progressTeller(values.lang),
    });
    if (values.json) {
      const megabytesPerSecond = Math.round(report.readBytes / 1e6 / Math.max(report.seconds, 0.001));
      console.log(JSON.stringify({ folder, ...report, megabytesPerSecond }));
    } else console.log(describeReport(report, folder, values.lang));
    return report.whole ? 0 : 1;
  } finally {
    await pool.stop();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    if (error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true)
      console.error(`\n${usage}`);
    process.exitCode = 2;
  },
);
