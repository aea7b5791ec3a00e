import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { root } from './system.js';
import { waitFor } from './wait.js';

/** Requests of the page that change something, since the last `take`; the socket's own polling is none. */
export function countChanges(page: Page): { take(): string[] } {
  let changes: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    const changing = request.method() !== 'GET' && pathname.startsWith('/api/') && pathname !== '/api/socket/';
    if (changing) changes.push(`${request.method()} ${pathname}`);
  });
  return {
    take: () => {
      const taken = changes;
      changes = [];
      return taken;
    },
  };
}

// Scripts for the page are text: the types of a browser are not known to the tests.
function onElement<T>(body: string): (element: unknown) => T {
  return new Function('element', body) as (element: unknown) => T;
}

const focusedField = `(() => {
  const active = document.activeElement;
  const ids = active?.getAttribute('aria-describedby')?.split(' ') ?? [];
  return {
    path: active?.closest('[data-path]')?.getAttribute('data-path') ?? null,
    described: ids.map((id) => document.getElementById(id)?.textContent ?? '').join(' '),
    invalid: active?.getAttribute('aria-invalid') ?? null,
  };
})()`;

interface FocusedField {
  path: string | null;
  /** What is read out with the field. */
  described: string;
  invalid: string | null;
}

/** The form says at the field `path` that it is wrong, with this sentence, and has put the focus there, in sight. */
export async function expectWrong(page: Page, path: string, sentence: string): Promise<void> {
  const field = await waitFor(`the focus is in ${path}`, async () => {
    const now = await page.evaluate<FocusedField>(focusedField);
    return now.path === path && now.invalid === 'true' && now;
  });
  expect(field.described).toContain(sentence);
  await expectInSight(page.locator(':focus'));
}

const inSight = onElement<boolean>(`
  const box = element.getBoundingClientRect();
  const inside = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return inside && hit !== null && element.contains(hit);
`);

/** A button or a field that can be seen and hit without scrolling. */
export async function expectInSight(part: Locator): Promise<void> {
  await waitFor('it is in sight', () => part.evaluate(inSight));
}

/** The name of the element that has the focus: `data-path`, else the tag. */
export function focusedName(page: Page): Promise<string> {
  return page.evaluate<string>(
    "document.activeElement?.getAttribute('data-path') ?? document.activeElement?.tagName ?? ''",
  );
}

const axeSource = readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
const seriousViolations = onElement<Promise<string[]>>(`
  // While something fades in, its colours would be measured wrong.
  const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
  return Promise.allSettled(ending.map((one) => one.finished))
    .then(() => axe.run(element, { resultTypes: ['violations'] }))
    .then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')));
`);

/** No serious and no critical violation of axe in this part of the page. */
export async function expectAccessible(page: Page, part: Locator): Promise<void> {
  await page.evaluate(axeSource);
  expect(await part.evaluate(seriousViolations)).toEqual([]);
}
