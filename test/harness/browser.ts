import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

export interface TestBrowser {
  context: BrowserContext;
  page: Page;
  /** What the page asked of any host but the console's; must stay empty. */
  foreignRequests: string[];
  /** Uncaught errors and console errors of the page. */
  pageErrors: string[];
  close(): Promise<void>;
}

export interface BrowserOptions {
  origin: string;
  width?: number;
  height?: number;
  /** A phone: fingers instead of a mouse, and a page that is as wide as its widest part unless the page says no. */
  touch?: boolean;
  /** Of the browser's machine; the product shows Vietnam's time whatever it is. */
  timezoneId?: string;
  /** Further Chromium switches, e.g. to map a host name to the loopback address. */
  args?: string[];
  /** `block`: as where browsers refuse them, behind a certificate that is not trusted. */
  serviceWorkers?: 'allow' | 'block';
}

/** The distribution's Chromium with an empty profile of its own. */
export async function openBrowser({
  origin,
  width = 1440,
  height = 900,
  touch = false,
  timezoneId = 'Asia/Ho_Chi_Minh',
  args = [],
  serviceWorkers = 'allow',
}: BrowserOptions): Promise<TestBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'choi-canh-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHOI_CANH_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      ...args,
    ],
    viewport: { width, height },
    ...(touch ? { hasTouch: true, isMobile: true } : {}),
    locale: 'vi-VN',
    timezoneId,
    serviceWorkers,
    acceptDownloads: true,
    ignoreHTTPSErrors: true,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const foreignRequests: string[] = [];
  const pageErrors: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) && url.host !== new URL(origin).host) {
      foreignRequests.push(request.url());
    }
  });
  page.on('pageerror', (error) => pageErrors.push(error.message));
  return {
    context,
    page,
    foreignRequests,
    pageErrors,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What each browser shows when a test failed, in `test-results/`. */
export async function photographAll(browsers: readonly TestBrowser[]): Promise<void> {
  for (const [index, browser] of browsers.entries()) {
    console.error(`browser ${index}: ${browser.page.url()}`, browser.pageErrors);
    await browser.page.screenshot({ path: `test-results/failed-${index}.png` }).catch(() => undefined);
  }
}
