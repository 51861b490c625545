// Why a step of a verdict passed, failed or was left out: a stable code and one sentence in Korean and in English.

interface Sentence {
  ko: string;
  en: string;
}

export const traceReasons = {
  EARLIER_STEP_FAILED: {
    ko: '앞 단계가 통과하지 못해 확인하지 않았습니다.',
    en: 'Not checked, because an earlier step did not pass.',
  },

  // format
  FORMAT_OK: { ko: '증명서의 형식이 올바릅니다.', en: 'The credential has the right form.' },
  FORMAT_MALFORMED: {
    ko: '증명서의 형식을 읽을 수 없습니다.',
    en: 'The credential cannot be read: it does not have the form of its kind.',
  },
  FORMAT_ALGORITHM_REFUSED: {
    ko: '허용되지 않는 서명 방식입니다.',
    en: 'The credential names a signature algorithm that is not accepted.',
  },
  FORMAT_HEADER_REFUSED: {
    ko: '서명 머리말이 자신의 열쇠나 주소를 가져와 거절했습니다.',
    en: 'The signature header brings a key or an address of its own, which is never followed.',
  },
  CONTEXT_UNKNOWN: {
    ko: '알 수 없는 용어집(@context)을 쓰는 증명서입니다. 외부에서 가져오지 않습니다.',
    en: 'The credential uses a context that is not bundled here; none are fetched.',
  },
  TERM_UNDEFINED: {
    ko: '용어집(@context)에 없는 용어를 쓰는 증명서입니다.',
    en: 'The credential uses a term that none of its contexts defines, or misuses one.',
  },
  DOCTYPE_DIFFERENT: {
    ko: '문서에 적힌 종류가 발급 기관이 서명한 종류와 다릅니다.',
    en: 'The document names another type than the one its issuer signed.',
  },
  TYPE_UNKNOWN: { ko: '알 수 없는 종류의 증명서입니다.', en: 'The credential is of a type that is not known here.' },
  TYPE_NOT_ASKED: {
    ko: '요청하지 않은 종류의 증명서입니다.',
    en: 'The credential is not of a type that was asked for.',
  },

  // signature
  SIGNATURE_OK: { ko: '발급 기관의 서명이 맞습니다.', en: "The issuer's signature is right." },
  SIGNATURE_INVALID: {
    ko: '서명이 내용과 맞지 않습니다. 내용이 바뀌었거나 다른 열쇠로 서명되었습니다.',
    en: 'The signature does not fit the content: it was changed, or signed with another key.',
  },
  SIGNATURE_KEY_UNKNOWN: {
    ko: '서명에 쓰인 열쇠를 발급 기관의 DID 문서에서 찾을 수 없습니다.',
    en: "The signing key is not in the issuer's DID document.",
  },
  CERTIFICATE_CHAIN_BROKEN: {
    ko: '발급 기관의 인증서가 서로 이어지지 않거나 스스로 서명한 것입니다.',
    en: "The issuer's certificates do not sign one another, or one signs itself.",
  },
  CERTIFICATE_NOT_VALID_NOW: {
    ko: '발급 기관의 인증서가 지금 유효하지 않습니다.',
    en: "A certificate of the issuer's has expired, or is not valid yet.",
  },
  CERTIFICATE_ROOT_NOT_TRUSTED: {
    ko: '발급 기관의 인증서가 이 종류를 믿고 맡긴 인증 기관의 것이 아닙니다.',
    en: "The issuer's certificates do not lead to an authority that is trusted for this type of credential.",
  },
  SIGNER_UNRESOLVED: {
    ko: '서명한 쪽의 DID를 찾을 수 없습니다.',
    en: 'The DID of who signed cannot be resolved here.',
  },
  PROOF_SUITE_UNKNOWN: {
    ko: '알지 못하는 방식의 증명(cryptosuite)입니다.',
    en: 'The proof is of a kind, or of a cryptosuite, that is not known here.',
  },
  PROOF_SUITE_NOT_ASKED: {
    ko: '요청한 방식의 증명(cryptosuite)이 아닙니다.',
    en: 'The proof is not of the cryptosuite that was asked for.',
  },
  PROOF_KEY_KIND_WRONG: {
    ko: '증명 방식(cryptosuite)에 맞지 않는 종류의 열쇠입니다.',
    en: "The key is not of a kind that the proof's cryptosuite has.",
  },
  PROOF_METHOD_NOT_MULTIKEY: {
    ko: '서명에 쓰인 열쇠가 올바른 Multikey 형식이 아닙니다.',
    en: 'The signing key is not written as a Multikey, or not rightly.',
  },
  PROOF_PURPOSE_WRONG: {
    ko: '이 용도로 쓸 수 없는 열쇠이거나 다른 용도의 증명입니다.',
    en: 'The proof is for another purpose, or its key may not be used for this one.',
  },
  PROOF_PREVIOUS_MISSING: {
    ko: '증명이 이어지는 앞 증명(previousProof)이 없습니다.',
    en: 'The proof builds on a previous proof that is missing.',
  },
  PROOF_NOT_YET_MADE: {
    ko: '증명이 만들어진 시각이 아직 오지 않았습니다.',
    en: 'The time at which the proof says it was made lies ahead.',
  },
  PROOF_EXPIRED: { ko: '증명의 유효 기간이 지났습니다.', en: 'The proof itself has expired.' },
  PROOF_DOMAIN_WRONG: { ko: '다른 곳에 쓰려고 만든 증명입니다.', en: 'The proof was made for another domain.' },
  PROOF_CHALLENGE_WRONG: {
    ko: '증명이 다른 요청(challenge)에 대한 답입니다.',
    en: 'The proof answers another challenge.',
  },
  PROOF_NOT_BY_ISSUER: {
    ko: '발급 기관이 만든 증명이 없습니다.',
    en: 'None of the proofs was made by whom the document names as its issuer or holder.',
  },

  // issuer
  ISSUER_TRUSTED: {
    ko: '이 종류의 증명서를 발급할 수 있는 기관입니다.',
    en: 'The issuer may issue this type of credential.',
  },
  ISSUER_NOT_REGISTERED: {
    ko: '이 시가 다루지 않는 종류의 증명서여서 발급 기관의 자격을 판단하지 않았습니다.',
    en: "The credential is not of one of this city's types, so whether its issuer may issue it was not judged.",
  },
  CERTIFICATE_NAME_DIFFERENT: {
    ko: '인증서에 적힌 이름이 증명서의 발급 기관과 다릅니다.',
    en: 'The certificate was given for another name than the one the credential names as its issuer.',
  },
  AUTHORITY_NOT_ASKED: {
    ko: '요청한 인증 기관이 인증한 발급 기관의 증명서가 아닙니다.',
    en: 'The issuer was not certified by an authority that was asked for.',
  },
  ISSUER_NOT_TRUSTED: {
    ko: '이 종류의 증명서를 발급할 수 있는 기관이 아닙니다.',
    en: 'The issuer is not one that may issue this type of credential.',
  },

  // status
  STATUS_VALID: { ko: '취소되지 않은 증명서입니다.', en: 'The credential has not been revoked.' },
  CREDENTIAL_REVOKED: { ko: '발급 기관이 취소한 증명서입니다.', en: 'The issuer has revoked this credential.' },
  CREDENTIAL_SUSPENDED: {
    ko: '발급 기관이 잠시 효력을 멈춘 증명서입니다.',
    en: 'The issuer has suspended this credential for the time being.',
  },
  STATUS_NOT_NAMED: {
    ko: '발급 기관이 취소 여부를 확인할 곳을 적지 않았습니다.',
    en: 'The issuer names no place where it would be told whether the credential was revoked.',
  },
  STATUS_HOST_NOT_ASKED: {
    ko: '취소 목록이 있는 곳은 이 서비스가 조회하도록 허용되지 않은 주소입니다.',
    en: 'The status list stands at an address that this service does not ask (STATUS_LIST_HOSTS).',
  },
  STATUS_LIST_AWAY: {
    ko: '상태 목록을 구할 수 없어 취소 여부를 확인하지 못했습니다.',
    en: 'The status list cannot be had, so nobody can tell whether the credential was revoked.',
  },
  STATUS_LIST_NOT_VERIFIED: {
    ko: '취소 목록의 서명이나 유효 기간이 맞지 않거나, 다른 기관이 낸 목록입니다.',
    en: "The status list does not verify: its signature, its validity, or that it is this issuer's.",
  },
  STATUS_LIST_MALFORMED: {
    ko: '취소 목록의 형식이 잘못되었습니다.',
    en: 'The status list, or the entry that leads to it, has the wrong form.',
  },
  STATUS_LIST_TOO_SHORT: {
    ko: '취소 목록이 너무 짧아 받아들이지 않습니다.',
    en: 'The status list is shorter than the specification allows.',
  },
  STATUS_PURPOSE_DIFFERENT: {
    ko: '취소 목록의 용도가 증명서에 적힌 것과 다릅니다.',
    en: 'The status list is for another purpose than the credential says.',
  },
  STATUS_INDEX_OUTSIDE: {
    ko: '증명서의 번호가 취소 목록의 범위를 벗어납니다.',
    en: "The credential's index lies outside of the status list.",
  },
  STATUS_SET: {
    ko: '발급 기관이 이 증명서에 받아들일 수 없는 상태를 표시했습니다.',
    en: 'The issuer has given the credential a status with which it is not accepted.',
  },
  STATUS_MISSING: {
    ko: '취소 여부를 알 수 있는 곳이 적혀 있지 않아 받아들이지 않습니다.',
    en: 'The credential names no place that tells whether it was revoked, which its type requires.',
  },
  STATUS_UNKNOWN: {
    ko: '취소 여부를 확인할 수 없어 받아들이지 않습니다.',
    en: 'Whether the credential was revoked cannot be told, so it is not accepted.',
  },

  STATUS_LIST_OLD: {
    ko: '취소되지 않았습니다. 다만 확인한 상태 목록이 새것이 아닙니다.',
    en: 'The credential was not revoked, by a status list that is not fresh.',
  },
  STATUS_LIST_TOO_OLD: {
    ko: '가지고 있는 상태 목록이 너무 오래되어 취소 여부를 말해 주지 못합니다.',
    en: 'The status list at hand is too old to tell whether the credential was revoked.',
  },
  STATUS_LIST_ROLLED_BACK: {
    ko: '상태 목록이 전에 본 것이나 체인의 기록보다 옛것입니다.',
    en: 'The status list is older than one seen before, or than what the chain holds.',
  },

  // validity
  VALIDITY_OK: { ko: '유효 기간 안에 있습니다.', en: 'The credential is within its period of validity.' },
  SIGNED_OUTSIDE_CERTIFICATE: {
    ko: '발급 기관의 인증서가 유효하지 않은 때에 서명되었습니다.',
    en: "The credential was signed at a time when its issuer's certificate was not valid.",
  },
  CREDENTIAL_EXPIRED: { ko: '유효 기간이 지났습니다.', en: 'The credential has expired.' },
  CREDENTIAL_NOT_YET_VALID: { ko: '아직 유효하지 않습니다.', en: 'The credential is not valid yet.' },

  VALIDITY_MISSING: { ko: '유효 기간이 적혀 있지 않습니다.', en: 'The credential names no end of its validity.' },

  // holder
  HOLDER_OK: {
    ko: '증명서를 받은 사람의 열쇠로 지금 이 요청에 답했습니다.',
    en: 'The answer to this request was signed with the key the credential was given to.',
  },
  HOLDER_NOT_ASKED: {
    ko: '제시가 아니라 증명서 자체를 확인했으므로 소지 증명은 없습니다.',
    en: 'The credential itself was checked, not a presentation, so there is no proof by its holder.',
  },
  HOLDER_SIGNED: {
    ko: '제시한 사람의 열쇠로 이 요청에 대해 서명되었습니다.',
    en: "The presentation was signed for this request with a key of its holder's.",
  },
  HOLDER_NOT_BOUND: {
    ko: '제시의 서명은 맞지만, 어떤 요청에 대한 답인지는 묻지 않았습니다.',
    en: 'The signature of the presentation is right; which request it answers was not asked.',
  },
  HOLDER_NOT_SIGNED: {
    ko: '서명이 없는 제시여서 누가 제시했는지 알 수 없습니다.',
    en: 'The presentation is not signed, so nothing shows who presents it.',
  },
  HOLDER_KEY_UNKNOWN: {
    ko: '제시에 서명한 열쇠가 제시자의 DID 문서에 없습니다.',
    en: "The key that signed the presentation is not one of the holder's DID document.",
  },
  HOLDER_NOT_SUBJECT: {
    ko: '제시한 사람이 증명서의 당사자가 아니거나 당사자를 알 수 없습니다.',
    en: 'Who presents is not whom the credential is about, or it does not say whom.',
  },
  HOLDER_SELF_ASSERTED: {
    ko: '증명서가 제시의 서명으로만 보호되는데 발급자와 제시자가 다릅니다.',
    en: 'A credential secured by the presentation alone must be issued by its holder.',
  },
  HOLDER_KEY_MISSING: {
    ko: '증명서가 소지자의 열쇠를 정하지 않았습니다.',
    en: 'The credential names no key of a holder.',
  },
  HOLDER_PROOF_MISSING: { ko: '소지 증명이 없습니다.', en: "The holder's proof is missing." },
  HOLDER_PROOF_MALFORMED: { ko: '소지 증명의 형식이 잘못되었습니다.', en: "The holder's proof has the wrong form." },
  HOLDER_SIGNATURE_INVALID: {
    ko: '소지 증명의 서명이 증명서에 적힌 열쇠와 맞지 않습니다.',
    en: "The holder's proof was not signed with the key the credential names.",
  },
  HOLDER_DEVICE_SIGNATURE_INVALID: {
    ko: '기기의 서명이 맞지 않습니다. 다른 열쇠로 서명했거나 다른 요청 또는 다른 기관에 대한 답입니다.',
    en: "The device's signature does not fit: made with another key, for another request, or for somebody else.",
  },
  HOLDER_NONCE_WRONG: {
    ko: '소지 증명이 다른 요청에 대한 답입니다.',
    en: "The holder's proof answers another request.",
  },
  HOLDER_AUDIENCE_WRONG: {
    ko: '소지 증명이 다른 기관 앞으로 만들어졌습니다.',
    en: "The holder's proof was made for somebody else.",
  },
  HOLDER_PROOF_STALE: {
    ko: '소지 증명이 너무 오래되었거나 시각이 맞지 않습니다.',
    en: "The holder's proof is too old, or its time lies ahead.",
  },
  HOLDER_TRANSACTION_UNSIGNED: {
    ko: '서명해야 할 글에 소지자가 서명하지 않았거나 다른 글에 서명했습니다.',
    en: 'The holder did not sign the text that was to be signed, or signed another one.',
  },
  HOLDER_TRANSACTION_UNASKED: {
    ko: '요청하지 않은 글에 대한 서명이 들어 있습니다.',
    en: "The holder's proof signs a text that nobody asked to have signed.",
  },
  HOLDER_CONTENT_CHANGED: {
    ko: '소지자가 서명한 뒤에 제시 내용이 바뀌었습니다.',
    en: 'What is presented was changed after the holder signed it.',
  },

  // disclosures
  DISCLOSURES_OK: {
    ko: '공개한 항목이 모두 서명된 내용과 맞습니다.',
    en: 'Every claim that was disclosed is one the issuer signed.',
  },
  DISCLOSURES_NOT_USED: {
    ko: '선택 공개를 쓰지 않는 형식입니다.',
    en: 'This format does not disclose claims one by one.',
  },
  DISCLOSURE_MALFORMED: { ko: '공개 항목의 형식이 잘못되었습니다.', en: 'A disclosure has the wrong form.' },
  DISCLOSURE_UNKNOWN: {
    ko: '서명된 내용에 없는 공개 항목이 있습니다.',
    en: 'A disclosure is not among those the issuer signed.',
  },
  DISCLOSURE_DUPLICATE: { ko: '같은 공개 항목이 되풀이됩니다.', en: 'A disclosure or a digest appears twice.' },
  CLAIMS_NOT_OF_TYPE: {
    ko: '공개한 항목이 이 종류의 증명서와 맞지 않습니다.',
    en: 'The disclosed claims are not those of this type of credential.',
  },

  // anchor
  ANCHOR_NOT_USED: {
    ko: '이 시에 등록된 기관이 아니어서 체인 기록이 없습니다.',
    en: 'The issuer is not registered with this city, so nothing of it is on the chain.',
  },
  ANCHOR_FINAL: {
    ko: '발급 기관의 신원이 체인에 확정되어 있습니다.',
    en: "The issuer's identity is fixed on the chain, finally.",
  },
  ANCHOR_INCLUDED: {
    ko: '발급 기관의 신원이 체인에 기록되었고 확정을 기다립니다.',
    en: "The issuer's identity is on the chain and waits to become final.",
  },
  ANCHOR_CHAIN_AWAY: {
    ko: '발급 기관의 신원이 체인에 기록된 것을 전에 확인했으나, 지금은 체인에 물을 수 없습니다.',
    en: "The issuer's identity was seen on the chain before; the chain cannot be asked now.",
  },
  ANCHOR_CONTRADICTED: {
    ko: '체인의 기록이 이 서비스의 자료와 어긋납니다. 자료가 옛것으로 되돌려졌거나 바뀌었습니다.',
    en: 'The chain contradicts the records of this service: they were put back to an older state, or changed.',
  },
  ANCHOR_PENDING: {
    ko: '발급 기관의 신원이 아직 체인에 기록되지 않았습니다.',
    en: "The issuer's identity is not on the chain yet.",
  },
  ANCHOR_MISSING: {
    ko: '발급 기관의 신원이 공개 기록에 없습니다.',
    en: "The issuer's identity is not in the public record.",
  },
  ANCHOR_MISMATCH: {
    ko: '발급 기관의 신원이 체인에 기록된 것과 다릅니다.',
    en: "The issuer's identity differs from what the chain holds.",
  },
  ANCHOR_PROOF_INVALID: {
    ko: '체인 기록의 증명이 맞지 않습니다.',
    en: 'The proof that leads to the chain does not hold.',
  },
} as const satisfies Record<string, Sentence>;

export type TraceReason = keyof typeof traceReasons;
