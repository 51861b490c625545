// Why the wallet did not do something, as a stable code and a sentence a person can read.
import type { Text } from './wallet-store.ts';

const walletRefusals = {
  OFFER_UNREADABLE: { ko: '발급 안내를 읽을 수 없습니다.', en: 'This is not an offer the wallet can read.' },
  OFFER_FROM_ELSEWHERE: {
    ko: '이 지갑이 믿는 기관의 발급 안내가 아닙니다.',
    en: 'The offer is not from the service this wallet belongs to.',
  },
  OFFER_GONE: { ko: '이미 사용했거나 기한이 지난 발급 안내입니다.', en: 'The offer was already used, or has expired.' },
  TX_CODE_WRONG: { ko: '확인 번호가 맞지 않습니다.', en: 'The code is not right.' },
  ISSUER_REFUSED: { ko: '발급 기관이 요청을 거절했습니다.', en: 'The issuer refused.' },
  CREDENTIAL_UNREADABLE: {
    ko: '받은 증명서가 올바르지 않아 저장하지 않았습니다.',
    en: 'What the issuer sent is not a credential for this wallet; it was not kept.',
  },
  REQUEST_UNREADABLE: { ko: '제시 요청을 읽을 수 없습니다.', en: 'This is not a request the wallet can read.' },
  REQUEST_UNSIGNED: {
    ko: '서명이 없어 누가 요청했는지 알 수 없습니다.',
    en: 'The request is not signed, so nobody can tell who asks.',
  },
  REQUEST_SIGNATURE_WRONG: {
    ko: '요청의 서명이 올바르지 않습니다.',
    en: "The request's signature is not the verifier's.",
  },
  REQUEST_FROM_ELSEWHERE: {
    ko: '요청한 기관과 다른 곳으로 답을 보내려는 요청입니다.',
    en: 'The request would send the answer somewhere other than to who asks.',
  },
  REQUEST_GONE: {
    ko: '이미 사용했거나 기한이 지난 요청입니다.',
    en: 'The request was already answered, or has expired.',
  },
  VERIFIER_NOT_REGISTERED: {
    ko: '시에 등록되지 않은 곳의 요청입니다.',
    en: 'Whoever asks is not registered with the city.',
  },
  REQUEST_ASKS_TOO_MUCH: {
    ko: '등록한 것보다 많은 것을 요구하는 요청입니다.',
    en: 'The request asks for more than whoever asks is registered for.',
  },
  NOTHING_TO_SHOW: {
    ko: '요청한 증명서가 지갑에 없습니다.',
    en: 'The wallet does not hold what is asked for.',
  },
  VERIFIER_REFUSED: { ko: '요청한 기관이 답을 받아들이지 않았습니다.', en: 'The verifier did not accept the answer.' },
  DID_MISSING: { ko: '이 지갑에는 아직 DID가 없습니다.', en: 'This wallet has no DID yet.' },
  DID_ENDED: { ko: '이미 끝낸 DID입니다.', en: 'This DID has ended.' },
  DID_STILL_LIVES: { ko: '지금 DID가 아직 쓰이고 있습니다.', en: 'The present DID is still in use.' },
  DID_KEY_MISSING: {
    ko: '이 기기에 DID를 바꿀 열쇠가 없습니다.',
    en: 'The key that changes this DID is not on this device.',
  },
  DID_CHANGED_ELSEWHERE: {
    ko: '이 DID는 다른 곳에서 바뀌어, 이 기기에서는 더 바꿀 수 없습니다.',
    en: 'This DID was changed elsewhere; this device can change it no more.',
  },
  RECOVERY_WORDS_COUNT: { ko: '복구 단어는 열두 개입니다.', en: 'There are twelve recovery words.' },
  RECOVERY_WORD_UNKNOWN: {
    ko: '목록에 없는 단어가 있습니다.',
    en: 'A word is not one of the list.',
  },
  RECOVERY_WORDS_WRONG: {
    ko: '단어가 서로 맞지 않습니다. 하나가 틀렸거나 차례가 바뀌었습니다.',
    en: 'The words do not fit together: one is wrong, or their order is.',
  },
  RECOVERY_ANSWERS_WRONG: { ko: '적은 단어와 다릅니다.', en: 'That is not the word.' },
  RECOVERY_NOT_FOUND: {
    ko: '이 단어로 만든 DID가 이 서비스에 없습니다.',
    en: 'The service has no DID made with these words.',
  },
  RECOVERY_ENDED: {
    ko: '이 단어의 DID는 이미 끝났습니다. 되찾을 수 없습니다.',
    en: 'The DID of these words has ended; it cannot be had again.',
  },
  RECOVERY_NOT_PROMISED: {
    ko: '이 단어의 열쇠로는 이 DID를 되찾을 수 없습니다.',
    en: 'The key of these words may not take over this DID.',
  },
  PROOF_NOT_READY: {
    ko: '증명이 아직 준비되지 않았습니다.',
    en: 'The proof is not ready yet.',
  },
  SERVICE_AWAY: { ko: '서비스에 연결할 수 없습니다.', en: 'The service cannot be reached.' },
} as const satisfies Record<string, Text>;

export type WalletRefusalCode = keyof typeof walletRefusals;

/** Thrown by every wallet operation that ends without its result. No message of it holds a claim. */
export class WalletRefusal extends Error {
  override readonly name = 'WalletRefusal';
  readonly code: WalletRefusalCode;
  readonly text: Text;
  /** For a developer, or a stable code of the other side such as CREDENTIAL_REVOKED. */
  readonly because: string | null;

  constructor(code: WalletRefusalCode, because?: string, cause?: unknown) {
    super(because === undefined ? code : `${code}: ${because}`, { cause });
    this.code = code;
    this.text = walletRefusals[code];
    this.because = because ?? null;
  }
}

/** The refusal inside `error`, however deep a library wrapped it; `otherwise` when there is none. */
export function refusalIn(error: unknown, otherwise: WalletRefusalCode): WalletRefusal {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof WalletRefusal) return cause;
  }
  return new WalletRefusal(otherwise, undefined, error);
}
