// The states of the portal's pages about bills and reductions.
import type { Page } from 'playwright-core';
import { comparison, myBill, reductions } from './bill-answers.ts';
import { ok, refusal } from './mocked-service.ts';
import type { PageState } from './page-state.ts';

const shown =
  (testId: string) =>
  (page: Page): Promise<void> =>
    page.getByTestId(testId).first().waitFor();

export const billStates: PageState[] = [
  {
    name: 'bills: all, and reductions offered, one being proved',
    on: 'site',
    path: '/#/bills',
    act: async (page) => {
      await page.getByTestId('bill-in-list').first().waitFor();
      await page.getByTestId('forget-me').click();
      await page.getByTestId('reduction-prove').click();
      await page.getByTestId('sign-in-qr').click();
      await page.getByTestId('sign-in-qr-code').waitFor();
    },
  },
  {
    name: 'bills: a reduction that counts, its status unknown just now',
    on: 'site',
    path: '/#/bills',
    answers: { 'GET /api/portal/reductions': () => ok({ reductions: reductions.counting }) },
    act: shown('reduction-end'),
  },
  {
    name: 'bills: none yet, and a reduction that ended',
    on: 'site',
    path: '/#/bills',
    answers: {
      'GET /api/portal/bills': () => ok({ bills: [] }),
      'GET /api/portal/reductions': () => ok({ reductions: reductions.ended }),
    },
    act: shown('reduction-prove'),
  },
  {
    name: 'bills: a proof that was refused',
    on: 'site',
    path: '/?reduction=household-benefit&request_id=req-1&response_code=c',
    answers: {
      'POST /api/portal/reductions/*/proof/*/complete': () => refusal(409, 'REDUCTION_USED_ELSEWHERE'),
    },
    act: shown('problem'),
  },
  {
    name: 'bills: one with everything on it, offered to the wallet',
    on: 'site',
    path: '/#/bills/42',
    act: async (page) => {
      await page.getByTestId('bill-offer').click();
      await page.getByTestId('bill-offer-qr').waitFor();
    },
  },
  {
    name: 'bills: one that is in the wallet',
    on: 'site',
    path: '/#/bills/42',
    answers: { 'GET /api/portal/bills/*': () => ok({ ...myBill, in_wallet: true }) },
    act: shown('bill-in-wallet'),
  },
  {
    name: "bills: another's",
    on: 'site',
    path: '/#/bills/43',
    answers: { 'GET /api/portal/bills/*': () => refusal(404, 'NOT_FOUND') },
    act: shown('problem'),
  },
  {
    name: 'bills: too few homes alike',
    on: 'site',
    path: '/',
    answers: { 'GET /api/portal/comparison': () => ok({ ...comparison, alike: null }) },
    act: shown('comparison'),
  },
];
