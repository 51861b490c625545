// The pages that people print: on paper nothing is cut off, nothing is to be pressed, and a sum stands below its rows.
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { pageStates } from './page-states.ts';
import { desktop, executablePath, visiting } from './visiting.ts';

/** A4 without its margins, at 96 dots an inch. */
const paper = { width: 718, height: 1047 };

const printed = [
  'portal: my meter with everything open',
  'bills: one with everything on it, offered to the wallet',
  'billing: a bill with everything open',
  'zone: a month of days, the table open',
  'console: a meter with estimates',
];

describe.skipIf(executablePath === null)('on paper', () => {
  const { built, visit } = visiting();

  const toPress = (page: Page): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('button, .button, nav')]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }))
      .map((one) => one.outerHTML.slice(0, 80))`);
  /** Charts and tables that stand out of the page to the right. */
  const cutOff = (page: Page): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('main canvas, main table, main pre, main dl')]
      .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth)
      .map((one) => one.outerHTML.slice(0, 60))`);

  test.each(pageStates.filter(({ name }) => printed.includes(name)))('$name', async (state) => {
    const { page } = await visit(state.answers ? { answers: state.answers } : {});
    await page.setViewportSize(desktop);
    await page.goto(built()[state.on].url + state.path);
    await state.act(page);
    expect(await toPress(page)).not.toEqual([]);
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize(paper);
    expect(await toPress(page)).toEqual([]);
    expect(await cutOff(page)).toEqual([]);
    expect(
      await page.evaluate("[...document.querySelectorAll('tfoot')].map((foot) => getComputedStyle(foot).display)"),
    ).not.toContain('table-footer-group');
    // Chromium prints the rows of a grid that goes on over the page's end over one another.
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('.card, .section, .stack')].map((one) => getComputedStyle(one).display)",
      ),
    ).not.toContain('grid');
    await page.context().close();
  });
});
