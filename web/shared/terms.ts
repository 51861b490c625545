// The field's words for people: flags, states, roles, steps, credential types, claims.

import { credentialTypes } from '../../src/identity/credentials/credential-types.ts';

import { outcomeNames, stepNames } from '../../src/identity/presenting/trace-words.ts';

import type { Text } from './language.tsx';

const flagSentences: Record<string, Text> = {
  leak: {
    ko: '물이 계속 조금씩 흐르고 있습니다. 새는 곳이 없는지 살펴 주세요.',
    en: 'Water keeps running a little. Please look for a leak.',
  },
  burst: {
    ko: '평소보다 훨씬 많은 물이 흐릅니다. 관이 터졌을 수 있습니다.',
    en: 'Far more water than usual is flowing. A pipe may have burst.',
  },
  backflow: { ko: '물이 거꾸로 흘렀습니다.', en: 'Water flowed backwards.' },
  overload: {
    ko: '계량기가 감당하는 양보다 많은 물이 흘렀습니다.',
    en: 'More water flowed than the meter is made for.',
  },
  tamper: {
    ko: '계량기가 열리거나 건드려진 흔적이 있습니다.',
    en: 'The meter seems to have been opened or disturbed.',
  },
  magnet: { ko: '계량기 가까이에 자석이 감지되었습니다.', en: 'A magnet was noticed near the meter.' },
  freeze: {
    ko: '계량기가 얼 수 있는 온도입니다. 보온해 주세요.',
    en: 'It is cold enough for the meter to freeze. Please insulate it.',
  },
  temperature_high: { ko: '계량기의 온도가 너무 높습니다.', en: 'The meter is too warm.' },
  no_use: { ko: '오랫동안 물을 쓰지 않았습니다.', en: 'No water has been used for a long time.' },
  battery_low: {
    ko: '계량기 전지가 거의 다 되었습니다. 사업소에서 교체합니다.',
    en: "The meter's battery is nearly empty. The utility will replace it.",
  },
  dry: { ko: '계량기 안에 물이 차 있지 않습니다.', en: 'There is no water in the meter.' },
  blocked: { ko: '계량기가 멈춰 있습니다.', en: 'The meter does not turn.' },
  error: { ko: '계량기가 고장을 알렸습니다.', en: 'The meter reported an error.' },
  permanent_error: {
    ko: '계량기가 고장을 알렸습니다. 점검이 필요합니다.',
    en: 'The meter reported a permanent error and needs a visit.',
  },
  temporary_error: { ko: '계량기가 일시적인 이상을 알렸습니다.', en: 'The meter reported a passing error.' },
};

const flagNames: Record<string, Text> = {
  leak: { ko: '누수', en: 'Leak' },
  burst: { ko: '파열', en: 'Burst' },
  backflow: { ko: '역류', en: 'Backflow' },
  overload: { ko: '과부하', en: 'Overload' },
  tamper: { ko: '훼손', en: 'Tamper' },
  magnet: { ko: '자석', en: 'Magnet' },
  freeze: { ko: '동파', en: 'Freeze' },
  temperature_high: { ko: '고온', en: 'Too warm' },
  no_use: { ko: '사용 없음', en: 'No use' },
  battery_low: { ko: '전지 부족', en: 'Battery low' },
  dry: { ko: '빈 관', en: 'Dry' },
  blocked: { ko: '멈춤', en: 'Blocked' },
  error: { ko: '고장', en: 'Error' },
  permanent_error: { ko: '고장', en: 'Permanent error' },
  temporary_error: { ko: '일시 이상', en: 'Temporary error' },
};

