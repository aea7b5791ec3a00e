// Saves the console's data, or puts it back: what main.js does, without setting anything up. A console may run meanwhile,
// so nothing is built here.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkNode, handOver, root, runScript, SetupError } from './lib/setup.mjs';

await runScript(async () => {
  checkNode();
  const main = join(root, 'server/dist/main.js');
  if (!existsSync(main)) throw new SetupError('Chòi Canh is not built yet: type "npm run build".');
  await handOver([main, ...process.argv.slice(2)]);
});
