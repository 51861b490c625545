// Each refusal's sentence for people: what happened, and what they can do about it.
import { type CodedFault, type FaultCatalogue, faultText } from '../../src/platform/fault-texts.ts';
import type { Text } from './language.tsx';
import type { ServiceProblem } from './service-client.ts';

export interface ProblemSentence {
  what: Text;
  advice: Text;
}

const sentences: Record<string, ProblemSentence> = {
  SERVICE_UNREACHABLE: {
    what: { ko: '서비스에 연결하지 못했습니다.', en: 'The service could not be reached.' },
    advice: {
      ko: '인터넷 연결을 확인하고 잠시 뒤에 다시 시도해 주세요.',
      en: 'Check your connection and try again in a moment.',
    },
  },
  NOT_SIGNED_IN: {
    what: { ko: '로그인이 필요합니다.', en: 'You are not signed in.' },
    advice: { ko: '처음 화면에서 다시 로그인해 주세요.', en: 'Please sign in again from the front page.' },
  },
  NOT_ALLOWED: {
    what: { ko: '이 화면을 볼 권한이 없습니다.', en: 'You may not see this.' },
    advice: { ko: '담당자에게 권한을 요청해 주세요.', en: 'Ask the person in charge for access.' },
  },
  SECOND_PERSON_NEEDED: {
    what: {
      ko: '직원증으로 로그인한 두 사람이 필요합니다. 안내를 만든 사람은 승인할 수 없습니다.',
      en: 'This takes two people with staff credentials; who made the offer cannot approve it.',
    },
    advice: {
      ko: '직원증으로 로그인하거나, 다른 직원에게 승인을 부탁해 주세요.',
      en: 'Sign in with your staff credential, or ask a colleague to approve.',
    },
  },
  NOT_FOUND: {
    what: { ko: '찾는 내용이 없습니다.', en: 'There is nothing here.' },
    advice: { ko: '주소를 다시 확인해 주세요.', en: 'Please check the address.' },
  },
  BILL_RUN_INVALID: {
    what: { ko: '고지를 시작할 수 없습니다.', en: 'The bill run cannot be started.' },
    advice: { ko: '아래에 적힌 항목을 고쳐 주세요.', en: 'Mend what is named below.' },
  },
  TARIFF_INVALID: {
    what: { ko: '요율표에 잘못이 있습니다.', en: 'The tariff has a fault.' },
    advice: { ko: '아래에 적힌 줄을 고쳐 주세요.', en: 'Mend the lines named below.' },
  },
  BILL_UNKNOWN: {
    what: { ko: '그런 고지서가 없습니다.', en: 'There is no such bill.' },
    advice: { ko: '고지 작업의 목록에서 골라 주세요.', en: 'Choose one from the list of a bill run.' },
  },
  ALARM_ENDED: {
    what: { ko: '이 경보에는 이제 그렇게 할 수 없습니다.', en: 'That can’t be done with this alarm any more.' },
    advice: { ko: '화면을 새로 고쳐 지금 상태를 확인해 주세요.', en: 'Reload the page to see how it stands.' },
  },
  CONSENT_MISSING: {
    what: { ko: '지금은 안부 살핌 동의가 없습니다.', en: 'There is no consent at the moment.' },
    advice: { ko: '다시 신청할 수 있습니다.', en: 'You may give it again.' },
  },
  CONTACTS_UNREACHABLE: {
    what: { ko: '이 서비스는 아직 전자우편을 보내지 않습니다.', en: 'This service sends no e-mail yet.' },
    advice: { ko: '수도 사업소에 문의해 주세요.', en: 'Ask the water office.' },
  },
  ZONE_UNKNOWN: {
    what: { ko: '그런 구역이 없습니다.', en: 'There is no such zone.' },
    advice: { ko: '구역 목록에서 골라 주세요.', en: 'Choose one from the list of zones.' },
  },
  CREDENTIAL_REVOKED: {
    what: { ko: '이 증명서는 폐지되었습니다.', en: 'This credential has been revoked.' },
    advice: {
      ko: '수도 사업소에 문의해 새 증명서를 받아 주세요.',
      en: 'Ask the water office for a new credential.',
    },
  },
  PRESENTATION_DECLINED: {
    what: { ko: '지갑에서 보여 주기를 거절했습니다.', en: 'You declined in the wallet.' },
    advice: {
      ko: '아무것도 받지 않았습니다. 원하면 다시 로그인해 주세요.',
      en: 'Nothing was received. Sign in again if you wish.',
    },
  },
  PRESENTATION_NOT_READY: {
    what: { ko: '로그인 시간이 지났거나 이미 쓴 로그인입니다.', en: 'This sign-in has expired or was already used.' },
    advice: { ko: '처음 화면에서 다시 로그인해 주세요.', en: 'Please sign in again from the front page.' },
  },
  RESPONSE_CODE_WRONG: {
    what: { ko: '로그인을 시작한 브라우저가 아닙니다.', en: 'This is not the browser that began the sign-in.' },
    advice: {
      ko: '로그인을 시작한 브라우저에서 다시 해 주세요. 다른 사람이 보낸 링크라면 열지 마세요.',
      en: 'Sign in again in the browser you began in. If somebody sent you this link, do not use it.',
    },
  },
  REDUCTION_NOT_OFFERED: {
    what: { ko: '이 집의 요금표에는 그런 감면이 없습니다.', en: 'The tariff here gives no such reduction.' },
    advice: {
      ko: '화면을 새로 고쳐 받을 수 있는 감면을 확인해 주세요.',
      en: 'Reload the page to see those there are.',
    },
  },
  REDUCTION_USED_ELSEWHERE: {
    what: {
      ko: '이 증명서로 다른 집이 이미 감면받고 있습니다.',
      en: 'That credential gives a reduction at another home.',
    },
    advice: {
      ko: '그 집에서 그만 받기를 누르면 여기서 받을 수 있습니다.',
      en: 'Give it up there, and it can be used here.',
    },
  },
  REDUCTION_STATUS_UNASKABLE: {
    what: {
      ko: '이 증명서가 나중에도 유효한지 다시 물어볼 수 없어 감면에 쓸 수 없습니다.',
      en: 'Whether that credential still holds cannot be asked again, so it gives no reduction.',
    },
    advice: { ko: '시에서 발급한 증명서로 증명해 주세요.', en: 'Use a credential that the city issued.' },
  },
  METER_UNKNOWN: {
    what: { ko: '그런 계량기가 없습니다.', en: 'There is no such meter.' },
    advice: { ko: '계량기 목록에서 다시 찾아 주세요.', en: 'Look for it in the list of meters.' },
  },
  SERVICE_POINT_UNKNOWN: {
    what: { ko: '그런 수용가가 없습니다.', en: 'There is no such service point.' },
    advice: { ko: '번호를 다시 확인해 주세요.', en: 'Please check the number.' },
  },
  CLAIMS_INVALID: {
    what: { ko: '증명서에 적을 내용이 맞지 않습니다.', en: 'What the credential should say does not fit.' },
    advice: { ko: '표시된 칸을 고쳐 주세요.', en: 'Mend the fields that are marked.' },
  },
  CONFLICT: {
    what: { ko: '이미 처리된 내용과 맞지 않습니다.', en: 'This contradicts what is already stored.' },
    advice: { ko: '화면을 새로 고쳐 지금 상태를 확인해 주세요.', en: 'Reload the page to see the present state.' },
  },
  PROOF_PENDING: {
    what: {
      ko: '이 요금의 증명이 아직 체인에 오르지 않았습니다.',
      en: 'What proves this bill is not on the chain yet.',
    },
    advice: {
      ko: '마지막 날의 검침값까지 기록된 뒤, 보통 하루 안에 확인할 수 있습니다.',
      en: 'It can be checked once the readings of the last day are recorded, mostly within a day.',
    },
  },
  PROOF_ERASED: {
    what: { ko: '이 요금의 증명은 지워졌습니다.', en: 'What proved this bill was erased.' },
    advice: {
      ko: '자료를 지워 달라는 요청에 따라 지운 것입니다. 저장해 둔 증명 파일은 계속 확인할 수 있습니다.',
      en: 'It was erased as asked for. A proof file that was saved before can still be checked.',
    },
  },
  REQUEST_INVALID: {
    what: { ko: '입력한 내용을 받을 수 없습니다.', en: 'What was entered cannot be taken.' },
    advice: { ko: '빈칸이나 날짜를 다시 확인해 주세요.', en: 'Check empty fields and dates.' },
  },
  TOO_MANY_REQUESTS: {
    what: { ko: '요청이 너무 많습니다.', en: 'Too many tries.' },
    advice: { ko: '1분 뒤에 다시 시도해 주세요.', en: 'Wait a minute, then try again.' },
  },
  NOT_READY: {
    what: { ko: '서비스가 아직 준비되지 않았습니다.', en: 'The service is not ready yet.' },
    advice: { ko: '잠시 뒤에 다시 시도해 주세요.', en: 'Try again in a moment.' },
  },
};

const otherwise: ProblemSentence = {
  what: { ko: '요청을 처리하지 못했습니다.', en: 'The request could not be completed.' },
  advice: {
    ko: '다시 시도해도 같으면 아래 오류 부호를 알려 주세요.',
    en: 'If it happens again, tell us the code below.',
  },
};

/** @param reason the code of a trace's failed step, which says more than the refusal it led to */
export function sentenceOf(problem: ServiceProblem, reason?: string): ProblemSentence {
  const known = sentences[reason ?? ''] ?? sentences[problem.code];
  if (known !== undefined) return known;
  if (problem.status >= 500) {
    return {
      what: { ko: '서비스에 문제가 생겼습니다.', en: 'Something went wrong at the service.' },
      advice: otherwise.advice,
    };
  }
  return otherwise;
}

/** What the service names as the fault, in words of the page; null where it names none or one that the page does not know. */
export function faultOf({ members }: ServiceProblem, faults: FaultCatalogue): Text | null {
  const fault = members.fault as CodedFault | undefined;
  return fault === undefined ? null : faultText(faults, fault);
}
