// The states of the console's pages of bill runs and bills.
import { expect } from 'vitest';
import { billRunFaults } from '../../src/metering/billing/bill-run-faults.ts';
import { faultsIn } from '../../src/platform/fault-texts.ts';
import { billDocumentShown } from './billing-answers.ts';
import { ok, refusal } from './mocked-service.ts';
import type { PageState } from './page-state.ts';

const { problem: _english, ...notPassed } = faultsIn(billRunFaults)('not_passed', {
  ...{ day: '2026-06-30', today: '2026-06-20' },
});

export const billingStates: PageState[] = [
  {
    name: 'billing: runs, and one started',
    on: 'site',
    path: '/utility/#/bill-runs',
    act: async (page) => {
      await page.getByTestId('bill-run-row').first().waitFor();
      await page.getByTestId('run-tariff').selectOption('gimhae-current');
      for (const [name, day] of [
        ['use_from', '2026-03-01'],
        ['use_until', '2026-04-01'],
        ['billed_on', '2026-04-10'],
      ]) {
        await page.getByTestId(`run-${name}`).fill(day ?? '');
      }
      await page.getByTestId('run-start').click();
      await page.getByTestId('run-started').waitFor();
    },
  },
  {
    name: 'billing: a run that is refused',
    on: 'site',
    path: '/utility/#/bill-runs',
    answers: {
      'GET /api/utility/bill-runs': () => ok({ runs: [], next_cursor: null }),
      'POST /api/utility/bill-runs': () => refusal(400, 'BILL_RUN_INVALID', { fault: notPassed }),
    },
    act: async (page) => {
      await page.getByTestId('run-tariff').selectOption('busan');
      for (const name of ['use_from', 'use_until', 'billed_on'])
        await page.getByTestId(`run-${name}`).fill('2026-07-01');
      await page.getByTestId('run-start').click();
      await page.getByTestId('run-problem').waitFor();
      expect(await page.getByTestId('run-problem').textContent()).toContain('2026-06-30');
    },
  },
  {
    name: 'billing: a run with what it held',
    on: 'site',
    path: '/utility/#/bill-runs/7',
    act: async (page) => {
      await page.getByTestId('bill-held').last().waitFor();
      await page.getByTestId('bill-row').last().waitFor();
      expect(await page.getByTestId('bill-held').count()).toBe(4);
    },
  },
  {
    name: 'billing: a bill with everything open',
    on: 'site',
    path: '/utility/#/bills/8121',
    act: async (page) => {
      await page.getByTestId('bill-version').last().waitFor();
      await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
      const payable = billDocumentShown.payable_won.toLocaleString('en-US');
      expect(await page.getByTestId('bill-payable').textContent()).toContain(payable);
      expect(await page.getByTestId('bill-component').first().textContent()).toContain('water-domestic');
      expect(await page.getByTestId('bill-exceptions').textContent()).toMatch(/Sewer|하수도/);
    },
  },
];
