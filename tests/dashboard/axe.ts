import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What keeps somebody from using the page as it is now, a line for each; none when nothing does. */
export async function barriers(page: Page): Promise<string[]> {
  // As a value of the debugger's: the page's own policy lets no script in.
  await page.evaluate(axe.source);
  const results = await page.evaluate<AxeResults, string[]>(
    // oxlint-disable-next-line typescript/no-unsafe-return -- `axe` is a global of the page, not of this module
    (tags) => (globalThis as unknown as { axe: typeof axe }).axe.run({ runOnly: tags }),
    RULES,
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
