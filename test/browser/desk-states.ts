// The states of the issuing desk's pages: staff sign-in, offers, reissue, imports and the audit.
import type { Page } from 'playwright-core';
import { ok, refusal } from './mocked-service.ts';
import { importFaults } from './page-answers.ts';
import type { PageState } from './page-state.ts';

async function choose(page: Page, type: string): Promise<void> {
  await page.getByTestId('offer-type').selectOption(type);
}

async function giveRegister(page: Page): Promise<void> {
  await page
    .getByTestId('import-file')
    .setInputFiles({ name: 'register.csv', mimeType: 'text/csv', buffer: Buffer.from('key\nR-1\n') });
}

export const deskStates: PageState[] = [
  {
    name: 'desk: staff sign-in by QR code',
    on: 'site',
    path: '/utility/',
    answers: { 'GET /api/utility/me': () => refusal(401, 'NOT_SIGNED_IN') },
    act: async (page) => {
      await page.getByTestId('sign-in-qr').click();
      await page.getByTestId('sign-in-qr-code').waitFor();
    },
  },
  {
    name: 'desk: what waits and what was issued',
    on: 'site',
    path: '/utility/#/desk',
    act: async (page) => {
      await page.getByTestId('desk-offer').first().waitFor();
      await page.getByTestId('desk-credential').first().waitFor();
    },
  },
  {
    name: 'desk: a form, filled in wrongly',
    on: 'site',
    path: '/utility/#/desk',
    answers: {
      'POST /api/utility/desk/offers': () =>
        refusal(400, 'CLAIMS_INVALID', {
          claims: importFaults.slice(0, 2).map(({ column, fault, message }) => ({ claim: column, fault, message })),
        }),
    },
    act: async (page) => {
      await choose(page, 'resident');
      await page.getByTestId('claim-family_name').fill('김');
      await page.getByTestId('claims-submit').click();
      await page.locator('.field-wrong').first().waitFor();
    },
  },
  {
    name: 'desk: an offer made',
    on: 'site',
    path: '/utility/#/desk',
    act: async (page) => {
      await choose(page, 'utility-staff');
      await page.getByTestId('claim-duty').selectOption('water_clerk');
      await page.getByTestId('claims-submit').click();
      await page.getByTestId('offer-tx-code').waitFor();
    },
  },
  {
    name: 'desk: a lost phone',
    on: 'site',
    path: '/utility/#/desk',
    act: async (page) => {
      await page.getByTestId('reissue').first().click();
      await page.getByTestId('reissue-form').waitFor();
    },
  },
  {
    name: 'desk: an approval by who made the offer',
    on: 'site',
    path: '/utility/#/desk',
    answers: { 'POST /api/utility/desk/approvals/*/approve': () => refusal(403, 'SECOND_PERSON_NEEDED') },
    act: async (page) => {
      await choose(page, 'household-benefit');
      await page.getByTestId('offer-needs-approval').check();
      await page.getByTestId('approve-offer').click();
      await page.locator('main .notice').waitFor();
    },
  },
  {
    name: 'desk: about to suspend',
    on: 'site',
    path: '/utility/#/desk',
    act: async (page) => {
      await page.getByTestId('desk-suspend').click();
      await page.getByTestId('suspend-reason').waitFor();
    },
  },
  {
    name: 'desk: a resumption that came too late',
    on: 'site',
    path: '/utility/#/desk',
    answers: { 'POST /api/utility/credentials/*/resume': () => refusal(409, 'CREDENTIAL_STATUS_FINAL') },
    act: async (page) => {
      await page.getByTestId('desk-resume').click();
      await page.getByTestId('resume-confirm').click();
      await page.locator('dialog .notice').waitFor();
    },
  },
  {
    name: 'desk: a duty that issues nothing',
    on: 'site',
    path: '/utility/#/desk',
    answers: { 'GET /api/utility/desk/types': () => ok({ types: [] }) },
    act: (page) => page.locator('.empty').waitFor(),
  },
  {
    name: 'imports: a register with faults',
    on: 'site',
    path: '/utility/#/imports',
    answers: { 'POST /api/utility/imports/check': () => refusal(400, 'IMPORT_INVALID', { faults: importFaults }) },
    act: async (page) => {
      await giveRegister(page);
      await page.getByTestId('import-check').click();
      await page.getByTestId('import-faults').waitFor();
    },
  },
  {
    name: 'imports: checked, and one about to be cancelled',
    on: 'site',
    path: '/utility/#/imports',
    answers: { 'POST /api/utility/imports/check': () => ok({ rows: 250, known: 10 }) },
    act: async (page) => {
      await giveRegister(page);
      await page.getByTestId('import-check').click();
      await page.getByTestId('import-checked').waitFor();
      await page.getByTestId('import-cancel').first().click();
      await page.getByTestId('import-cancel-confirm').waitFor();
    },
  },
  {
    name: 'audit: entries',
    on: 'site',
    path: '/utility/#/audit',
    act: (page) => page.getByTestId('audit-row').first().waitFor(),
  },
];
