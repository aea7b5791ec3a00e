// One command on a fresh machine: installs what is missing, then hands over to demo/demo.ts.
import { join } from 'node:path';
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
  checkNode();
  // Who only asks how it is called waits for no build.
  const asksOnly = process.argv.includes('--help');
  if (!asksOnly) await ensureSystemPackages();
  await ensureDependencies();
  if (!asksOnly) await ensureBuild();
  await handOver([
    '--conditions=source',
    '--import',
    'tsx',
    join(root, 'scripts/demo/demo.ts'),
    ...process.argv.slice(2),
  ]);
});
