// The delegated role credential: what a business lets a person do for it.
import { z } from 'zod';
import type { CredentialType } from '../credential-type.ts';
import { merchant } from './merchant.ts';

export const delegatedRole: CredentialType = {
  id: 'delegated-role',
  w3cName: 'DelegatedRoleCredential',
  name: { ko: '위임 증명서', en: 'Delegated role' },
  description: {
    ko: '사업자가 맡긴 일을 할 수 있는 사람임을 보이는 증명서입니다.',
    en: 'Shows what a business lets its holder do for it.',
  },
  validity_days: 366,
  endsWith: 'until',
  offeredBy: ['business_clerk'],
  claims: {
    ...merchant.claims,
    delegated_role: {
      label: { ko: '맡은 일', en: 'Delegated role' },
      schema: z.enum(['representative', 'signatory', 'employee', 'room_user']),
      term: { iri: 'urn:naru:vocab:delegated_role' },
      values: {
        representative: { ko: '입점·신청 대리인', en: 'Acts in applications' },
        signatory: { ko: '계약 서명 대리인', en: 'Signs contracts' },
        employee: { ko: '직원', en: 'Employee' },
        room_user: { ko: '공유 공간 이용자', en: 'Uses shared rooms' },
      },
    },
    until: {
      label: { ko: '종료일', en: 'Until' },
      schema: z.iso.date(),
      term: { iri: 'urn:naru:vocab:until', type: 'xsd:date' },
    },
  },
};
