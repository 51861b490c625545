// The question in DCQL: what is optional may be missing, what has the wrong value does not answer, what was not asked is
// dropped.
import { expect, test } from 'vitest';
import { answersQuery, askedClaims, presentationQuery } from '../../../src/identity/presenting/presentation-query.ts';
import type { Wanted } from '../../../src/identity/presenting/presentation-request.ts';

const url = 'https://naru.example';
const account = {
  type: 'water-account',
  claims: [{ name: 'service_point' }, { name: 'role', optional: true }, { name: 'until', optional: true }],
};
const wanted: Wanted = { credentials: [account] };
const adult = { type: 'resident', claims: [{ name: 'age_over_19', values: [true] }] };

test('optional claims become claim sets, the fullest first [OID4VP 6.4.1]', () => {
  expect(presentationQuery(wanted, url).credentials[0]).toMatchObject({
    id: 'water_account',
    format: 'dc+sd-jwt',
    meta: { vct_values: [`${url}/vct/water-account`] },
    claim_sets: [
      ['service_point', 'role', 'until'],
      ['service_point', 'until'],
      ['service_point', 'role'],
      ['service_point'],
    ],
  });
});

test('a question with no optional claim needs no claim sets', () => {
  const plain = { credentials: [{ type: 'water-account', claims: [{ name: 'role' }] }] };
  expect(presentationQuery(plain, url).credentials[0]).not.toHaveProperty('claim_sets');
});

test.each([
  ['everything', { service_point: 'a', role: 'owner', until: '2030-01-01' }, true],
  ['what is required', { service_point: 'a' }, true],
  ['nothing that is required', { role: 'owner', until: '2030-01-01' }, false],
  ['nothing', {}, false],
])('an answer with %s', (_what, claims, answers) => {
  expect(answersQuery(wanted, url, { water_account: [claims] })).toBe(answers);
});

test.each([
  ['the value asked for answers', { age_over_19: true }, true],
  ['another value does not', { age_over_19: false }, false],
])('%s [OID4VP 6.3]', (_what, claims, answers) => {
  expect(answersQuery({ credentials: [adult] }, url, { resident: [claims] })).toBe(answers);
});

test.each([
  ['the first of two alternatives', { water_account: [{ service_point: 'a' }] }, true],
  ['the second', { resident: [{ age_over_19: true }] }, true],
  ['both', { water_account: [{ service_point: 'a' }], resident: [{ age_over_19: true }] }, true],
  ['neither', {}, false],
  ['the second with a wrong value', { resident: [{ age_over_19: false }] }, false],
])('of a set of alternatives, %s [OID4VP 6.2, 6.4.2]', (_what, disclosed, answers) => {
  const either: Wanted = {
    credentials: [account, adult],
    sets: [{ options: [['water_account'], ['resident']] }],
  };
  expect(answersQuery(either, url, disclosed as Record<string, Record<string, unknown>[]>)).toBe(answers);
});

test('with no sets, every credential must answer [OID4VP 6.4.2]', () => {
  const both: Wanted = { credentials: [account, adult] };
  const answer = { water_account: [{ service_point: 'a' }], resident: [{ age_over_19: true }] };
  expect(answersQuery(both, url, answer)).toBe(true);
  expect(answersQuery(both, url, { water_account: answer.water_account })).toBe(false);
});

test('several credentials answer one question where it says so, and each must fit [OID4VP 6.1]', () => {
  const several: Wanted = { credentials: [{ ...account, multiple: true }] };
  expect(presentationQuery(several, url).credentials[0].multiple).toBe(true);
  const [first, second] = [{ service_point: 'a' }, { service_point: 'b' }];
  expect(answersQuery(several, url, { water_account: [first, second] })).toBe(true);
  expect(answersQuery(several, url, { water_account: [first, {}] })).toBe(false);
});

test('claims that were not asked for are dropped', () => {
  expect(askedClaims({ service_point: 'a', usage_class: 'bath' }, account)).toEqual({ service_point: 'a' });
});

test('more optional claims than make sense are refused', () => {
  const claims = ['service_point', 'usage_class', 'role', 'from'].map((name) => ({ name, optional: true }));
  expect(() => presentationQuery({ credentials: [{ type: 'water-account', claims }] }, url)).toThrow('REQUEST_INVALID');
});
