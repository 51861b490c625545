// Every fault that a page can show is said in Korean and in English, with the same data in both.
import { describe, expect, test } from 'vitest';
import { billRunFaults, heldFaults } from '../../src/metering/billing/bill-run-faults.ts';
import { listFault, listFaults } from '../../src/metering/meters/list-faults.ts';
import { decisionFaults } from '../../src/metering/validation/decision-faults.ts';
import { type FaultCatalogue, faultText } from '../../src/platform/fault-texts.ts';

const catalogues: Record<string, FaultCatalogue> = {
  'a list': listFaults,
  'a bill run': billRunFaults,
  'a held place': heldFaults,
  'an edit or an estimate': decisionFaults,
};
const placesOf = (sentence: string): string[] => [...new Set(sentence.match(/\{\w+\}/g))].sort();

describe.each(Object.entries(catalogues))('the faults of %s', (_name, catalogue) => {
  test.each(Object.entries(catalogue))('%s has both languages, and the same data in both', (_code, { ko, en }) => {
    expect(ko).toMatch(/[가-힣]/);
    expect(en).toMatch(/[a-z]{2}/);
    expect(en).not.toMatch(/[가-힣]/);
    expect(placesOf(ko)).toEqual(placesOf(en));
  });
});

test('a fault is told by code, data and English sentence, and a page says it in either language', () => {
  const fault = listFault('not_between', { least: 4, most: 12 });
  expect(fault).toEqual({ code: 'not_between', data: { least: 4, most: 12 }, problem: 'is not between 4 and 12' });
  expect(faultText(listFaults, fault)).toEqual({ ko: '4부터 12까지의 수가 아닙니다.', en: 'is not between 4 and 12' });
});

test('a fault that the catalogue does not know is left to its own sentence', () => {
  expect(faultText(listFaults, { code: 'toString', data: {} })).toBeNull();
});
