// Every main state of every page, and how to bring a browser into it.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { listFault } from '../../src/metering/meters/list-faults.ts';
import { billStates } from './bill-states.ts';
import { billingStates } from './billing-states.ts';
import { deskStates } from './desk-states.ts';
import { findingStates } from './finding-states.ts';
import { type Answers, ok, refusal } from './mocked-service.ts';
import { anchoring, anchors, intake, me, traceWith } from './page-answers.ts';
import type { PageState } from './page-state.ts';
import { zoneStates } from './zone-states.ts';

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

async function giveDeviceList(page: Page): Promise<void> {
  await page.getByTestId('device-list').locator('summary').click();
  await page
    .getByTestId('device-list-file')
    .setInputFiles({ name: 'modems.csv', mimeType: 'text/csv', buffer: Buffer.from('device_id\nmodem-1\n') });
  await page.getByTestId('device-list-check').click();
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
    name: 'portal: welfare check',
    on: 'site',
    path: '/#/care',
    act: async (page) => {
      await page.getByTestId('care-away').first().waitFor();
    },
  },
  {
    name: 'portal: welfare check, not begun',
    on: 'site',
    path: '/#/care',
    answers: { 'GET /api/portal/consent': () => ok({ can_tell: true, consent: null }) },
    act: async (page) => {
      await page.getByTestId('care-email').fill('daughter@home.example');
      await page.getByTestId('care-called').fill('어머니 댁');
      await page.getByTestId('care-agree').check();
    },
  },
  {
    name: 'portal: welfare check, no e-mail here',
    on: 'site',
    path: '/#/care',
    answers: { 'GET /api/portal/consent': () => ok({ can_tell: false, consent: null }) },
    act: shown('care-unavailable'),
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
  ...billingStates,
  ...billStates,
  ...deskStates,
  ...zoneStates,
  ...findingStates,
  { name: 'console: quarantine', on: 'site', path: '/utility/#/quarantine', act: shown('quarantine-row') },
  { name: 'console: ledger', on: 'site', path: '/utility/#/anchoring', act: shown('epoch-row') },
  {
    name: 'console: quarantine, read again',
    on: 'site',
    path: '/utility/#/quarantine',
    act: async (page) => {
      await page.getByTestId('redecode').click();
      await page.getByTestId('redecoded').waitFor();
    },
  },
  {
    name: 'console: alarms, one opened',
    on: 'site',
    path: '/utility/#/alarms',
    act: async (page) => {
      await page.getByTestId('alarm-open').nth(1).click();
      await page.getByTestId('alarm-event').first().waitFor();
    },
  },
  {
    name: 'console: no alarms',
    on: 'site',
    path: '/utility/#/alarms',
    answers: { 'GET /api/utility/alarms': () => ok({ alarms: [], next_cursor: null, waiting: [], kinds: [] }) },
    act: (page) => page.locator('.empty').waitFor(),
  },
  { name: 'console: intake', on: 'site', path: '/utility/#/intake', act: shown('gateway-row') },
  {
    name: 'console: no intake',
    on: 'site',
    path: '/utility/#/intake',
    answers: {
      'GET /api/utility/intake': () => ok({ ...intake, processes: [] }),
      'GET /api/utility/gateways': () => ok({ gateways: [] }),
    },
    act: shown('no-intake'),
  },
  { name: 'console: devices', on: 'site', path: '/utility/#/devices', act: shown('device-event') },
  {
    name: 'console: a list of devices checked, its secrets downloaded',
    on: 'site',
    path: '/utility/#/devices',
    answers: {
      'POST /api/utility/devices/csv/completed': () =>
        ok({ devices: 120, known: 8, made: 112, list: 'device_id,secret\r\n' }),
    },
    act: async (page) => {
      await giveDeviceList(page);
      expect(await page.getByTestId('device-list-register').isDisabled()).toBe(true);
      const downloaded = page.waitForEvent('download');
      await page.getByTestId('device-list-download').click();
      expect((await downloaded).suggestedFilename()).toBe('modems.secrets.csv');
      expect(await page.getByTestId('device-list-register').isEnabled()).toBe(true);
    },
  },
  {
    name: 'console: a list of devices with a mistake',
    on: 'site',
    path: '/utility/#/devices',
    answers: {
      'POST /api/utility/devices/csv/completed': () =>
        refusal(400, 'PROVISIONING_INVALID', {
          problems: [{ line: 3, column: 'dials', ...listFault('not_between', { least: 4, most: 12 }) }],
        }),
    },
    act: async (page) => {
      await giveDeviceList(page);
      await page.getByTestId('device-list-faults').waitFor();
    },
  },
  {
    name: 'console: one device, renewed',
    on: 'site',
    path: '/utility/#/devices/modem-8600100',
    act: async (page) => {
      await page.getByTestId('device-claim').click();
      await page.getByTestId('device-renewed').waitFor();
    },
  },
  {
    name: 'console: a revoked device',
    on: 'site',
    path: '/utility/#/devices/modem-8600107',
    act: shown('device-withdraw'),
  },
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
  { name: 'wallet: fresh', on: 'walletPages', path: '/', act: shown('start-new') },
  {
    name: 'wallet: started, the words not written down',
    on: 'walletPages',
    path: '/',
    act: async (page) => {
      await page.getByTestId('start-new').click();
      await page.getByTestId('words-waiting').waitFor();
    },
  },
  { name: 'wallet: recovery words', on: 'walletPages', path: '/#/words', did: 'unwritten', act: shown('words') },
  {
    name: 'wallet: recovery words, given back wrongly',
    on: 'walletPages',
    path: '/#/words',
    did: 'unwritten',
    act: async (page) => {
      await page.getByTestId('words-written').click();
      for (const field of await page.getByTestId('words-answer').all()) await field.fill('바다');
      await page.getByTestId('words-check').click();
      await page.getByTestId('wallet-refusal').waitFor();
    },
  },
  {
    name: 'wallet: recovery words, confirmed',
    on: 'walletPages',
    path: '/#/words',
    did: 'unwritten',
    act: async (page) => {
      await page.getByTestId('words').waitFor();
      const words = await page.getByTestId('words').locator('li').allTextContents();
      await page.getByTestId('words-written').click();
      for (const field of await page.getByTestId('words-answer').all()) {
        await field.fill(words[Number(await field.getAttribute('data-place')) - 1] ?? '');
      }
      await page.getByTestId('words-check').click();
      await page.getByTestId('words-done').waitFor();
    },
  },
  {
    name: 'wallet: recovering, a word wrong',
    on: 'walletPages',
    path: '/#/recover',
    did: 'written',
    act: async (page) => {
      await page.getByTestId('recover-words').fill('가격 가끔 가난 가능 가득 가르침 가뭄 가방 가상 가슴 가운데 나루터');
      await page.getByTestId('recover-submit').click();
      await page.getByTestId('wallet-refusal').waitFor();
    },
  },
  {
    name: 'wallet: recovered',
    on: 'walletPages',
    path: '/#/recover',
    act: async (page) => {
      await page.getByTestId('recover-words').fill(`${'abandon '.repeat(11)}about`);
      await page.getByTestId('recover-submit').click();
      await page.getByTestId('recovered').waitFor();
    },
  },
  {
    name: 'wallet: my DID, its record open',
    on: 'walletPages',
    path: '/#/did',
    did: 'written',
    act: async (page) => {
      await page.getByTestId('did-rotate').click();
      await page.getByTestId('did-rotated').waitFor();
      await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
      await page.getByTestId('anchor-status').waitFor();
    },
  },
  {
    name: 'wallet: my DID, something wrong',
    on: 'walletPages',
    path: '/#/did',
    did: 'warned',
    act: async (page) => {
      await page.getByTestId('did-warning').first().waitFor();
      await page.getByTestId('did-rotate').click();
      await page.getByTestId('wallet-refusal').waitFor();
    },
  },
  {
    name: 'wallet: an alarm on another page',
    on: 'walletPages',
    path: '/#/shared',
    did: 'warned',
    act: shown('did-alarm'),
  },
  { name: 'wallet: waiting for its epoch', on: 'walletPages', path: '/', did: 'waiting', act: shown('did-status') },
  { name: 'wallet: not checked', on: 'walletPages', path: '/', did: 'unchecked', act: shown('check-again') },
  {
    name: 'wallet: ending the DID',
    on: 'walletPages',
    path: '/#/did',
    did: 'written',
    act: async (page) => {
      await page.getByTestId('did-erase').click();
      await page.getByTestId('did-end-understood').check();
    },
  },
  { name: 'wallet: an ended DID', on: 'walletPages', path: '/#/did', did: 'deactivated', act: shown('did-ended') },
  { name: 'wallet: an erased DID', on: 'walletPages', path: '/#/did', did: 'erased', act: shown('did-ended') },
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
    name: 'wallet: an offer that waits',
    on: 'walletPages',
    path: '/#/offer?uri=x',
    act: async (page) => {
      await page.getByTestId('tx-code').fill('654321');
      await page.getByTestId('offer-accept').click();
      await page.getByTestId('offer-waits').waitFor();
    },
  },
  {
    name: 'wallet: what waits for approval',
    on: 'walletPages',
    path: '/#/offer?uri=x',
    act: async (page) => {
      await page.getByTestId('tx-code').fill('654321');
      await page.getByTestId('offer-accept').click();
      await page.getByTestId('to-credentials').click();
      await page.getByTestId('waiting-credential').first().waitFor();
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
      await page.getByTestId('did-status').waitFor();
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
