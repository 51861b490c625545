// The water bill credential: what was charged for which days, and the hash by which the bill's document is known again.
import { z } from 'zod';
import type { CredentialType } from '../credential-type.ts';

const NUMBER_characters = 80;
const sha256Hex = /^[0-9a-f]{64}$/;

export const waterBill: CredentialType = {
  id: 'water-bill',
  w3cName: 'WaterBillCredential',
  name: { ko: '수도 요금 고지서', en: 'Water bill' },
  description: {
    ko: '한 기간의 수도 요금 고지서입니다. 금액과 기간을 나중에도 증명할 수 있습니다.',
    en: 'A water bill. It proves amount and period later on.',
  },
  // Longer than anybody argues about a bill.
  validity_days: 7 * 365,
  // Made from a bill alone, in the portal of the person whose bill it is.
  offeredBy: [],
  claims: {
    bill_number: {
      label: { ko: '고지 번호', en: 'Number' },
      schema: z.string().min(1).max(NUMBER_characters),
      term: { iri: 'urn:naru:vocab:bill_number' },
    },
    used_from: {
      label: { ko: '사용 첫날', en: 'First day of use' },
      schema: z.iso.date(),
      term: { iri: 'urn:naru:vocab:used_from', type: 'xsd:date' },
    },
    used_to: {
      label: { ko: '사용 마지막 날', en: 'Last day of use' },
      schema: z.iso.date(),
      term: { iri: 'urn:naru:vocab:used_to', type: 'xsd:date' },
    },
    amount_won: {
      label: { ko: '내실 금액', en: 'To be paid' },
      schema: z.int().min(0),
      term: { iri: 'urn:naru:vocab:amount_won', type: 'xsd:integer' },
      unit: { ko: '원', en: ' won' },
    },
    document_sha256: {
      label: { ko: '고지서의 해시', en: 'Hash of the document' },
      schema: z.string().regex(sha256Hex),
      term: { iri: 'urn:naru:vocab:document_sha256' },
      use: {
        ko: '고지서 파일이 그대로인지 견주는 데 씁니다.',
        en: 'Tells whether a file is the bill as it was issued.',
      },
    },
  },
};
