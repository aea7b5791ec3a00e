import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { launch, type Page } from 'puppeteer-core';
import type { Screen } from './screen.js';

export interface FirefoxBrowser {
  page: Page;
  screen: Screen;
  /** What the page asked of any host but the console's; must stay empty. */
  foreignRequests: string[];
  /** Uncaught errors of the page. */
  pageErrors: string[];
  photograph(path: string): Promise<void>;
  close(): Promise<void>;
}

/** The distribution's Firefox, over WebDriver BiDi, with an empty profile of its own. */
export async function openFirefox({
  origin,
  width = 1366,
  height = 768,
}: {
  origin: string;
  width?: number;
  height?: number;
}): Promise<FirefoxBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'choi-canh-firefox-'));
  const browser = await launch({
    browser: 'firefox',
    executablePath: process.env.CHOI_CANH_FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    userDataDir: profile,
    acceptInsecureCerts: true,
    defaultViewport: { width, height },
    extraPrefsFirefox: {
      'media.autoplay.default': 0,
      'intl.accept_languages': 'vi-VN, vi',
      'app.update.enabled': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
    },
    env: {
      ...process.env,
      TZ: 'Asia/Ho_Chi_Minh',
      MOZ_HEADLESS_WIDTH: String(width),
      MOZ_HEADLESS_HEIGHT: String(height),
    },
  });
  const [page = await browser.newPage()] = await browser.pages();
  const foreignRequests: string[] = [];
  const pageErrors: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    const isNetwork = ['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol);
    if (isNetwork && url.host !== new URL(origin).host) foreignRequests.push(request.url());
  });
  page.on('pageerror', (error) => pageErrors.push(String(error)));
  return {
    page,
    screen: {
      goto: async (url) => void (await page.goto(url)),
      url: () => page.url(),
      evaluate: (expression) => page.evaluate(expression) as Promise<never>,
      press: async (key) => {
        const keys = key.split('+');
        const last = keys.pop() as Parameters<typeof page.keyboard.press>[0];
        for (const held of keys) await page.keyboard.down(held as typeof last);
        await page.keyboard.press(last);
        for (const held of keys.toReversed()) await page.keyboard.up(held as typeof last);
      },
      type: (text) => page.keyboard.type(text),
      click: (selector) => page.click(selector),
    },
    foreignRequests,
    pageErrors,
    photograph: async (path) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await page.screenshot());
    },
    close: async () => {
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
