// What each finding of the wallet's check means for the person, and what to do about it.
import type { Text } from '../shared/language.tsx';
import type { DidWarning } from './core/judge-own-did.ts';

export interface WarningSentence {
  what: Text;
  advice: Text;
}

const tellTheCity: Text = {
  ko: '이 화면을 저장해 시에 알려 주세요. 해결될 때까지 새로운 증명서를 받거나 보여 주지 마세요.',
  en: 'Save this page and tell the city. Take and show no credentials until it is settled.',
};

export const warningSentences: Record<DidWarning, WarningSentence> = {
  UNKNOWN: {
    what: { ko: '서비스가 이 DID를 모른다고 답했습니다.', en: 'The service says that it does not know this DID.' },
    advice: {
      ko: '직접 지우지 않았다면 시에 알려 주세요. 아래에서 저장한 증명이 있으면 함께 보여 주세요.',
      en: 'Unless you erased it yourself, tell the city, and show the proof that you saved if you have one.',
    },
  },
  LOG_BROKEN: {
    what: {
      ko: '서비스가 보여 준 DID 기록이 올바르지 않습니다.',
      en: 'The DID log that the service shows does not verify.',
    },
    advice: tellTheCity,
  },
  LOG_LONGER: {
    what: {
      ko: '이 지갑이 하지 않은 변경이 DID 기록에 있습니다.',
      en: 'The log of this DID holds a change that this wallet did not make.',
    },
    advice: {
      ko: '다른 기기에서 되찾았다면 이 기기는 더 쓰지 마세요. 그런 적이 없다면 복구 단어로 곧바로 되찾으세요.',
      en: 'If you recovered it on another device, stop using this one. If you did not, take it back with your words at once.',
    },
  },
  LOG_OLDER: {
    what: {
      ko: '서비스가 이 지갑이 쓴 마지막 변경을 빼고 보여 줍니다.',
      en: 'The service leaves out the last change that this wallet made.',
    },
    advice: tellTheCity,
  },
  LOG_DIFFERS: {
    what: {
      ko: '서비스의 DID 기록이 이 지갑이 쓴 것과 다릅니다.',
      en: 'The log that the service shows is not the one this wallet wrote.',
    },
    advice: tellTheCity,
  },
  RESOLVES_OTHERWISE: {
    what: {
      ko: '서비스가 다른 사람에게 알려 주는 열쇠가 이 DID의 마지막 열쇠가 아닙니다.',
      en: 'The keys that the service gives out are not the newest of this DID.',
    },
    advice: tellTheCity,
  },
  ANCHOR_MISSING: {
    what: {
      ko: '이 DID가 공개 장부에도, 기다리는 줄에도 없습니다.',
      en: 'This DID is neither on the public ledger nor waiting for it.',
    },
    advice: tellTheCity,
  },
  ANCHOR_VALUE: {
    what: {
      ko: '공개 장부의 값이 이 지갑의 마지막 변경이 아닙니다.',
      en: "What is on the public ledger is not this wallet's last change.",
    },
    advice: tellTheCity,
  },
  ANCHOR_PROOF: {
    what: {
      ko: '증명을 계산한 결과가 공개된 루트와 다릅니다.',
      en: 'The proof does not lead to the published root.',
    },
    advice: tellTheCity,
  },
  ANCHOR_ROOT: {
    what: {
      ko: '전에 본 회차의 루트가 지금은 다릅니다. 장부가 바뀌었거나 서비스가 사람마다 다르게 보여 줍니다.',
      en: 'An epoch now has another root than before: the ledger was changed, or people are shown different ones.',
    },
    advice: tellTheCity,
  },
  ANCHOR_BACK: {
    what: { ko: '확정되었던 기록이 뒤로 돌아갔습니다.', en: 'What was final before is so no more.' },
    advice: tellTheCity,
  },
  ANCHOR_MOVED: {
    what: {
      ko: '공개 장부의 위치(체인이나 계약)가 전과 다릅니다.',
      en: 'The public ledger is said to be elsewhere than before: another chain or contract.',
    },
    advice: {
      ko: '시가 장부를 옮긴다고 알렸는지 확인해 주세요. 알린 적이 없다면 시에 문의해 주세요.',
      en: 'See whether the city announced that it moved. If it did not, ask.',
    },
  },
  ANCHOR_LATE: {
    what: {
      ko: '하루가 넘도록 공개 장부에 기록되지 않았습니다.',
      en: 'It has waited for the public ledger for more than a day.',
    },
    advice: { ko: '내일도 같으면 시에 알려 주세요.', en: 'If it is still so tomorrow, tell the city.' },
  },
};
