import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';

/** What the page's own console and its policy complained of; collected from the first document on. */
export interface PageComplaints {
  console: string[];
  policy: string[];
}

/** Puts axe into every document of the browser (below the page's content security policy), and listens. */
export async function watchPages(context: BrowserContext, page: Page): Promise<PageComplaints> {
  const complaints: PageComplaints = { console: [], policy: [] };
  await context.exposeFunction('reportPolicy', (text: string) => void complaints.policy.push(text));
  await context.addInitScript(`
    document.addEventListener('securitypolicyviolation', (event) =>
      window.reportPolicy(event.violatedDirective + ' ' + event.blockedURI + ' at ' + location.pathname));
  `);
  await context.addInitScript(axe.source);
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.console.push(`${message.text()} ${message.location().url}`);
  });
  return complaints;
}

/** Serious and critical faults of what is shown now, a line each: `color-contrast (serious): .selector, <html>`. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const results = await page.evaluate<AxeResults>(`
    Promise.all(
      document
        .getAnimations()
        .filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
        .map((one) => one.finished.then(() => undefined, () => undefined)),
    )
      .then(() => axe.run(document, { resultTypes: ['violations'] }))
  `);
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, impact, nodes }) =>
      nodes.map((node) => {
        const why = node.any.concat(node.all, node.none)[0]?.message ?? '';
        return `${id} (${impact}): ${node.target.join(' ')} ${node.html.slice(0, 160)} ${why.slice(0, 160)}`;
      }),
    );
}