const words = {
  state: {
    ok: { ko: '정상', en: 'In order' },
    silent: { ko: '무응답', en: 'Silent' },
    alarm: { ko: '경보', en: 'Alarm' },
    never: { ko: '수신 전', en: 'Not heard yet' },
  },
  import_state: {
    waiting: { ko: '대기', en: 'Waiting' },
    running: { ko: '진행 중', en: 'Running' },
    done: { ko: '끝남', en: 'Done' },
    cancelled: { ko: '취소됨', en: 'Cancelled' },
  },
  desk_action: {
    signed_in: { ko: '로그인', en: 'Signed in' },
    offer_made: { ko: '발급 안내', en: 'Offer made' },
    offer_withdrawn: { ko: '안내 거둠', en: 'Offer taken back' },
    offer_approved: { ko: '안내 승인', en: 'Offer approved' },
    offer_refused: { ko: '안내 반려', en: 'Offer refused' },
    credential_revoked: { ko: '폐지', en: 'Revoked' },
    credential_suspended: { ko: '정지', en: 'Suspended' },
    credential_resumed: { ko: '정지 해제', en: 'Resumed' },
    credential_replaced: { ko: '분실 재발급', en: 'Replaced after a loss' },
    import_started: { ko: '일괄 발급 시작', en: 'Import begun' },
    import_cancelled: { ko: '일괄 발급 취소', en: 'Import cancelled' },
    links_downloaded: { ko: '링크 파일 받음', en: 'Links taken' },
    codes_downloaded: { ko: '확인 번호 파일 받음', en: 'Codes taken' },
    audit_exported: { ko: '감사 기록 받음', en: 'Audit taken' },
    reduction_proved: { ko: '감면 증명', en: 'Reduction proved' },
    reduction_ended: { ko: '감면 끝남', en: 'Reduction ended' },
    bill_refused: { ko: '남의 요금 조회 거절', en: "Another's bill refused" },
    bill_offered: { ko: '요금 증명서 발급 안내', en: 'Bill offered as a credential' },
    citizen_forgotten: { ko: '시민 정보 지움', en: 'Citizen forgotten' },
  },
  wallet_event: {
    credential_accepted: { ko: '지갑이 받았습니다', en: 'The wallet took it' },
    credential_failure: { ko: '지갑이 저장하지 못했습니다', en: 'The wallet could not keep it' },
    credential_deleted: { ko: '지갑에서 지웠습니다', en: 'Deleted from the wallet' },
  },
  credential_state: {
    valid: { ko: '유효', en: 'Valid' },
    suspended: { ko: '정지됨', en: 'Suspended' },
    revoked: { ko: '폐지됨', en: 'Revoked' },
  },
  step: stepNames,
  outcome: outcomeNames,
  anchor_status: {
    pending: { ko: '기록을 기다리는 중', en: 'Waiting to be recorded' },
    included: { ko: '기록됨, 확정을 기다리는 중', en: 'Recorded, waiting to become final' },
    final: { ko: '확정됨', en: 'Final' },
  },
  node_state: {
    in_use: { ko: '사용 중', en: 'In use' },
    ready: { ko: '대기', en: 'Ready' },
    away: { ko: '응답 없음', en: 'Away' },
    wrong_chain: { ko: '다른 체인', en: 'Another chain' },
    disagrees: { ko: '답이 다름', en: 'Disagrees' },
  },
  device_event: {
    clone: { ko: '복제 의심', en: 'Possible clone' },
    flood: { ko: '너무 많이 보냄', en: 'Sends too much' },
    trespass: { ko: '허용되지 않은 일', en: 'Did what it may not' },
    acknowledgement: { ko: '이상한 응답', en: 'Strange answer' },
  },
  alarm_state: {
    acknowledged: { ko: '확인함', en: 'Seen' },
  },
  alarm_event: {
    opened: { ko: '발생', en: 'Opened' },
    worsened: { ko: '악화', en: 'Grew worse' },
    changed: { ko: '늦은 자료로 고침', en: 'Changed by late data' },
    cleared: { ko: '원인이 사라짐', en: 'Cleared' },
    returned: { ko: '다시 생김', en: 'Came back' },
    withdrawn: { ko: '늦은 자료로 취소', en: 'Withdrawn after late data' },
    acknowledged: { ko: '확인함', en: 'Seen' },
    assigned: { ko: '맡김', en: 'Assigned' },
    closed: { ko: '닫음', en: 'Closed' },
  },
  device_action: {
    certificate_signed: { ko: '인증서 발급', en: 'Certificate signed' },
    certificate_revoked: { ko: '인증서 폐지', en: 'Certificate revoked' },
    claim_code_made: { ko: '청구 번호 만듦', en: 'Claim code made' },
    claimed: { ko: '청구 번호로 등록', en: 'Claimed' },
    device_revoked: { ko: '장치 폐지', en: 'Device revoked' },
    device_restored: { ko: '폐지 취소', en: 'Revocation taken back' },
    secret_rotated: { ko: '비밀 값 교체', en: 'Secret renewed' },
    pin_added: { ko: '열쇠 고정', en: 'Key pinned' },
    pin_removed: { ko: '고정 해제', en: 'Pinned key removed' },
    event_closed: { ko: '이상 징후 확인', en: 'Event seen to' },
    command_given: { ko: '명령 내림', en: 'Command given' },
    command_approved: { ko: '명령 승인', en: 'Command approved' },
    command_cancelled: { ko: '명령 취소', en: 'Command cancelled' },
  },
} as const satisfies Record<string, Record<string, Text>>;

/** The word for a code of that kind; the code itself where it is new to this page. */
export function term(kind: keyof typeof words, code: string): Text {
  return (words[kind] as Record<string, Text>)[code] ?? { ko: code, en: code };
}

export function flagSentence(flag: string): Text {
  return (
    flagSentences[flag] ?? { ko: `계량기가 알림(${flag})을 보냈습니다.`, en: `The meter sent a notice (${flag}).` }
  );
}

export function flagName(flag: string): Text {
  return flagNames[flag] ?? { ko: flag, en: flag };
}

const claims = credentialTypes.flatMap((type) => Object.entries(type.claims).map(([name, claim]) => ({ name, claim })));

/** A credential type's name; the id itself where it is new to this page. */
export function typeName(id: string): Text {
  return credentialTypes.find((type) => type.id === id)?.name ?? { ko: id, en: id };
}

/** A claim's value as people read it. */
export function claimValue(name: string, value: unknown): Text {
  if (typeof value === 'boolean') return value ? { ko: '예', en: 'Yes' } : { ko: '아니요', en: 'No' };
  if (Array.isArray(value)) {
    const parts = value.map((each) => claimValue(name, each));
    return { ko: parts.map(({ ko }) => ko).join(', ') || '—', en: parts.map(({ en }) => en).join(', ') || '—' };
  }
  const unit = claims.find((each) => each.name === name)?.claim.unit;
  if (typeof value === 'number' && unit !== undefined) {
    return { ko: `${value.toLocaleString('ko-KR')}${unit.ko}`, en: `${value.toLocaleString('en-GB')}${unit.en}` };
  }
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
  const described = claims.find((each) => each.name === name && each.claim.values?.[text] !== undefined);
  return described?.claim.values?.[text] ?? { ko: text, en: text };
}

export function claimName(name: string): Text {
  return claims.find((each) => each.name === name)?.claim.label ?? { ko: name, en: name };
}

/** What a claim is used for, where that is known. */
export function claimUse(name: string): Text | null {
  return claims.find((each) => each.name === name && each.claim.use !== undefined)?.claim.use ?? null;
}
