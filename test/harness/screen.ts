import type { Page } from 'playwright-core';
import { waitFor } from './wait.js';

/** One page of any browser, driven by what Playwright and Puppeteer have in common. */
export interface Screen {
  goto(url: string): Promise<void>;
  url(): string;
  /** Value of a JavaScript expression in the page; may be a promise. */
  evaluate<T>(expression: string): Promise<T>;
  /** A key by the name that `KeyboardEvent.key` gives it. */
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
  /** Clicks with the mouse, in the middle of the element. */
  click(selector: string): Promise<void>;
}

export function screenOf(page: Page): Screen {
  return {
    goto: async (url) => void (await page.goto(url)),
    url: () => page.url(),
    evaluate: (expression) => page.evaluate(expression),
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text),
    click: (selector) => page.locator(selector).first().click(),
  };
}

/** Signs in by the API, as the page's own origin, so that the browser keeps the cookie. */
export async function signInByApi(
  screen: Screen,
  origin: string,
  account: { username: string; password: string },
): Promise<void> {
  await screen.goto(`${origin}/sign-in`);
  const body = JSON.stringify({ username: account.username, password: account.password });
  const status = await screen.evaluate<number>(
    `fetch('/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(body)} }).then((response) => response.status)`,
  );
  if (status >= 300) throw new Error(`sign in: ${status}`);
}

export function waitForSelector(screen: Screen, selector: string, timeoutMs = 60_000): Promise<boolean> {
  return waitFor(
    selector,
    () => screen.evaluate<boolean>(`document.querySelector(${JSON.stringify(selector)}) !== null`),
    timeoutMs,
  );
}
