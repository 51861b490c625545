// The utility staff credential: its holder's duty and zones; it opens the utility's console.
import { z } from 'zod';
import type { CredentialType } from '../credential-type.ts';
import { type StaffDuty, staffDuties } from '../staff-duty.ts';

const ZONES_most = 50;

export const utilityStaff: CredentialType = {
  id: 'utility-staff',
  w3cName: 'UtilityStaffCredential',
  name: { ko: '사업소 직원증', en: 'Utility staff' },
  description: {
    ko: '수도 사업소 콘솔에 로그인하는 직원 증명서입니다.',
    en: 'Signs staff of the utility in to its console.',
  },
  validity_days: 366,
  endsWith: 'until',
  // Who could give out duties could give themselves any.
  offeredBy: ['administrator'],
  claims: {
    duty: {
      label: { ko: '직무', en: 'Duty' },
      schema: z.enum(Object.keys(staffDuties) as [StaffDuty, ...StaffDuty[]]),
      term: { iri: 'urn:naru:vocab:duty' },
      values: staffDuties,
    },
    zones: {
      label: { ko: '담당 구역', en: 'Zones' },
      schema: z.array(z.string().regex(/^[\w.:-]{1,64}$/)).max(ZONES_most),
      term: { iri: 'urn:naru:vocab:zones' },
      hint: {
        ko: '구역 번호를 쉼표로 나누어 적습니다. 비워 두면 모든 구역입니다.',
        en: 'Zone ids, separated by commas; none for every zone.',
      },
    },
    until: {
      label: { ko: '종료일', en: 'Until' },
      schema: z.iso.date(),
      term: { iri: 'urn:naru:vocab:until', type: 'xsd:date' },
    },
  },
};
