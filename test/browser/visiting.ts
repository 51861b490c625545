// Opens the built pages in a real browser, over the mocked service, as a fresh visitor each time.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { type BuiltPages, buildPages } from './built-pages.ts';
import { type Answers, mockService } from './mocked-service.ts';

const phone = { width: 390, height: 844 };
export const desktop = { width: 1280, height: 900 };
/** `null`: there is none, and that was said loudly; such tests are skipped. */
export const executablePath = findChromium();

const building_ms = 120_000;
const patience_ms = 10_000;

interface Opening {
  answers?: Answers;
  language?: 'ko' | 'en';
  dark?: boolean;
  serviceWorkers?: 'allow' | 'block';
}

interface Visit {
  page: Page;
  /** Fills with script errors and breaches of the security policy. */
  complaints: string[];
}

/** Call once in a test file, inside its `describe`. */
export function visiting(): { built: () => BuiltPages; visit: (opening?: Opening) => Promise<Visit> } {
  let browser: Browser | undefined;
  let pages: BuiltPages | undefined;

  beforeAll(async () => {
    pages = await buildPages();
    browser = await launchChromium(executablePath ?? '');
  }, building_ms);
  afterAll(async () => {
    await browser?.close();
    await pages?.stop();
  });

  return {
    built: () => {
      if (pages === undefined) throw new Error('the pages are not built yet');
      return pages;
    },
    visit: async ({ answers, language = 'ko', dark = false, serviceWorkers = 'block' } = {}) => {
      if (browser === undefined) throw new Error('the browser is not open yet');
      const context = await browser.newContext({
        viewport: phone,
        timezoneId: 'Asia/Seoul',
        colorScheme: dark ? 'dark' : 'light',
        serviceWorkers,
      });
      await mockService(context, answers);
      const page = await context.newPage();
      page.setDefaultTimeout(patience_ms);
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (/content security policy/i.test(message.text())) complaints.push(message.text());
      });
      if (language === 'en') await page.addInitScript(() => localStorage.setItem('naru.language', 'en'));
      return { page, complaints };
    },
  };
}
