// Every rule that a page names has its name in Korean and in English, and so has each reason of a rule that estimates.
import { describe, expect, test } from 'vitest';
import { estimateMethods } from '../../../src/metering/readings/estimate-method.ts';
import { estimateRules } from '../../../src/metering/validation/estimate-rules.ts';
import { validationRules } from '../../../src/metering/validation/validation-rules.ts';
import { ruleName, ruleNames, word } from '../../../web/utility/findings.ts';

const bothLanguages = { ko: expect.stringMatching(/[가-힣]/), en: expect.stringMatching(/^[ -~]+$/) };

describe('the names of rules', () => {
  test('the pages know the rules that there are, and no other', () => {
    expect([...ruleNames].sort()).toEqual(validationRules.map(({ name }) => name).sort());
  });

  test.each(validationRules.map(({ name }) => name))('%s has a name in both languages', (name) => {
    expect(ruleName(name)).toEqual(bothLanguages);
  });

  test.each(Object.entries(estimateRules))('%s, which estimates, has its name and its reasons', (_rule, told) => {
    expect(told.name).toEqual(bothLanguages);
    for (const method of estimateMethods) expect(told.reasons[method]).toEqual(bothLanguages);
  });

  test.each(estimateMethods)('the way to estimate called %s has a name', (method) => {
    expect(word(method)).toEqual(bothLanguages);
  });
});
