// The whole walk on the real service, as people walk it: the clerk offers, the wallet takes, the portal opens, the chain
// agrees, the clerk revokes, the portal refuses.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { seenOnChain } from '../support/anchor-on-chain.ts';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { removeFolder, type ServiceProcess, serviceFolder, startService } from '../support/service-process.ts';

const seoulFrame = '680F0F680801780F17501623001C13515122002316';
const desktop = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };
const pictures = join(packageRoot, 'test-results');
const executable = findChromium();

describe.skipIf(executable === null)('the whole walk, in a browser on the real service', () => {
  const folder = serviceFolder();
  let service: ServiceProcess;
  let browser: Browser;
  let clerk: Page;
  let citizen: Page;

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    service = await startService(folder, ['--meters', '60']);
    browser = await launchChromium(executable ?? '');
    const person = { locale: 'ko-KR', timezoneId: 'Asia/Seoul' };
    clerk = await (await browser.newContext({ ...person, viewport: desktop })).newPage();
    citizen = await (await browser.newContext({ ...person, viewport: phone, deviceScaleFactor: 2 })).newPage();
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    removeFolder(folder);
  });

  const at = (page: Page, id: string) => page.getByTestId(id);
  const picture = async (page: Page, name: string): Promise<void> => {
    await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
  };

  test('from the offer to the chart, to the chain, to the refusal', async () => {
    await clerkSignsIn();
    const offer = await clerkMakesAnOffer();
    await citizenTakesIt(offer);
    await citizenSignsIn();
    await theChartShowsReadingsThatCameOverMqtt();
    await theTraceEndsInAFinalAnchorThatTheChainHolds();
    await clerkRevokes();
    await portalRefuses();
  }, 240_000);

  async function clerkSignsIn(): Promise<void> {
    const link = /http:\S+\/utility\/#enter=\S+/.exec(service.output())?.[0] ?? '';
    await clerk.goto(link);
    await at(clerk, 'meter-row').first().waitFor();
    await clerk.waitForTimeout(2_000);
    await clerk.reload();
    await at(clerk, 'meter-row').first().waitFor();
    await picture(clerk, 'console');
  }

  async function clerkMakesAnOffer(): Promise<{ link: string; txCode: string }> {
    await at(clerk, 'meter-search').fill('23165017');
    await expect.poll(() => at(clerk, 'meter-row').count()).toBe(1);
    await at(clerk, 'meter-row').getByRole('link').first().click();
    await at(clerk, 'make-offer').click();
    const weekAgo = new Date(Date.now() - 6 * 86_400_000).toISOString().slice(0, 10);
    await at(clerk, 'offer-from').fill(weekAgo);
    await at(clerk, 'offer-submit').click();
    await at(clerk, 'offer-tx-code').waitFor();
    await picture(clerk, 'console-offer');
    return {
      link: (await at(clerk, 'offer-link').getAttribute('href')) ?? '',
      txCode: ((await at(clerk, 'offer-tx-code').textContent()) ?? '').trim(),
    };
  }

  async function citizenTakesIt(offer: { link: string; txCode: string }): Promise<void> {
    await citizen.goto(offer.link);
    await at(citizen, 'tx-code').fill(offer.txCode);
    await at(citizen, 'offer-accept').click();
    await at(citizen, 'to-credentials').click();
    await at(citizen, 'credential-card').waitFor();
    await at(citizen, 'wallet-did').waitFor();
    await citizen.evaluate('document.fonts.ready');
    await picture(citizen, 'wallet');
  }

  async function citizenSignsIn(): Promise<void> {
    await citizen.goto(service.url);
    await at(citizen, 'sign-in-same-device').click();
    await at(citizen, 'consent-share').waitFor();
    await picture(citizen, 'wallet-consent');
    await at(citizen, 'consent-share').click();
    await at(citizen, 'register').waitFor();
  }

  async function theChartShowsReadingsThatCameOverMqtt(): Promise<void> {
    await at(citizen, 'use-chart').waitFor();
    const shown = (await at(citizen, 'register').textContent()) ?? '';
    expect(Number(shown.replaceAll(/[^\d]/g, '').slice(0, 8))).toBeGreaterThanOrEqual(225_151);
    const now = new Date();
    const span = `from=${new Date(now.getTime() - 2 * 86_400_000).toISOString()}&to=${now.toISOString()}`;
    const use = await citizen.evaluate(
      async (query) => (await fetch(`/api/portal/use?resolution=hour&${query}`)).json(),
      span,
    );
    const hours = (use as { intervals: { use_l: number | null }[] }).intervals.filter(({ use_l }) => use_l !== null);
    expect(hours.length).toBeGreaterThan(24);

    const database = new pg.Client({ connectionString: service.databaseUrl });
    await database.connect();
    try {
      const { rows } = await database.query(
        `SELECT r.register_l FROM metering.uplink u
           JOIN metering.reading r ON r.uplink_id = u.uplink_id JOIN metering.meter m ON m.meter_id = r.meter_id
          WHERE u.payload = decode($1, 'hex') AND m.serial = '23165017'`,
        [seoulFrame],
      );
      expect(rows).toEqual([{ register_l: '225151' }]);
    } finally {
      await database.end();
    }
  }

  async function theTraceEndsInAFinalAnchorThatTheChainHolds(): Promise<void> {
    await at(citizen, 'trace-step').first().waitFor();
    const outcomes = await at(citizen, 'trace-step').evaluateAll((steps) =>
      steps.map((step) => `${(step as HTMLElement).dataset.step} ${(step as HTMLElement).dataset.outcome}`),
    );
    expect(outcomes).toEqual(
      ['format', 'signature', 'issuer', 'status', 'validity', 'holder', 'disclosures', 'anchor'].map(
        (step) => `${step} passed`,
      ),
    );
    await expect
      .poll(() => at(citizen, 'anchor-status').first().getAttribute('data-status'), { timeout: 30_000 })
      .toBe('final');
    await at(citizen, 'proof-proven').first().waitFor();

    const me = (await citizen.evaluate(async () => (await fetch('/api/portal/me')).json())) as {
      trace: { step: string; anchor?: Anchor }[];
    };
    const anchor = me.trace.find(({ step }) => step === 'anchor')?.anchor;
    expect(await seenOnChain(service.rpcUrl, anchor as Anchor)).toEqual({
      status: 1,
      block: anchor?.block,
      root: anchor?.root,
      proven: true,
    });
    await citizen.evaluate('window.scrollTo(0, 0)');
    await picture(citizen, 'portal-phone');
    await citizen.setViewportSize({ width: 1280, height: 1250 });
    await citizen.evaluate('document.fonts.ready');
    await picture(citizen, 'portal');
    await citizen.setViewportSize(phone);
  }

  async function clerkRevokes(): Promise<void> {
    await clerk.reload();
    await at(clerk, 'revoke').first().click();
    await at(clerk, 'revoke-reason').fill('이사');
    await at(clerk, 'revoke-confirm').click();
    await expect.poll(() => at(clerk, 'credential-row').first().getAttribute('data-state')).toBe('revoked');
  }

  async function portalRefuses(): Promise<void> {
    await citizen.reload();
    await at(citizen, 'refusal').waitFor();
    expect(await at(citizen, 'refusal').getAttribute('data-code')).toBe('CREDENTIAL_REVOKED');

    await citizen.goto(service.url);
    await at(citizen, 'refusal').getByRole('button').first().click();
    await at(citizen, 'sign-in-same-device').click();
    await at(citizen, 'consent-share').click();
    await at(citizen, 'refusal').waitFor();
    const failed = citizen.locator('[data-testid="trace-step"][data-outcome="failed"]');
    expect(await failed.getAttribute('data-step')).toBe('status');
    await picture(citizen, 'portal-refused');
  }

  test('its pictures go into the README when they are asked for', () => {
    if (process.env.UPDATE_PICTURES !== 'true') return;
    const target = join(packageRoot, 'docs/pictures');
    mkdirSync(target, { recursive: true });
    for (const name of ['portal', 'wallet', 'console'])
      copyFileSync(join(pictures, `${name}.png`), join(target, `${name}.png`));
  });
});
