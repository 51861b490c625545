// The states of the pages about zones, completeness and the registry.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { listFault } from '../../src/metering/meters/list-faults.ts';
import { ok, refusal } from './mocked-service.ts';
import type { PageState } from './page-state.ts';

async function giveList(page: Page, list: string): Promise<void> {
  await page.getByTestId('registry-list').selectOption(list);
  await page
    .getByTestId('registry-file')
    .setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from('zone_id,zone_name\nz,Z\n') });
}

const faults = {
  problems: [
    { line: 2, column: 'zone_id', ...listFault('zone_unknown') },
    { line: 7, column: 'usage_class', ...listFault('not_one_of', { choices: 'domestic, general, bath, industrial' }) },
    { line: 9, column: null, ...listFault('cells', { cells: 3, heading: 4 }) },
  ],
};

export const zoneStates: PageState[] = [
  {
    name: 'zones: nested, with gaps',
    on: 'site',
    path: '/utility/#/zones',
    act: (page) => page.getByTestId('zone-row').nth(4).waitFor(),
  },
  {
    name: 'zones: none yet',
    on: 'site',
    path: '/utility/#/zones',
    answers: { 'GET /api/utility/zones': () => ok({ time_zone: 'Asia/Seoul', zones: [], next_cursor: null }) },
    act: (page) => page.locator('.empty').waitFor(),
  },
  {
    name: 'zone: a month of days, the table open',
    on: 'site',
    path: '/utility/#/zones/hw-1',
    act: async (page) => {
      await page.getByTestId('night-chart').locator('canvas').waitFor();
      await page.getByTestId('zone-place').first().waitFor();
      await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
    },
  },
  {
    name: 'zone: unknown',
    on: 'site',
    path: '/utility/#/zones/nowhere',
    answers: { 'GET /api/utility/zones/*': () => refusal(404, 'ZONE_UNKNOWN') },
    act: (page) => page.getByTestId('problem').waitFor(),
  },
  {
    name: 'completeness: a day chosen',
    on: 'site',
    path: '/utility/#/completeness',
    act: async (page) => {
      await page.getByTestId('heat-cell').nth(9).click();
      await page.getByTestId('incomplete-meter').first().waitFor();
    },
  },
  {
    name: 'completeness: nothing yet',
    on: 'site',
    path: '/utility/#/completeness',
    answers: { 'GET /api/utility/read-rates': () => ok({ rates: [], next_cursor: null }) },
    act: (page) => page.locator('.empty').waitFor(),
  },
  {
    name: 'registry: a list checked, and one that stopped half-way',
    on: 'site',
    path: '/utility/#/registry',
    answers: { 'POST /api/utility/registry/*': () => ok({ rows: 400, before: 0 }) },
    act: async (page) => {
      await giveList(page, 'zones');
      await page.getByTestId('registry-check').click();
      await page.getByTestId('registry-checked').waitFor();
      await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
      await page.getByTestId('registry-import').first().waitFor();
    },
  },
  {
    name: 'registry: a list with mistakes',
    on: 'site',
    path: '/utility/#/registry',
    answers: { 'POST /api/utility/registry/*': () => refusal(400, 'REGISTRY_LIST_INVALID', faults) },
    act: async (page) => {
      await giveList(page, 'places');
      await page.getByTestId('registry-read').click();
      await page.getByTestId('registry-faults').waitFor();
    },
  },
  {
    name: 'registry: the history of a place',
    on: 'site',
    path: '/utility/#/service-points/SP-000017',
    act: (page) => page.getByTestId('place-install').first().waitFor(),
  },
  {
    name: 'registry: an exception that the tariff in force does not have, and one entered',
    on: 'site',
    path: '/utility/#/service-points/SP-000017',
    answers: {
      'POST /api/utility/registry/places/*/exceptions': (_url, sent) => {
        const entered = { kind: 'count', name: 'persons', from: '2026-06-01', value: '5', reason: '전입 신고' };
        expect(JSON.parse(sent ?? '')).toEqual(entered);
        return ok({ is_news: true });
      },
    },
    act: async (page) => {
      await page.getByTestId('place-exception').last().waitFor();
      expect(await page.getByTestId('place-exception').last().textContent()).toContain('sewr');
      await page.getByTestId('exception-form').locator('summary').click();
      await page.getByTestId('exception-kind').selectOption('count');
      await page.getByTestId('exception-name').selectOption('persons');
      await page.getByTestId('exception-value').fill('5');
      await page.getByTestId('exception-from').fill('2026-06-01');
      await page.getByTestId('exception-reason').fill('전입 신고');
      await page.getByTestId('exception-enter').click();
      await page.getByTestId('exception-entered').waitFor();
    },
  },
];
