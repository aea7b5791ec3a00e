// The product itself with its embedded default, and no demo data.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkNode, ensureBuild, ensureDependencies, ensureSystemPackages, root, runScript } from './lib/setup.mjs';

await runScript(async () => {
  checkNode();
  await ensureSystemPackages();
  await ensureDependencies();
  await ensureBuild();
  const child = spawn(process.execPath, [join(root, 'server/dist/main.js'), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 0 : 1);
  });
});
