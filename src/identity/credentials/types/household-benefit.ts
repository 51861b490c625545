// The household benefit credential: a household with several children, for reductions of water, parking and tolls.
import { z } from 'zod';
import type { CredentialType } from '../credential-type.ts';

const CHILDREN = { least: 2, most: 20 } as const;
const HIGHEST_TIER_children = 3;

export const householdBenefit: CredentialType = {
  id: 'household-benefit',
  w3cName: 'HouseholdBenefitCredential',
  name: { ko: '다자녀 가정 증명서', en: 'Household benefit' },
  description: {
    ko: '다자녀 가정임을 보이는 증명서입니다. 수도 요금, 주차, 통행료 감면에 씁니다.',
    en: 'Shows a household with several children, for reductions of water, parking and tolls.',
  },
  validity_days: 366,
  endsWith: 'valid_until',
  offeredBy: ['resident_clerk'],
  claims: {
    children: {
      label: { ko: '자녀 수', en: 'Number of children' },
      schema: z.int().min(CHILDREN.least).max(CHILDREN.most),
      term: { iri: 'urn:naru:vocab:children', type: 'xsd:integer' },
    },
    // Derived, so that a parking lot need not learn how many children there are.
    tier: {
      label: { ko: '감면 단계', en: 'Benefit tier' },
      schema: z.enum(['two_children', 'three_or_more_children']),
      term: { iri: 'urn:naru:vocab:tier' },
      values: {
        two_children: { ko: '두 자녀', en: 'Two children' },
        three_or_more_children: { ko: '세 자녀 이상', en: 'Three or more children' },
      },
      derive: ({ children }) => (Number(children) >= HIGHEST_TIER_children ? 'three_or_more_children' : 'two_children'),
    },
    valid_until: {
      label: { ko: '유효 기한', en: 'Valid until' },
      schema: z.iso.date(),
      term: { iri: 'urn:naru:vocab:valid_until', type: 'xsd:date' },
    },
  },
};
