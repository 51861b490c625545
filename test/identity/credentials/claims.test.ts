// What is taken for a credential and what it then says: claims checked, refused and worked out.
import { describe, expect, test } from 'vitest';
import { checkClaims, claimFaults, claimsAtIssue, expiry_s } from '../../../src/identity/credentials/claims.ts';
import { credentialType } from '../../../src/identity/credentials/credential-types.ts';
import { hasBusinessCheckDigit, holdsResidentNumber } from '../../../src/identity/credentials/registration-numbers.ts';

const now_ms = Date.parse('2026-03-14T15:30:00Z');
const waterAccount = credentialType('water-account');
const account = { service_point: 'SP-1', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
const residentType = credentialType('resident');
const person = { family_name: '김', given_name: '나루', birth_date: '2007-03-15', address_district: '부산 해운대구' };
const staff = { duty: 'water_clerk', zones: ['haeundae'], until: '2026-12-31' };

test('claims are taken where they fit their type', () => {
  expect(checkClaims(waterAccount, account, now_ms)).toEqual(account);
  expect(checkClaims(waterAccount, { ...account, until: '2026-12-31' }, now_ms)).toHaveProperty('until');
});

test.each([
  ['one is missing', waterAccount, { ...account, role: undefined }, 'role', 'missing'],
  ['one is not of its kind', waterAccount, { ...account, from: '2026-02-30' }, 'from', 'wrong_form'],
  ['one is not of the type', waterAccount, { ...account, name: 'Kim' }, null, 'unknown'],
  ['one is of the object itself', waterAccount, { ...account, constructor: 'x' }, null, 'unknown'],
  ['they are none at all', waterAccount, null, 'service_point', 'missing'],
  ['one is typed in that is worked out', residentType, { ...person, age_over_19: true }, 'age_over_19', 'derived'],
  ['the birth date is no day', residentType, { ...person, birth_date: '070315' }, 'birth_date', 'wrong_form'],
  [
    'the last day has passed',
    credentialType('utility-staff'),
    { ...staff, until: '2026-03-14' },
    'until',
    'in_the_past',
  ],
  ['a duty does not exist', credentialType('utility-staff'), { ...staff, duty: 'king' }, 'duty', 'wrong_form'],
])('claims are refused where %s, and no value is repeated', (_what, type, claims, claim, fault) => {
  const [first] = claimFaults(type, claims, now_ms);
  expect(first).toMatchObject({ claim, fault });
  expect(() => checkClaims(type, claims, now_ms)).toThrowError(/^CLAIMS_INVALID: Claims of/);
  expect(JSON.stringify(claimFaults(type, claims, now_ms))).not.toMatch(/2026-02-30|Kim|070315|king/);
});

describe('what is worked out at issue', () => {
  const said = (at: string) => claimsAtIssue(residentType, person, Date.parse(at));

  test('an age changes at midnight in Seoul, not elsewhere', () => {
    expect(said('2026-03-14T14:59:59Z')).toMatchObject({ age_over_19: false, age_over_18: true });
    expect(said('2026-03-14T15:00:00Z')).toMatchObject({ age_over_19: true, age_over_14: true, age_over_65: false });
  });

  test('the protection of youth ends with the year before, not with the birthday', () => {
    expect(said('2025-12-31T14:59:59Z')).toMatchObject({ youth_protection_adult: false });
    expect(said('2025-12-31T15:00:00Z')).toMatchObject({ youth_protection_adult: true, age_over_19: false });
  });

  test.each([
    [2, 'two_children'],
    [3, 'three_or_more_children'],
    [7, 'three_or_more_children'],
  ])('a household with %i children has the tier %s', (children, tier) => {
    const given = { children, valid_until: '2026-12-31' };
    expect(claimsAtIssue(credentialType('household-benefit'), given, now_ms)).toEqual({ ...given, tier });
  });
});

test('a credential ends with the day it names, or with the validity of its type where that comes first', () => {
  const issuedAt_s = now_ms / 1_000;
  const type = credentialType('utility-staff');
  expect(expiry_s(type, staff, issuedAt_s)).toBe(Date.parse('2026-12-31T15:00:00Z') / 1_000);
  expect(expiry_s(type, { ...staff, until: '2031-01-01' }, issuedAt_s)).toBe(issuedAt_s + 366 * 86_400);
  expect(expiry_s(waterAccount, { ...account, until: '2026-04-01' }, issuedAt_s)).toBe(issuedAt_s + 730 * 86_400);
});

describe('a resident registration number', () => {
  test.each([
    '900517-1234567',
    '9005171234567',
    '900517 1234567',
    '900517–1234567',
    '９００５１７－１２３４５６７',
    '김나루(000229-4123456)',
    '850101-5678901',
  ])('is recognised and refused in any claim: %s', (number) => {
    expect(holdsResidentNumber(number)).toBe(true);
    const fault = claimFaults(residentType, { ...person, address_district: number }, now_ms);
    expect(fault).toMatchObject([{ claim: 'address_district', fault: 'resident_number' }]);
    expect(JSON.stringify(fault)).not.toContain(number);
  });

  test('is recognised within a list', () => {
    const zones = ['haeundae', '900517-1234567'];
    expect(claimFaults(credentialType('utility-staff'), { ...staff, zones }, now_ms)).toMatchObject([
      { claim: 'zones', fault: 'resident_number' },
    ]);
  });

  test.each([
    '124-81-00998',
    'SP-000123',
    '010-1234-5678',
    '901317-1234567',
    '900532-1234567',
    '12900517-12345678',
    '2026-03-01',
  ])('is not seen where there is none: %s', (text) => {
    expect(holdsResidentNumber(text)).toBe(false);
  });
});

describe('the check digit of a business registration number', () => {
  // Numbers that the companies print on their own pages.
  test.each(['124-81-00998', '220-81-62517', '120-81-47521'])('is right in %s', (number) => {
    expect(hasBusinessCheckDigit(number)).toBe(true);
    const claims = { business_number: number, business_name: '나루상회' };
    expect(checkClaims(credentialType('merchant'), claims, now_ms)).toEqual(claims);
  });

  test('is wrong in every number but one of ten, and where two neighbours are exchanged', () => {
    const right = Array.from({ length: 10 }, (_unused, last) => hasBusinessCheckDigit(`124-81-0099${last}`));
    expect(right.filter(Boolean)).toHaveLength(1);
    expect(hasBusinessCheckDigit('124-81-09098')).toBe(false);
    const claims = { business_number: '124-81-00999', business_name: '나루상회' };
    expect(claimFaults(credentialType('merchant'), claims, now_ms)).toMatchObject([{ claim: 'business_number' }]);
  });
});
