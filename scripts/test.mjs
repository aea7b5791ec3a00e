// The whole check: format, lint, types, build, then every test. The last line is made from vitest's own JSON report.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkNode,
  ensureBuild,
  ensureDependencies,
  ensureSystemPackages,
  root,
  run,
  runScript,
  step,
} from './lib/setup.mjs';
import { askedToEnd } from './lib/run-part.mjs';

const report = join(root, 'test-results', 'vitest.json');

await runScript(async () => {
  checkNode();
  await ensureSystemPackages({ chromium: true, firefox: true, pdf: true, postgres: true, foreignMedia: true });
  await ensureDependencies();
  const failed = [];
  const check = async (name, command, args, options) => {
    step(name);
    await run(command, args, options).catch((error) => {
      // Asked to end is no failure of the check, and the next one is not begun.
      if (askedToEnd() !== undefined) throw error;
      failed.push(`${name}: ${error.message}`);
    });
  };
  const bin = (name) => join(root, 'node_modules', '.bin', name);
  // Each of them keeps one core busy, and what they complain of names its file.
  const ended = await Promise.allSettled([
    check('Lint', bin('eslint'), ['--max-warnings', '0', '.']),
    (async () => {
      await check('Format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
      await check('Types', 'npm', ['run', '--silent', 'typecheck']);
      await ensureBuild();
    })(),
  ]);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;

  mkdirSync(join(root, 'test-results'), { recursive: true });
  rmSync(report, { force: true });
  await check(
    'Tests',
    bin('vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
    // What is started whole is what was built.
    { env: { ...process.env, CHOI_CANH_TEST_BUILT: 'true' } },
  );
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  for (const line of failed) process.stderr.write(`✗ ${line}\n`);
  if (failed.length > 0 || result === undefined || result.success !== true) process.exitCode = 1;
  // Nothing may follow this line.
  const skipped = result === undefined ? 0 : result.numPendingTests + result.numTodoTests;
  // A suite that broke before its tests were known counts as one failure.
  const brokenSuites = (result?.testResults ?? []).filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failures = (result?.numFailedTests ?? 0) + brokenSuites.length + (result === undefined ? 1 : 0);
  process.stdout.write(
    `${result?.numPassedTests ?? 0} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
  );
});
