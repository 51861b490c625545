// The water account credential: whose meter it is, as owner or occupant, and from when until when.
import { z } from 'zod';
import type { CredentialType } from '../credential-type.ts';

const SERVICE_POINT_characters = 64;

export const waterAccount: CredentialType = {
  id: 'water-account',
  w3cName: 'WaterAccountCredential',
  name: { ko: '수도 계정', en: 'Water account' },
  description: {
    ko: '수도 계량기를 볼 수 있는 사람임을 보이는 증명서입니다.',
    en: 'Shows that its holder may see a water meter, its use and its bills.',
  },
  validity_days: 730,
  claims: {
    service_point: {
      label: { ko: '수용가 번호', en: 'Service point' },
      schema: z.string().min(1).max(SERVICE_POINT_characters),
      term: { iri: 'urn:naru:vocab:service_point' },
    },
    usage_class: {
      label: { ko: '업종', en: 'Usage class' },
      schema: z.enum(['domestic', 'general', 'bath', 'industrial']),
      term: { iri: 'urn:naru:vocab:usage_class' },
    },
    role: {
      label: { ko: '자격', en: 'Role' },
      schema: z.enum(['owner', 'occupant']),
      term: { iri: 'urn:naru:vocab:role' },
    },
    from: {
      label: { ko: '시작일', en: 'From' },
      schema: z.iso.date(),
      term: { iri: 'urn:naru:vocab:from', type: 'xsd:date' },
    },
    until: {
      label: { ko: '종료일', en: 'Until' },
      schema: z.iso.date().optional(),
      term: { iri: 'urn:naru:vocab:until', type: 'xsd:date' },
    },
  },
};
