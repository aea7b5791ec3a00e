// The product itself with its embedded default, and no demo data.
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
  await ensureSystemPackages();
  await ensureDependencies();
  await ensureBuild();
  await handOver([join(root, 'server/dist/main.js'), ...process.argv.slice(2)]);
});
