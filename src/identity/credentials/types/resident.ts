// The resident credential: who lives in the city, with named predicates so that an age need not be a birth date.
import { z } from 'zod';
import { hasCompletedYears, isAdultForYouthProtection } from '../calendar-age.ts';
import type { ClaimDescription, CredentialType } from '../credential-type.ts';

const NAME_characters = 100;
const EARLIEST_BIRTH = '1890-01-01';

function completedYears(years: number): ClaimDescription {
  return {
    label: { ko: `만 ${years}세 이상`, en: `Aged ${years} or over` },
    schema: z.boolean(),
    term: { iri: `urn:naru:vocab:age_over_${years}`, type: 'xsd:boolean' },
    use: { ko: '생일을 알리지 않고 나이 조건만 확인합니다.', en: 'Checks the age without telling the birthday.' },
    derive: ({ birth_date }, today) => hasCompletedYears(String(birth_date), years, today),
  };
}

export const resident: CredentialType = {
  id: 'resident',
  w3cName: 'ResidentCredential',
  name: { ko: '주민증', en: 'Resident credential' },
  description: {
    ko: '시에 사는 사람임을 보이는 증명서입니다. 주민등록번호는 담지 않습니다.',
    en: 'Shows that its holder lives in the city. It holds no resident registration number.',
  },
  validity_days: 730,
  offeredBy: ['resident_clerk'],
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
      schema: z.iso.date().refine((day) => day >= EARLIEST_BIRTH),
      term: { iri: 'urn:naru:vocab:birth_date', type: 'xsd:date' },
      hint: {
        ko: '나이 조건은 이 날짜에서 계산됩니다.',
        en: 'What the credential says of an age is worked out from this day.',
      },
      use: {
        ko: '생일 전체를 알리게 됩니다. 꼭 필요한지 살펴 주세요.',
        en: 'This tells your whole birthday. See whether it is needed.',
      },
    },
    address_district: {
      label: { ko: '사는 구·동', en: 'District of residence' },
      schema: z.string().min(1).max(NAME_characters),
      term: { iri: 'urn:naru:vocab:address_district' },
    },
    // Consent to the use of personal data is a guardian's below 14. Source: Personal Information Protection Act, article 22-2.
    age_over_14: completedYears(14),
    // The age of voting and of a driving licence. Source: Public Official Election Act, article 15; Road Traffic Act, article 82.
    age_over_18: completedYears(18),
    // The age of majority. Source: Civil Act, article 4.
    age_over_19: completedYears(19),
    // The age of the reductions for the old. Source: Welfare of Senior Citizens Act, article 26.
    age_over_65: completedYears(65),
    youth_protection_adult: {
      label: { ko: '청소년보호법상 성인', en: 'Adult under the Youth Protection Act' },
      schema: z.boolean(),
      term: { iri: 'urn:naru:vocab:youth_protection_adult', type: 'xsd:boolean' },
      derive: ({ birth_date }, today) => isAdultForYouthProtection(String(birth_date), today),
    },
  },
};
