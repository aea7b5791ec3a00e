import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import {
  root,
  startConsole,
  startSimulator,
  temporaryFolder,
  type RunningConsole,
  type RunningSimulator,
} from './system.js';

export interface Stage {
  simulator: RunningSimulator;
  system: RunningConsole;
  folder: string;
  close(): Promise<void>;
}

/** Simulator, console and recorder for one suite; whatever was started is ended, also when a later start fails. */
export async function openStage(options: {
  cameras: number;
  media?: string[];
  env?: NodeJS.ProcessEnv;
}): Promise<Stage> {
  const folder = await temporaryFolder();
  const ends: (() => Promise<void>)[] = [folder.remove];
  const close = async () => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const simulator = await startSimulator(options.cameras, options.media);
    ends.push(() => simulator.stop());
    const env = { CHOI_CANH_DISCOVERY_PORT: String(simulator.discoveryPort), ...options.env };
    const system = await startConsole({ dataDir: folder.path, env });
    ends.push(() => system.stop());
    return { simulator, system, folder: folder.path, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws when the browser's part was not built; `npm test` builds it. */
export function requireBuiltClient(): void {
  if (!existsSync(join(root, 'client/dist/index.html'))) throw new Error('build first: npm run build');
}

export async function signIn(page: Page, origin: string, username: string, password: string): Promise<void> {
  await page.goto(`${origin}/sign-in`);
  await page.getByLabel('Tên đăng nhập').fill(username);
  await page.getByLabel('Mật khẩu', { exact: false }).first().fill(password);
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}
