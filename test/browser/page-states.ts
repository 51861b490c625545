// Every main state of every page, and how to bring a browser into it.
import type { Page } from 'playwright-core';
import type { BuiltPages } from './built-pages.ts';
import { type Answers, ok, refusal } from './mocked-service.ts';
import { anchoring, anchors, me, traceWith } from './page-answers.ts';

export interface PageState {
  name: string;
  on: keyof Omit<BuiltPages, 'stop'>;
  path: string;
  answers?: Answers;
  act: (page: Page) => Promise<unknown>;
}

export const signedOut: Answers = { 'GET /api/portal/me': () => refusal(401, 'NOT_SIGNED_IN') };

const shown =
  (testId: string) =>
  (page: Page): Promise<void> =>
    page.getByTestId(testId).first().waitFor();

async function takeCredential(page: Page): Promise<void> {
  await page.getByTestId('tx-code').fill('123456');
  await page.getByTestId('offer-accept').click();
  await page.getByTestId('offer-taken').waitFor();
}

export const pageStates: PageState[] = [
  { name: 'portal: front page', on: 'site', path: '/', answers: signedOut, act: shown('sign-in-same-device') },
  {
    name: 'portal: QR code',
    on: 'site',
    path: '/',
    answers: signedOut,
    act: async (page) => {
      await page.getByTestId('sign-in-qr').click();
      await page.getByTestId('sign-in-qr-code').waitFor();
    },
  },
  {
    name: 'portal: my meter with everything open',
    on: 'site',
    path: '/',
    act: async (page) => {
      await page.getByTestId('use-chart').waitFor();
      await page.getByTestId('trace-step').last().waitFor();
      await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
    },
  },
  {
    name: 'portal: no reading yet',
    on: 'site',
    path: '/',
    answers: {
      'GET /api/portal/me': () =>
        ok({
          ...me,
          trace: traceWith({
            ...anchors.final,
            status: 'pending',
            epoch: null,
            root: null,
            transaction: null,
            block: null,
            block_time: null,
            proof: null,
          }),
        }),
      'GET /api/portal/meter': () =>
        ok({
          service_point: 'SP-1',
          address_zone: 'Z',
          meter: { serial: '1', model: null, bore_mm: null, format: 'wmbus' },
          last_reading: null,
          last_alarm: null,
        }),
      'GET /api/portal/use': () => ok({ time_zone: 'Asia/Seoul', resolution: 'hour', intervals: [] }),
    },
    act: shown('last-alarm'),
  },
  {
    name: 'portal: refused',
    on: 'site',
    path: '/?request_id=req-1&response_code=c',
    answers: {
      'POST /api/portal/sign-in/*/complete': () =>
        refusal(403, 'CREDENTIAL_REVOKED', { trace: traceWith(anchors.final, true) }),
    },
    act: shown('refusal'),
  },
  {
    name: 'portal: service away',
    on: 'site',
    path: '/',
    answers: { 'GET /api/portal/me': () => refusal(503, 'NOT_READY') },
    act: shown('problem'),
  },
  {
    name: 'console: outside',
    on: 'site',
    path: '/utility/',
    answers: { 'GET /api/utility/me': () => refusal(401, 'NOT_SIGNED_IN') },
    act: (page) => page.locator('h1').waitFor(),
  },
  { name: 'console: meters', on: 'site', path: '/utility/', act: shown('meter-row') },
  {
    name: 'console: no meters',
    on: 'site',
    path: '/utility/',
    answers: {
      'GET /api/utility/meters': () =>
        ok({ meters: [], next_cursor: null, totals: { ok: 0, silent: 0, alarm: 0, never: 0 } }),
    },
    act: (page) => page.locator('.empty').waitFor(),
  },
  {
    name: 'console: one meter, the form for an offer',
    on: 'site',
    path: '/utility/#/meters/meter-3',
    act: async (page) => {
      await page.getByTestId('use-chart').waitFor();
      await page.getByTestId('make-offer').click();
      await page.getByTestId('offer-submit').waitFor();
    },
  },
  {
    name: 'console: an offer made',
    on: 'site',
    path: '/utility/#/service-points/SP-000017',
    act: async (page) => {
      await page.getByTestId('make-offer').click();
      await page.getByTestId('offer-submit').click();
      await page.getByTestId('offer-tx-code').waitFor();
    },
  },
  {
    name: 'console: revoking',
    on: 'site',
    path: '/utility/#/service-points/SP-000017',
    act: async (page) => {
      await page.getByTestId('revoke').first().click();
      await page.getByTestId('revoke-confirm').waitFor();
    },
  },
  { name: 'console: quarantine', on: 'site', path: '/utility/#/quarantine', act: shown('quarantine-row') },
  { name: 'console: ledger', on: 'site', path: '/utility/#/anchoring', act: shown('epoch-row') },
  {
    name: 'console: ledger in trouble',
    on: 'site',
    path: '/utility/#/anchoring',
    answers: {
      'GET /api/utility/anchoring': () =>
        ok({
          ...anchoring,
          trouble: {
            code: 'CHAIN_FUNDS_MISSING',
            detail: '0x7099…79C8 has 0.0004 coins and needs 0.0021 for the next commit.',
            since: '2026-11-23T04:50:00Z',
          },
          account: { ...anchoring.account, balance_wei: '400000000000000', commits_left: 0 },
        }),
    },
    act: shown('anchoring-trouble'),
  },
  { name: 'wallet: new', on: 'walletPages', path: '/', act: shown('anchor-status') },
  {
    name: 'wallet: an offer, the code wrong',
    on: 'walletPages',
    path: '/#/offer?uri=x',
    act: async (page) => {
      await page.getByTestId('tx-code').fill('000000');
      await page.getByTestId('offer-accept').click();
      await page.getByTestId('wallet-refusal').waitFor();
    },
  },
  {
    name: 'wallet: a credential, opened',
    on: 'walletPages',
    path: '/#/offer?uri=x',
    act: async (page) => {
      await takeCredential(page);
      await page.getByTestId('to-credentials').click();
      await page.getByTestId('credential-card').locator('summary').click();
      await page.getByTestId('anchor-status').waitFor();
    },
  },
  { name: 'wallet: consent', on: 'walletPages', path: '/#/present?request=x', act: shown('consent-share') },
  {
    name: 'wallet: nothing to show',
    on: 'walletPages',
    path: '/#/present?request=nothing',
    act: shown('wallet-refusal'),
  },
  {
    name: 'wallet: shared',
    on: 'walletPages',
    path: '/#/present?request=x',
    act: async (page) => {
      await page.getByTestId('consent-share').click();
      await page.getByTestId('presentation-sent').waitFor();
    },
  },
  {
    name: 'wallet: what was shared',
    on: 'walletPages',
    path: '/#/offer?uri=x',
    act: async (page) => {
      await takeCredential(page);
      await page.goto(new URL('/#/shared', page.url()).href);
      await page.getByTestId('shared-row').waitFor();
    },
  },
];
