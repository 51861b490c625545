// Every main state of every page: for those who cannot see or point, in both languages, dark and light, on a phone.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/package-root.ts';
import { seriousFaults } from '../support/axe.ts';
import { pageStates, signedOut } from './page-states.ts';
import { desktop, executablePath, visiting } from './visiting.ts';

describe.skipIf(executablePath === null)('the pages', () => {
  const { built, visit } = visiting();

  const sideways = (page: Page): Promise<number> =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  /** Four words of English in a row; names, codes and what is marked as English are not looked at. */
  const englishSentences = (page: Page): Promise<string[]> =>
    page.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found: string[] = [];
      while (walker.nextNode()) {
        const { parentElement, nodeValue } = walker.currentNode;
        if (parentElement?.closest('code, script, style, noscript, [lang=en]')) continue;
        const text = nodeValue ?? '';
        if (/([A-Za-z]{2,} +){3}[A-Za-z]{2,}/.test(text)) found.push(text.trim());
      }
      return found;
    });

  const picture = async (page: Page, name: string): Promise<void> => {
    await page.screenshot({
      path: join(packageRoot, 'test-results/pages', `${name.replaceAll(/[^a-z]+/g, '-')}.png`),
      animations: 'disabled',
      fullPage: true,
    });
  };

  describe.each([
    { language: 'ko', dark: false },
    { language: 'en', dark: true },
  ] as const)('in $language, dark: $dark', ({ language, dark }) => {
    test.each(pageStates)('$name: axe finds nothing serious, and nothing scrolls sideways', async (state) => {
      const { page, complaints } = await visit({
        language,
        dark,
        ...(state.answers ? { answers: state.answers } : {}),
      });
      if (state.did !== undefined) {
        await page.addInitScript((did) => {
          if (localStorage.getItem('stand-in.did') === null) localStorage.setItem('stand-in.did', did);
        }, state.did);
      }
      await page.goto(built()[state.on].url + state.path);
      await state.act(page);
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
      if (process.env.UPDATE_PICTURES === 'true') await picture(page, `${language} ${state.name}`);
      expect(await seriousFaults(page)).toEqual([]);
      expect(await sideways(page)).toBe(0);
      if (language === 'ko') expect(await englishSentences(page)).toEqual([]);
      await page.setViewportSize(desktop);
      expect(await sideways(page)).toBe(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    });
  });

  test('axe is awake: it finds a picture without words', async () => {
    const { page } = await visit({ answers: signedOut });
    await page.goto(built().site.url);
    await page.evaluate("document.querySelector('main').append(document.createElement('img'))");
    expect((await seriousFaults(page)).join()).toContain('image-alt');
  });

  test('the language chosen is remembered', async () => {
    const { page } = await visit({ answers: signedOut });
    await page.goto(built().site.url);
    await page.getByTestId('language').click();
    await page.reload();
    expect(await page.locator('h1').textContent()).toContain('your own water');
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });

  test('the skip link comes first and leads to the content', async () => {
    const { page } = await visit({ answers: signedOut });
    await page.goto(built().site.url);
    await page.getByTestId('sign-in-same-device').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });
});
