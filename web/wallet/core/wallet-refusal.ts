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
  NOTHING_TO_SHOW: {
    ko: '요청한 증명서가 지갑에 없습니다.',
    en: 'The wallet does not hold what is asked for.',
  },
  VERIFIER_REFUSED: { ko: '요청한 기관이 답을 받아들이지 않았습니다.', en: 'The verifier did not accept the answer.' },
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
