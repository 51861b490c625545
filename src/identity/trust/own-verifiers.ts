// The verifiers that are parts of this service: they are registered like any other, at every start.
import type { RegisteredVerifier } from './registered-verifier.ts';

export const ownVerifiers: readonly RegisteredVerifier[] = [
  {
    id: 'portal',
    name: { ko: '나루 수도 포털', en: 'Naru water portal' },
    purpose: {
      ko: '내 수도 계량기와 사용량을 보기 위해 로그인합니다.',
      en: 'To sign in and see your own water meter and use.',
    },
    keeps: { ko: '로그인해 있는 동안만 보관합니다.', en: 'Kept only while you are signed in.' },
    may_ask: [{ type: 'water-account', claims: ['service_point', 'role', 'from', 'until'] }],
    return_origins: [],
    own_client: null,
    certificate: null,
  },
  {
    id: 'portal-reductions',
    name: { ko: '나루 수도 포털 (요금 감면)', en: 'Naru water portal (reductions)' },
    purpose: { ko: '수도 요금을 감면받기 위해 확인합니다.', en: 'To take a reduction off your water bills.' },
    keeps: {
      ko: '내용은 보관하지 않습니다. 감면이 끝날 때까지, 증명서가 아직 유효한지 다시 물어볼 번호만 둡니다.',
      en: 'Nothing of its content. Until the reduction ends, only a number to ask whether the credential still holds.',
    },
    may_ask: [{ type: 'household-benefit', claims: ['valid_until', 'tier'] }],
    return_origins: [],
    own_client: null,
    certificate: null,
  },
  {
    id: 'utility-console',
    name: { ko: '나루 수도 사업소 콘솔', en: 'Naru utility console' },
    purpose: { ko: '수도 사업소 콘솔에 로그인합니다.', en: "To sign in to the utility's console." },
    keeps: {
      ko: '직무와 구역은 로그인해 있는 동안, 증명서 번호는 감사 기록에 보관합니다.',
      en: 'Duty and zones while you are signed in; the number of the credential in the audit.',
    },
    may_ask: [{ type: 'utility-staff', claims: ['duty', 'zones', 'until'] }],
    return_origins: [],
    certificate: null,
    own_client: null,
  },
];
