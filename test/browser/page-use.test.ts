// What the pages do when they are used: the portal, the console and the wallet, each good case beside its bad one.
import { describe, expect, test } from 'vitest';
import { verifyDidLog } from '../../src/identity/dids/verify-did-log.ts';
import { ok, refusal } from './mocked-service.ts';
import { anchors, me, traceWith } from './page-answers.ts';
import { signedOut } from './page-states.ts';
import { executablePath, visiting } from './visiting.ts';

/** Of each private key in the wallet's store, whether a page could read it out. Runs in the page. */
const extractableKeys = `new Promise((answer, fail) => {
  const opening = indexedDB.open('naru-wallet');
  opening.onerror = fail;
  opening.onsuccess = () => {
    const asking = opening.result.transaction('keys').objectStore('keys').getAll();
    asking.onerror = fail;
    asking.onsuccess = () => answer(asking.result.map(({ privateKey }) => privateKey.extractable));
  };
})`;

describe.skipIf(executablePath === null)('the pages in use', () => {
  const { built, visit } = visiting();

  test('the portal works the proof out itself and says that it holds', async () => {
    const { page } = await visit();
    await page.goto(built().site.url);
    await page.getByTestId('proof-proven').waitFor();
    expect(await page.getByTestId('anchor-status').getAttribute('data-status')).toBe('final');
    expect(await page.getByTestId('anchor-transaction').textContent()).toBe(anchors.final.transaction);
  });

  test('a proof that leads to another root is called out', async () => {
    const { page } = await visit({
      answers: { 'GET /api/portal/me': () => ok({ ...me, trace: traceWith(anchors.forged) }) },
    });
    await page.goto(built().site.url);
    await page.getByTestId('proof-disproven').waitFor();
    expect(await page.getByTestId('proof-proven').count()).toBe(0);
  });

  test('an anchor that was not final becomes final on the open page', async () => {
    const { page } = await visit({
      answers: {
        'GET /api/portal/me': () => ok({ ...me, trace: traceWith(anchors.included) }),
        'GET /api/anchors/*': () => ok(anchors.final),
      },
    });
    await page.goto(built().site.url);
    await page.locator('[data-testid=anchor-status][data-status=final]').waitFor();
  });

  test('the chart is read with the arrow keys and says the same as its table', async () => {
    const { page } = await visit();
    await page.goto(built().site.url);
    await page.getByTestId('use-chart').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    const readout = (await page.locator('.use-readout').textContent()) ?? '';
    await page.locator('.use details summary').click();
    const row = page.locator('.use-table tbody tr').nth(-2);
    expect(readout).toBe(`${await row.locator('th').textContent()} · ${await row.locator('td').textContent()}`);
    expect(await page.locator('.use-table tbody tr').count()).toBe(48);
    await page.getByTestId('by-day').click();
    await page.locator('[data-testid=use-chart][data-intervals="30"]').waitFor();
  });

  test('signing in on this device goes to the wallet', async () => {
    const { page } = await visit({ answers: signedOut });
    await page.route('http://localhost:8081/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: 'wallet' }),
    );
    await page.goto(built().site.url);
    await page.getByTestId('sign-in-same-device').click();
    await page.waitForURL('http://localhost:8081/#/present?request=openid4vp*');
  });

  test('coming back from the wallet hands the code over once and takes it out of the address', async () => {
    const { page } = await visit({ answers: { 'POST /api/portal/sign-in/*/complete': () => ok({}) } });
    const completed = page.waitForRequest('**/api/portal/sign-in/req-1/complete');
    await page.goto(`${built().site.url}/?response_code=secret&request_id=req-1`);
    expect((await completed).postDataJSON()).toEqual({ response_code: 'secret' });
    await page.getByTestId('register').waitFor();
    expect(await page.getByTestId('register').getAttribute('data-value')).toBe('225.151');
    expect(page.url()).toBe(`${built().site.url}/`);
  });

  test('a revoked credential is refused with the reason and the failed step', async () => {
    const { page } = await visit({
      answers: {
        'POST /api/portal/sign-in/*/complete': () =>
          refusal(403, 'CREDENTIAL_REVOKED', { trace: traceWith(anchors.final, true) }),
      },
    });
    await page.goto(`${built().site.url}/?response_code=c&request_id=req-1`);
    expect(await page.getByTestId('refusal').textContent()).toContain('폐지했습니다');
    expect(await page.locator('[data-outcome=failed]').getAttribute('data-step')).toBe('status');
  });

  test('a credential revoked while the page is open closes it with the reason', async () => {
    let revoked = false;
    const { page } = await visit({
      answers: {
        'GET /api/portal/meter': () =>
          revoked ? refusal(403, 'CREDENTIAL_REVOKED') : ok({ ...unread, last_alarm: null }),
      },
    });
    const unread = {
      service_point: 'SP-1',
      address_zone: 'Z',
      meter: { serial: '1', model: null, bore_mm: null, format: 'wmbus' },
      last_reading: null,
    };
    await page.clock.install();
    await page.goto(built().site.url);
    await page.getByTestId('last-alarm').waitFor();
    revoked = true;
    await page.clock.runFor(16_000);
    await page.getByTestId('refusal').waitFor();
  });

  test('the page with the QR code goes on by itself once the wallet has answered', async () => {
    let verified = false;
    const { page } = await visit({
      answers: {
        'GET /api/portal/me': () =>
          verified ? ok({ ...me, trace: traceWith(anchors.final) }) : refusal(401, 'NOT_SIGNED_IN'),
        'GET /api/portal/sign-in/*': () => ok({ state: verified ? 'verified' : 'waiting' }),
        'POST /api/portal/sign-in/*/complete': () => ok({}),
      },
    });
    await page.goto(built().site.url);
    await page.getByTestId('sign-in-qr').click();
    await page.getByTestId('sign-in-qr-code').waitFor();
    verified = true;
    await page.getByTestId('register').waitFor();
  });

  test('the console takes the token out of the address before anything else', async () => {
    const { page } = await visit();
    const entered = page.waitForRequest('**/api/utility/sign-in');
    await page.goto(`${built().site.url}/utility/#enter=TOKEN`);
    expect((await entered).postDataJSON()).toEqual({ token: 'TOKEN' });
    await page.getByTestId('meter-row').first().waitFor();
    expect(page.url()).not.toContain('TOKEN');
  });

  test('the list of meters goes on where it ended, and starts over for another state', async () => {
    const { page } = await visit();
    await page.goto(`${built().site.url}/utility/`);
    await page.getByTestId('load-more').click();
    await page.getByTestId('meter-row').nth(56).waitFor();
    const asked = page.waitForRequest('**/api/utility/meters?*state=alarm*');
    await page.getByTestId('total-alarm').click();
    expect(new URL((await asked).url()).searchParams.has('cursor')).toBe(false);
  });

  test('an offer that ends before it begins is not sent', async () => {
    const { page } = await visit();
    await page.goto(`${built().site.url}/utility/#/service-points/SP-000017`);
    await page.getByTestId('make-offer').click();
    await page.getByTestId('offer-from').fill('2026-03-02');
    await page.getByTestId('offer-until').fill('2026-03-01');
    await page.getByTestId('offer-submit').click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByTestId('offer-tx-code').count()).toBe(0);
    await page.getByTestId('offer-until').fill('2026-03-03');
    const sent = page.waitForRequest('**/offers');
    await page.getByTestId('offer-submit').click();
    const claims = { role: 'owner', from: '2026-03-02', until: '2026-03-03' };
    expect((await sent).postDataJSON()).toEqual({ type: 'water-account', claims });
  });

  test('revoking asks first and sends the reason', async () => {
    const { page } = await visit();
    await page.goto(`${built().site.url}/utility/#/service-points/SP-000017`);
    await page.getByTestId('revoke').click();
    await page.getByTestId('revoke-reason').fill('전출');
    const sent = page.waitForRequest('**/revoke');
    await page.getByTestId('revoke-confirm').click();
    expect((await sent).postDataJSON()).toEqual({ reason: '전출' });
    await page.getByTestId('revoke-confirm').waitFor({ state: 'detached' });
  });

  test.each([
    ['openid-credential-offer://?credential_offer_uri=x', 'offer-accept'],
    ['http://localhost:8081/#/offer?uri=openid-credential-offer%3A%2F%2Fx', 'offer-accept'],
    ['openid4vp://?client_id=x&request_uri=y', 'consent-share'],
  ])('pasting %s leads to %s', async (pasted, testId) => {
    const { page } = await visit();
    await page.goto(built().walletPages.url);
    await page.getByTestId('paste-input').fill(pasted);
    await page.getByTestId('paste-continue').click();
    await page.getByTestId(testId).waitFor();
  });

  test('pasting anything else is explained', async () => {
    const { page } = await visit();
    await page.goto(built().walletPages.url);
    await page.getByTestId('paste-input').fill('안녕하세요');
    await page.getByTestId('paste-continue').click();
    expect(await page.getByRole('alert').textContent()).toContain('openid-credential-offer://');
  });

  test('refusing to share leaves everything in the wallet', async () => {
    const { page } = await visit();
    await page.goto(`${built().walletPages.url}/#/present?request=x`);
    await page.getByTestId('consent-refuse').click();
    await page.getByTestId('presentation-kept').waitFor();
  });

  test('starting anew makes keys that cannot be taken out and registers a DID that verifies, once', async () => {
    let registered = 0;
    const { page, complaints } = await visit({
      answers: {
        'GET /dids/configuration': () => ok({ domain: 'localhost%3A8080', path_prefix: 'dids' }),
        'POST /dids': () => {
          registered += 1;
          return ok({});
        },
      },
    });
    const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/dids'));
    await page.goto(built().wallet.url);
    expect(registered).toBe(0);
    await page.getByTestId('start-new').click();
    const shown = await page.getByTestId('wallet-did').textContent();
    expect((await verifyDidLog((await sent).postDataJSON())).did).toBe(shown);
    await page.reload();
    expect(await page.getByTestId('wallet-did').textContent()).toBe(shown);
    expect(registered).toBe(1);
    expect(await page.evaluate(extractableKeys)).toEqual([false, false]);
    expect(complaints).toEqual([]);
  });

  test('the wallet opens without a network', async () => {
    const { page, complaints } = await visit({ serviceWorkers: 'allow' });
    await page.goto(built().wallet.url);
    await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
    await page.context().setOffline(true);
    expect(await page.evaluate("fetch('/elsewhere').then(() => 'reached', () => 'away')")).toBe('away');
    await page.reload();
    await page.getByTestId('paste-input').waitFor();
    expect(await page.locator('h1').textContent()).toBe('내 증명서');
    expect(complaints).toEqual([]);
  });
});
