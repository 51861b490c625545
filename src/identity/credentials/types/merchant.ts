// The merchant credential: a registered business, for the onboarding of markets.
import { z } from 'zod';
import type { CredentialType } from '../credential-type.ts';
import { hasBusinessCheckDigit } from '../registration-numbers.ts';

const NAME_characters = 100;

export const merchant: CredentialType = {
  id: 'merchant',
  w3cName: 'MerchantCredential',
  name: { ko: '사업자 증명서', en: 'Merchant' },
  description: {
    ko: '등록된 사업자임을 보이는 증명서입니다.',
    en: 'Shows a business that is registered with the tax office.',
  },
  validity_days: 366,
  offeredBy: ['business_clerk'],
  claims: {
    business_number: {
      label: { ko: '사업자등록번호', en: 'Business registration number' },
      schema: z
        .string()
        .regex(/^\d{3}-\d{2}-\d{5}$/)
        .refine(hasBusinessCheckDigit),
      term: { iri: 'urn:naru:vocab:business_number' },
      hint: {
        ko: '123-45-67890처럼 적습니다. 마지막 자리로 오타를 가려냅니다.',
        en: 'Written as 123-45-67890. Its last digit shows up a slip.',
      },
    },
    business_name: {
      label: { ko: '상호', en: 'Name of the business' },
      schema: z.string().min(1).max(NAME_characters),
      term: { iri: 'urn:naru:vocab:business_name' },
    },
  },
};
