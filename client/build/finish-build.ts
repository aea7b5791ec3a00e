import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const compressible = /\.(js|css|html|svg|json)$/;
/** Below this the answer fits one packet either way. */
const smallestBytes = 1024;

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The service worker with the list of files that it keeps; its version is what is in them. */
function writeServiceWorker(folder: string): void {
  const files = filesIn(folder).map((path) => ({ path, name: `/${relative(folder, path).replaceAll('\\', '/')}` }));
  const version = createHash('sha256');
  for (const { path, name } of files) version.update(`${name}\n`).update(readFileSync(path));
  const source = readFileSync(join(import.meta.dirname, 'service-worker.js'));
  const build = {
    version: version.update(source).digest('hex').slice(0, 16),
    files: files.map(({ name }) => (name === '/index.html' ? '/' : name)),
  };
  writeFileSync(join(folder, 'sw.js'), `const build = ${JSON.stringify(build)};\n${source.toString()}`);
}

/** `x.js.br` and `x.js.gz` beside `x.js`, as small as the algorithms can make them. */
async function precompress(folder: string): Promise<void> {
  await Promise.all(
    filesIn(folder)
      .filter((path) => compressible.test(path))
      .map(async (path) => {
        const content = readFileSync(path);
        if (content.length < smallestBytes) return;
        const params = {
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        };
        writeFileSync(`${path}.br`, await promisify(brotliCompress)(content, { params }));
        writeFileSync(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
      }),
  );
}

/** After the bundle is written: service worker, then compressed twins of every text file. */
export function finishBuild(): Plugin {
  return {
    name: 'finish-build',
    apply: 'build',
    async writeBundle(options) {
      const folder = options.dir ?? 'dist';
      writeServiceWorker(folder);
      await precompress(folder);
    },
  };
}
