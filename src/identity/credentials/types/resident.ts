// The resident credential: who lives in the city, with named predicates so that an age need not be a birth date.
import { z } from 'zod';
import type { CredentialType } from '../credential-type.ts';

const NAME_characters = 100;

export const resident: CredentialType = {
  id: 'resident',
  w3cName: 'ResidentCredential',
  name: { ko: '주민증', en: 'Resident credential' },
  description: {
    ko: '시에 사는 사람임을 보이는 증명서입니다. 주민등록번호는 담지 않습니다.',
    en: 'Shows that its holder lives in the city. It holds no resident registration number.',
  },
  validity_days: 730,
  claims: {
    family_name: {
      label: { ko: '성', en: 'Family name' },
      schema: z.string().min(1).max(NAME_characters),
      term: { iri: 'urn:naru:vocab:family_name' },
    },
    given_name: {
      label: { ko: '이름', en: 'Given name' },
      schema: z.string().min(1).max(NAME_characters),
      term: { iri: 'urn:naru:vocab:given_name' },
    },
    birth_date: {
      label: { ko: '생년월일', en: 'Date of birth' },
      schema: z.iso.date(),
      term: { iri: 'urn:naru:vocab:birth_date', type: 'xsd:date' },
    },
    address_district: {
      label: { ko: '사는 구·동', en: 'District of residence' },
      schema: z.string().min(1).max(NAME_characters),
      term: { iri: 'urn:naru:vocab:address_district' },
    },
    age_over_19: {
      label: { ko: '만 19세 이상', en: 'Aged 19 or over' },
      schema: z.boolean(),
      term: { iri: 'urn:naru:vocab:age_over_19', type: 'xsd:boolean' },
    },
    // The calendar year of turning 19 counts, which is not the same as being 19. Source: Youth Protection Act, article 2.
    youth_protection_adult: {
      label: { ko: '청소년보호법상 성인', en: 'Adult under the Youth Protection Act' },
      schema: z.boolean(),
      term: { iri: 'urn:naru:vocab:youth_protection_adult', type: 'xsd:boolean' },
    },
  },
};
