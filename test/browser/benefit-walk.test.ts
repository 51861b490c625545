// A family's months with the real wallet and portal pages: the benefit makes the next bill lower, its end makes the one after
// whole, and a bill goes into the wallet.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { seriousFaults } from '../support/axe.ts';
import { billedHomes } from '../support/billed-homes.ts';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { portalHouse } from '../support/portal-house.ts';
import { buildPageFolders } from './built-pages.ts';

const executable = findChromium();
const pictures = join(packageRoot, 'test-results');
const DAY_ms = 86_400_000;

describe.skipIf(executable === null)("a family's months, in a browser", async () => {
  const folders = await buildPageFolders();
  const house = await portalHouse(createLogger('silent'), {}, folders);
  const homes = billedHomes(house, 4 * 60_000);
  const { dayFromNow } = homes;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    browser = await launchChromium(executable ?? '');
    const context = await browser.newContext({
      ...{ locale: 'ko-KR', timezoneId: 'Asia/Seoul', viewport: { width: 390, height: 844 } },
    });
    page = await context.newPage();
  });

  afterAll(async () => {
    await browser?.close();
    folders.remove();
  });

  const at = (id: string) => page.getByTestId(id);

  async function look(name: string): Promise<void> {
    await page.evaluate('document.fonts.ready');
    await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled', fullPage: true });
    expect(await seriousFaults(page)).toEqual([]);
  }

  /** What the service does on a later day; the family's browser stays where it is, with its session and its wallet's clock. */
  async function daysLater(days: number, work: () => Promise<unknown>): Promise<void> {
    house.clock.ahead_ms = days * DAY_ms;
    await house.checks.checkReductions(new Date(house.clock.now_ms()));
    await work();
    house.clock.ahead_ms = 0;
  }

  async function take(offer: { offer_uri: string; tx_code: string }): Promise<void> {
    await page.goto('about:blank');
    await page.goto(`${house.walletUrl}/#/offer?uri=${encodeURIComponent(offer.offer_uri)}`);
    await at('tx-code').fill(offer.tx_code);
    await at('offer-accept').click();
    await at('offer-taken').waitFor();
  }

  async function signIn(): Promise<void> {
    await page.goto(house.publicUrl);
    await at('sign-in-same-device').click();
    await at('consent-share').click();
    await at('register').waitFor();
    await toBills();
  }

  async function toBills(): Promise<void> {
    await page.goto('about:blank');
    await page.goto(`${house.publicUrl}/#/bills`);
    await at('reduction').waitFor();
    await at('bill-in-list').first().waitFor();
  }

  async function newestBill(): Promise<string> {
    await at('bill-in-list').first().click();
    const sum = (await at('bill-sum').textContent()) ?? '';
    await at('bill-component').first().waitFor();
    return sum;
  }

  test('the credential, the lower bill, its end, the whole bill, and the bill in the wallet', async () => {
    await homes.home('1', { from: -40, until: 65, daily_l: 1_000 });
    await homes.billRun(dayFromNow(-30), dayFromNow(0));
    const account = { role: 'occupant', from: '2026-01-01' };
    await take(await house.offers.offerWaterAccount('test', 'sp-1', account));
    const benefit = { type: 'household-benefit', claims: { children: 3, valid_until: '2099-12-31' }, reference: 'R-1' };
    await take(await house.identity.offers.createOffer(benefit));

    await signIn();
    expect(await newestBill()).toBe('30,000원');
    await page.goBack();
    await at('reduction-prove').click();
    await at('sign-in-same-device').click();
    await at('consent-share').waitFor();
    await look('benefit-consent');
    await at('consent-share').click();
    await at('reduction-counts').waitFor();
    await look('benefit-counts');

    await daysLater(30, () => homes.billRun(dayFromNow(0), dayFromNow(30)));
    await toBills();
    expect(await newestBill()).toBe('15,000원');
    await look('benefit-bill');

    await at('bill-offer').click();
    const [txCode, link] = [
      await at('bill-offer-code').textContent(),
      await at('bill-offer-link').getAttribute('href'),
    ];
    await page.goto(link ?? '');
    await at('tx-code').fill(txCode ?? '');
    await at('offer-accept').click();
    await at('to-credentials').click();
    const card = page.locator('[data-testid=credential-card][data-type=water-bill]');
    await card.locator('summary').click();
    expect(await card.locator('[data-claim=amount_won] dd').textContent()).toBe('15,000원');
    await look('benefit-bill-in-wallet');

    const [issued] = await house.identity.credentials.listIssued({ reference: 'R-1' });
    const revoke = `/api/utility/credentials/${issued?.id}/revoke`;
    await daysLater(31, async () => {
      expect((await (await house.clerk()).post(revoke, { reason: '자격 상실' })).statusCode).toBe(204);
    });
    await daysLater(60, () => homes.billRun(dayFromNow(30), dayFromNow(60)));
    await toBills();
    expect(await at('reduction').getAttribute('data-standing')).toBe('revoked');
    await look('benefit-ended');
    expect(await newestBill()).toBe('30,000원');
  }, 120_000);
});
