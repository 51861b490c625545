// The question in DCQL: what is optional may be missing, what was not asked is dropped.
import { expect, test } from 'vitest';
import { waterAccount } from '../../../src/identity/credentials/types/water-account.ts';
import { answersQuery, askedClaims, presentationQuery } from '../../../src/identity/presenting/presentation-query.ts';

const url = 'https://naru.example';
const wanted = [{ name: 'service_point' }, { name: 'role', optional: true }, { name: 'until', optional: true }];
const query = presentationQuery(waterAccount, url, wanted);

test('optional claims become claim sets, the fullest first [OID4VP 6.4.1]', () => {
  expect(query.credentials[0]).toMatchObject({
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
  expect(presentationQuery(waterAccount, url, [{ name: 'role' }]).credentials[0]).not.toHaveProperty('claim_sets');
});

test.each([
  ['everything', { service_point: 'a', role: 'owner', until: '2030-01-01' }, true],
  ['what is required', { service_point: 'a' }, true],
  ['nothing that is required', { role: 'owner', until: '2030-01-01' }, false],
  ['nothing', {}, false],
])('an answer with %s', (_what, claims, answers) => {
  expect(answersQuery(query, waterAccount, url, claims)).toBe(answers);
});

test('claims that were not asked for are dropped', () => {
  expect(askedClaims({ service_point: 'a', usage_class: 'bath' }, wanted)).toEqual({ service_point: 'a' });
});

test('more optional claims than make sense are refused', () => {
  const claims = ['service_point', 'usage_class', 'role', 'from'].map((name) => ({ name, optional: true }));
  expect(() => presentationQuery(waterAccount, url, claims)).toThrow('REQUEST_INVALID');
});
