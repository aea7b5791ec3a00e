import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

it('ends nobody because the log cannot be written, and keeps nobody from ending', async () => {
  const full = openSync('/dev/full', 'w');
  const script = `
    import { createLogger } from ${JSON.stringify(join(import.meta.dirname, 'logger.ts'))};
    const logger = createLogger('info', 'test');
    for (let line = 0; line < 5; line += 1) {
      logger.info({ line }, 'a line');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    process.stdout.write('alive');
    process.exit(0);`;
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', script],
    { stdio: ['ignore', 'pipe', full], timeout: 20_000 },
  );
  closeSync(full);
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  expect(await text(child.stdout!)).toBe('alive');
  expect(await ended).toBe(0);
});
