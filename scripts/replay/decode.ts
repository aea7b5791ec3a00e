import { spawnSync } from 'node:child_process';
import type { Fragment } from '../../server/src/lib/fragment.js';

export interface Decoded {
  readonly pictures: number;
  /** Lines in which the decoder complains. */
  readonly errorLines: number;
  readonly inits: number;
}

/** Decodes everything with ffmpeg, each init segment with its fragments. @throws where ffmpeg cannot be run */
export function decodeFragments(fragments: readonly Fragment[]): Decoded {
  const byInit = new Map<Buffer, Buffer[]>();
  for (const { init, bytes } of fragments) {
    const known = byInit.get(init.bytes);
    if (known === undefined) byInit.set(init.bytes, [bytes]);
    else known.push(bytes);
  }
  let pictures = 0;
  let errorLines = 0;
  for (const [init, parts] of byInit) {
    const input = Buffer.concat([init, ...parts]);
    const args = [...['-v', 'error', '-f', 'mp4', '-i', 'pipe:0', '-an', '-fps_mode', 'passthrough']];
    const run = spawnSync('ffmpeg', [...args, '-f', 'framecrc', 'pipe:1'], { input, maxBuffer: 1e8, timeout: 60_000 });
    if (run.error !== undefined) throw run.error;
    const lines = (text: Buffer) =>
      text
        .toString()
        .split('\n')
        .filter((line) => line !== '');
    pictures += lines(run.stdout).filter((line) => !line.startsWith('#')).length;
    errorLines += lines(run.stderr).length;
  }
  return { pictures, errorLines, inits: byInit.size };
}
