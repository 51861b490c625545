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
  referenceClaim: 'service_point',
  offeredBy: ['water_clerk'],
  claims: {
    service_point: {
      label: { ko: '수용가 번호', en: 'Service point' },
      schema: z.string().min(1).max(SERVICE_POINT_characters),
      term: { iri: 'urn:naru:vocab:service_point' },
      use: { ko: '어느 계량기를 열지 찾는 데 씁니다.', en: 'Finds the meter to open.' },
    },
    usage_class: {
      label: { ko: '업종', en: 'Usage class' },
      schema: z.enum(['domestic', 'general', 'bath', 'industrial']),
      term: { iri: 'urn:naru:vocab:usage_class' },
      use: { ko: '어떤 요금표를 쓸지 정하는 데 씁니다.', en: 'Tells which tariff applies.' },
      values: {
        domestic: { ko: '가정용', en: 'Domestic' },
        general: { ko: '일반용', en: 'General' },
        bath: { ko: '욕탕용', en: 'Public bath' },
        industrial: { ko: '공업용', en: 'Industrial' },
      },
    },
    role: {
      label: { ko: '자격', en: 'Role' },
      schema: z.enum(['owner', 'occupant']),
      term: { iri: 'urn:naru:vocab:role' },
      use: {
        ko: '소유자인지 거주자인지에 맞는 화면을 여는 데 씁니다.',
        en: 'Opens the pages for an owner or an occupant.',
      },
      values: { owner: { ko: '소유자', en: 'Owner' }, occupant: { ko: '거주자', en: 'Occupant' } },
    },
    from: {
      label: { ko: '시작일', en: 'From' },
      schema: z.iso.date(),
      term: { iri: 'urn:naru:vocab:from', type: 'xsd:date' },
      use: { ko: '이날부터의 자료만 보여 주는 데 씁니다.', en: 'Only what was used from this day on is shown.' },
    },
    until: {
      label: { ko: '종료일', en: 'Until' },
      schema: z.iso.date().optional(),
      term: { iri: 'urn:naru:vocab:until', type: 'xsd:date' },
      use: { ko: '이날까지의 자료만 보여 주는 데 씁니다.', en: 'Only what was used up to this day is shown.' },
    },
  },
};
