// "Check this bill" in a real browser, over the proof of a real bill on a real chain: whole, and with one byte of the database
// changed.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { BillProof } from '../../src/metering/proofs/bill-proof.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { provenBill } from '../support/proven-bill.ts';
import { testDatabase } from '../support/test-database.ts';
import { ok, refusal } from './mocked-service.ts';
import { executablePath, visiting } from './visiting.ts';

const pictures = join(packageRoot, 'test-results');

describe.skipIf(executablePath === null)('the check of a bill on its page', async () => {
  const { pool } = await testDatabase();
  const house = await provenBill(pool);
  const { built, visit } = visiting();

  async function checked(proof: BillProof): Promise<{ page: Page; complaints: string[] }> {
    const bill = { document: JSON.parse(proof.bill.document), document_sha256: 'ab'.repeat(32), in_wallet: false };
    const { page, complaints } = await visit({
      answers: { 'GET /api/portal/bills/7/proof': () => ok(proof), 'GET /api/portal/bills/*': () => ok(bill) },
    });
    await page.goto(`${built().site.url}#/bills/7`);
    await page.getByTestId('check-bill').click();
    return { page, complaints };
  }

  async function picture(page: Page, name: string): Promise<void> {
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, animations: 'disabled' });
  }

  const states = (page: Page) =>
    page.locator('.proof-steps > li').evaluateAll((steps) => steps.map((step) => step.getAttribute('data-passed')));

  test('works all of it out and says that it holds, up to what the reader compares on the chain', async () => {
    const proof = await house.proven();
    const { page, complaints } = await checked(proof);
    await page.getByTestId('bill-proven').waitFor();
    expect(await states(page)).toEqual([...Array(7).fill('true'), 'null']);
    await picture(page, 'bill-check');
    await page.locator('[data-testid=proof-step-chain] summary').click();
    expect(await page.getByTestId('proof-transaction').first().textContent()).toBe(proof.epochs[0]?.transaction);
    await page.locator('[data-testid=proof-step-bytes] summary').click();
    await picture(page, 'bill-check-open');
    expect(complaints).toEqual([]);
  }, 120_000);

  test('says which reading it breaks at where one byte of the database is another', async () => {
    await house.proven();
    const reading = `meter_id = (SELECT meter_id FROM metering.meter WHERE serial = '21')
      AND measured_at = '2026-03-04T10:17:00+09:00'`;
    await pool.query(`UPDATE metering.reading SET register_l = register_l + 1 WHERE ${reading}`);
    const { page } = await checked(await house.prove());
    await page.getByTestId('bill-broken').waitFor();
    expect(await page.getByTestId('proof-step-readings').textContent()).toContain('2026-03-04 10:17:00의 검침값');
    expect(await page.getByTestId('proof-step-bytes').textContent()).toContain('계량기가 보낸 바이트에는');
    await picture(page, 'bill-check-broken');
    await pool.query(`UPDATE metering.reading SET register_l = register_l - 1 WHERE ${reading}`);
  }, 120_000);

  test('says that the bill on the page is not the one that is proven, where the two differ', async () => {
    const proof = await house.proven();
    const { page } = await visit({ answers: { 'GET /api/portal/bills/42/proof': () => ok(proof) } });
    await page.goto(`${built().site.url}#/bills/42`);
    await page.getByTestId('check-bill').click();
    await page.getByTestId('bill-broken').waitFor();
    expect(await page.getByTestId('proof-step-document').textContent()).toContain('화면의 고지서가');
  }, 120_000);

  test('says that a proof is not on the chain yet, and that it can be asked for again', async () => {
    const { page } = await visit({
      answers: { 'GET /api/portal/bills/42/proof': () => refusal(409, 'PROOF_PENDING') },
    });
    await page.goto(`${built().site.url}#/bills/42`);
    await page.getByTestId('check-bill').click();
    await page.getByText('아직 체인에 오르지 않았습니다').waitFor();
    await picture(page, 'bill-check-pending');
    expect(await page.getByTestId('bill-proven').count()).toBe(0);
  });
});
