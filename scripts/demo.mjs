// One command on a fresh machine: installs what is missing, then hands over to demo/demo.ts.
import { join } from 'node:path';
import { prepare } from './lib/prepare.mjs';
import {
  checkNode,
  ensureBuild,
  ensureDependencies,
  ensureSystemPackages,
  handOver,
  root,
  runScript,
} from './lib/setup.mjs';

await runScript(async () => {
  await prepare(process.argv.slice(2), { checkNode, ensureSystemPackages, ensureDependencies, ensureBuild });
  await handOver([
    '--conditions=source',
    '--import',
    'tsx',
    join(root, 'scripts/demo/demo.ts'),
    ...process.argv.slice(2),
  ]);
});
