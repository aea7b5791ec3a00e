import type { Page } from 'playwright-core';

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Place of each element on the screen, in the order of the document. */
export function boxesOf(page: Page, selector: string): Promise<Box[]> {
  return page.locator(selector).evaluateAll((elements) =>
    elements.map((element) => {
      const { left, top, right, bottom } = element.getBoundingClientRect();
      return { left, top, right, bottom };
    }),
  );
}

export interface PageExtent {
  widthPx: number;
  heightPx: number;
  scrollWidthPx: number;
  scrollHeightPx: number;
  /** Lower edge of the lowest thing to be seen in the page's content, from the top of the document. */
  contentBottomPx: number;
}

/** Words of buttons and links that are cut off where they stand. */
export function cutButtons(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(findCutButtons);
}

const findCutButtons = `[...document.querySelectorAll('button, a')]
  .filter((element) => element.getClientRects().length > 0 && element.textContent.trim() !== '')
  .filter((element) => {
    const box = element.getBoundingClientRect();
    const outside = box.right > window.innerWidth + 1 || box.left < -1;
    return outside || [element, ...element.querySelectorAll('*')].some(
      (one) => getComputedStyle(one).overflowX !== 'visible' && one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1);
  })
  .map((element) => element.textContent.trim())`;

/** How far a page reaches, and how far what can be seen on it does: rows inside of a list that scrolls do not count. */
export function pageExtent(page: Page): Promise<PageExtent> {
  return page.evaluate<PageExtent>(measureExtent);
}

// Scripts of the page are text: the tests are compiled without the browser's types.
const measureExtent = `(() => {
  const root = document.documentElement;
  const content = document.querySelector('#content');
  let lowest = 0;
  for (const element of content?.querySelectorAll('*') ?? []) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || getComputedStyle(element).visibility === 'hidden') continue;
    let bottom = box.bottom;
    for (let outer = element.parentElement; outer && outer !== content; outer = outer.parentElement) {
      if (getComputedStyle(outer).overflowY !== 'visible') bottom = Math.min(bottom, outer.getBoundingClientRect().bottom);
    }
    lowest = Math.max(lowest, bottom + window.scrollY);
  }
  return {
    widthPx: window.innerWidth,
    heightPx: window.innerHeight,
    scrollWidthPx: root.scrollWidth,
    scrollHeightPx: root.scrollHeight,
    contentBottomPx: lowest,
  };
})()`;

/** Names of the page's main buttons (filled ones, and those that submit) that are not wholly on the screen. */
export function hiddenMainButtons(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(findHiddenButtons);
}

const findHiddenButtons = `(() => {
  const bar = document.querySelector('[data-bottom-bar]')?.getBoundingClientRect();
  const floor = bar && bar.height > 0 ? bar.top : window.innerHeight;
  const main = '#content :is([type="submit"], .mantine-Button-root[data-variant="filled"], .mantine-Button-root:not([data-variant]))';
  return [...document.querySelectorAll(main)]
    .filter((element) => {
      const box = element.getBoundingClientRect();
      if (box.width === 0) return false;
      return box.top < 0 || box.bottom > floor + 1 || box.left < -1 || box.right > window.innerWidth + 1;
    })
    .map((element) => element.textContent.trim());
})()`;
