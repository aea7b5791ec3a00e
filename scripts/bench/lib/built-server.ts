/** The server as the product runs it, compiled JavaScript, in a folder of the benchmarks' own. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../../..');
const folder = join(root, '.cache/bench-build');
export const builtMain = join(folder, 'server/dist/main.js');

function* sources(below: string): Generator<string> {
  for (const entry of readdirSync(below, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue;
    const path = join(below, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else yield path;
  }
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const workspace of ['shared', 'server'])
    for (const path of sources(join(root, workspace))) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path} ${size} ${mtimeMs}\n`);
    }
  return hash.digest('hex');
}

function compile(project: string, outDir: string, signal: AbortSignal): Promise<void> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // Types are the type check's business; here only what runs is wanted.
  const args = [tsc, '-p', join(root, project), '--outDir', outDir, '--noCheck', '--declaration', 'false'];
  return new Promise((resolvePromise, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], signal });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolvePromise() : reject(new Error(`${project} does not compile: ${said}`)),
    );
  });
}

/** Compiles shared and server unless nothing changed since the last time. */
export async function buildServer(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const marker = join(folder, 'built');
  const wanted = fingerprint();
  if (existsSync(builtMain) && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  say('Compiling the server …');
  const shared = join(folder, 'node_modules/@choi-canh/shared');
  mkdirSync(shared, { recursive: true });
  mkdirSync(join(folder, 'server'), { recursive: true });
  for (const [from, to] of [
    ['package.json', 'package.json'],
    ['server/package.json', 'server/package.json'],
    ['shared/package.json', 'node_modules/@choi-canh/shared/package.json'],
  ] as const)
    cpSync(join(root, from), join(folder, to));
  await compile('shared/tsconfig.json', join(shared, 'dist'), signal);
  await compile('server/tsconfig.json', join(folder, 'server/dist'), signal);
  writeFileSync(marker, wanted);
}
