import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { requireBuiltClient, signIn } from '../harness/stage.js';
import { createAccount, root, startConsole, temporaryFolder, type RunningConsole } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

// From one build to the next: pages that are open go on, and nothing of the old build is left on a new page.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let system: RunningConsole;
let browser: TestBrowser;
let account: Awaited<ReturnType<typeof createAccount>>;
/** A copy of the product as it is installed, so that its files can become another build's. */
let install: string;

const start = (options: { port?: string; signIn?: boolean } = {}) =>
  startConsole({
    dataDir: join(folder.path, 'data'),
    main: [join(install, 'server/dist/main.js')],
    env: { CHOI_CANH_DISCOVERY_PORT: '0', ...(options.port === undefined ? {} : { CHOI_CANH_PORT: options.port }) },
    signIn: options.signIn ?? false,
  });

beforeAll(async () => {
  requireBuiltClient();
  if (!existsSync(join(root, 'server/dist/main.js'))) throw new Error('build first: npm run build');
  folder = await temporaryFolder();
  install = join(folder.path, 'product');
  await mkdir(join(install, 'server'), { recursive: true });
  for (const part of ['server/dist', 'client/dist'])
    await cp(join(root, part), join(install, part), { recursive: true });
  for (const part of ['package.json', 'server/package.json']) await cp(join(root, part), join(install, part));
  await symlink(join(root, 'node_modules'), join(install, 'node_modules'));
  if (existsSync(join(root, 'server/node_modules'))) {
    await symlink(join(root, 'server/node_modules'), join(install, 'server/node_modules'));
  }
  system = await start();
  account = await createAccount(system, 'tonghop', 'district_officer', null);
  browser = await openBrowser({ origin: system.origin, width: 1366, height: 768 });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await folder?.remove();
});

/** Makes the installed files another build's: all code has other names, and the worker another version. */
async function nextBuild(): Promise<{ old: string; next: string }> {
  const dist = join(install, 'client/dist');
  const names = (await readdir(join(dist, 'assets'))).filter((name) => /\.(js|css)$/.test(name));
  const renamed = (name: string) => name.replace(/-(.{8})\.(js|css)$/, '-NEXT$1.$2');
  for (const name of await readdir(dist, { recursive: true })) {
    const path = join(dist, name);
    if (/\.(br|gz)$/.test(name)) await rm(path);
    else if (/\.(js|html|css)$/.test(name)) {
      const text = names.reduce((whole, one) => whole.replaceAll(one, renamed(one)), await readFile(path, 'utf8'));
      const versioned = name === 'sw.js' ? text.replace(/("?version"?\s*:\s*")[^"]+/, '$1next-build') : text;
      if (name === 'sw.js') expect(versioned).not.toBe(text);
      await writeFile(path, versioned);
    }
  }
  for (const name of names) await rename(join(dist, 'assets', name), join(dist, 'assets', renamed(name)));
  const old = names.find((name) => /^reports-page-.*\.js$/.test(name));
  if (old === undefined) throw new Error('no code of the reports page');
  return { old, next: renamed(old) };
}

const cacheNames = (page: Page) => page.evaluate<string[]>('caches.keys()');
const loaded = (page: Page) =>
  page.evaluate<string[]>(`performance.getEntriesByType('resource').map(({ name }) => name.split('/').at(-1))`);

it('an open page goes on with its own build; a new one has the next, also without the server', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  await signIn(page, system.origin, account.username, account.password);
  await page.goto(`${system.origin}/incidents`);
  await waitFor(
    'the service worker',
    () => page.evaluate<boolean>('navigator.serviceWorker.controller !== null'),
    60_000,
  );
  const [first, ...more] = await cacheNames(page);
  expect(more).toEqual([]);

  await system.stop();
  const { old, next } = await nextBuild();
  system = await start({ port: new URL(system.origin).port, signIn: true });
  // The page that is open has noticed by itself that there is another build, and keeps its own beside it.
  await waitFor('the next build is kept', async () => (await cacheNames(page)).length === 2, 60_000);
  expect(await cacheNames(page)).toContain(first);
  expect((await fetch(`${system.origin}/assets/${old}`)).status).toBe(404);

  // It was never opened on this page, and its code is gone from the server.
  let loads = 0;
  page.on('load', () => (loads += 1));
  await page.getByRole('link', { name: 'Báo cáo' }).click();
  await page.getByTestId('report-preset').waitFor();
  expect(loads).toBe(0);
  expect(await loaded(page)).toContain(old);

  await page.reload();
  await page.getByTestId('report-preset').waitFor();
  expect(await loaded(page)).toContain(next);
  expect(await loaded(page)).not.toContain(old);

  const { process } = system.child;
  const ended = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGKILL');
  await ended;
  await page.getByTestId('away-bar').waitFor();
  await page.reload();
  await page.getByTestId('away-bar').waitFor();
  expect(await loaded(page)).not.toContain(old);
  system = await start({ port: new URL(system.origin).port, signIn: true });
  await page.getByTestId('report-preset').waitFor({ timeout: 60_000 });
  expect(browser.pageErrors).toEqual([]);
});
