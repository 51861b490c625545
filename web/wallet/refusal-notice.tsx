// Why the wallet stopped, and what the person can do about it.
import { type Text, useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import { WalletRefusal, type WalletRefusalCode } from './core/wallet-refusal.ts';

const advice: Record<WalletRefusalCode, Text> = {
  OFFER_UNREADABLE: { ko: '링크 전체를 다시 복사해 주세요.', en: 'Copy the whole link again.' },
  OFFER_FROM_ELSEWHERE: {
    ko: '받지 마세요. 링크를 보낸 곳이 맞는지 기관에 전화로 확인해 주세요.',
    en: 'Do not take it. Ask the office by telephone whether the link is theirs.',
  },
  OFFER_GONE: { ko: '기관에 새 발급 안내를 요청해 주세요.', en: 'Ask the office for a new offer.' },
  TX_CODE_WRONG: {
    ko: '따로 받은 번호를 다시 확인해 넣어 주세요. 여러 번 틀리면 새 안내를 받아야 합니다.',
    en: 'Check the code you were given separately. After several wrong tries a new offer is needed.',
  },
  ISSUER_REFUSED: { ko: '기관에 새 발급 안내를 요청해 주세요.', en: 'Ask the office for a new offer.' },
  CREDENTIAL_UNREADABLE: { ko: '기관에 이 문제를 알려 주세요.', en: 'Tell the office about this.' },
  REQUEST_UNREADABLE: {
    ko: '로그인하던 화면에서 다시 시작해 주세요.',
    en: 'Start again from the page where you were signing in.',
  },
  REQUEST_UNSIGNED: {
    ko: '아무것도 보내지 않았습니다. 믿을 수 없는 요청입니다.',
    en: 'Nothing was sent. The request cannot be trusted.',
  },
  REQUEST_SIGNATURE_WRONG: {
    ko: '아무것도 보내지 않았습니다. 믿을 수 없는 요청입니다.',
    en: 'Nothing was sent. The request cannot be trusted.',
  },
  REQUEST_FROM_ELSEWHERE: {
    ko: '아무것도 보내지 않았습니다. 믿을 수 없는 요청입니다.',
    en: 'Nothing was sent. The request cannot be trusted.',
  },
  REQUEST_GONE: {
    ko: '로그인하던 화면에서 다시 시작해 주세요.',
    en: 'Start again from the page where you were signing in.',
  },
  VERIFIER_NOT_REGISTERED: {
    ko: '아무것도 보내지 않았습니다. 믿을 수 없는 요청입니다.',
    en: 'Nothing was sent. The request cannot be trusted.',
  },
  REQUEST_ASKS_TOO_MUCH: {
    ko: '아무것도 보내지 않았습니다. 요청한 곳에 까닭을 물어 주세요.',
    en: 'Nothing was sent. Ask them why they want it.',
  },
  NOTHING_TO_SHOW: {
    ko: '먼저 기관에서 그 증명서를 받아 주세요. 다른 기기의 지갑에 있다면 그 기기로 QR 코드를 찍어 주세요.',
    en: 'First get that credential from the office. If another device has it, scan the code with that one.',
  },
  VERIFIER_REFUSED: {
    ko: '로그인하던 화면으로 돌아가면 이유를 볼 수 있습니다.',
    en: 'The page where you were signing in shows the reason.',
  },
  DID_MISSING: { ko: '처음 화면에서 ‘새로 시작’을 눌러 주세요.', en: 'Choose “Start anew” on the first page.' },
  DID_ENDED: { ko: '원하면 새 DID를 만들 수 있습니다.', en: 'You can make a new one if you wish.' },
  DID_STILL_LIVES: { ko: '먼저 지금 DID를 끝내 주세요.', en: 'End the present one first.' },
  DID_KEY_MISSING: { ko: '복구 단어로 DID를 되찾아 주세요.', en: 'Take the DID back with your recovery words.' },
  DID_CHANGED_ELSEWHERE: {
    ko: '다른 기기에서 되찾았다면 그 기기를 쓰세요. 바꾼 적이 없다면 복구 단어로 곧바로 되찾으세요.',
    en: 'If you recovered it on another device, use that one. If not, take it back with your recovery words at once.',
  },
  RECOVERY_WORDS_COUNT: {
    ko: '종이에 적은 열두 단어를 차례대로, 사이를 띄어 넣어 주세요.',
    en: 'Enter all twelve in their order, with a space between them.',
  },
  RECOVERY_WORD_UNKNOWN: {
    ko: '아래 차례의 단어를 종이와 다시 견주어 보세요.',
    en: 'Compare the words at the places below with your paper.',
  },
  RECOVERY_WORDS_WRONG: {
    ko: '종이에 적은 단어와 차례를 다시 견주어 보세요. 비슷한 글자를 특히 살펴 주세요.',
    en: 'Compare words and order with your paper; look at letters that resemble each other.',
  },
  RECOVERY_ANSWERS_WRONG: {
    ko: '종이에 적은 것을 다시 보거나, 단어를 다시 보고 고쳐 적어 주세요.',
    en: 'Look at your paper again, or see the words again and mend what you wrote.',
  },
  RECOVERY_NOT_FOUND: {
    ko: '다른 지갑의 단어이거나, 다른 도시의 서비스에서 만든 것일 수 있습니다.',
    en: "They may be another wallet's, or made with another city's service.",
  },
  RECOVERY_ENDED: { ko: '처음 화면에서 새로 시작해 주세요.', en: 'Start anew on the first page.' },
  RECOVERY_NOT_PROMISED: {
    ko: '서비스가 보여 준 기록이 이 단어와 맞지 않습니다. 시에 문의해 주세요.',
    en: 'The log that the service shows does not fit these words. Ask the city.',
  },
  PROOF_NOT_READY: {
    ko: '다음 회차에 기록된 뒤에 다시 받아 주세요.',
    en: 'Try again once it is recorded in the next epoch.',
  },
  SERVICE_AWAY: { ko: '인터넷 연결을 확인하고 다시 시도해 주세요.', en: 'Check your connection and try again.' },
};

const unforeseen = {
  text: { ko: '지갑에 문제가 생겼습니다.', en: 'Something went wrong in the wallet.' },
  advice: { ko: '지갑을 닫았다가 다시 열어 주세요.', en: 'Close the wallet and open it again.' },
};

export function RefusalNotice({ error, again }: { error: unknown; again?: () => void }) {
  const { say, pick } = useSpeech();
  const refusal = error instanceof WalletRefusal ? error : null;
  return (
    <Notice tone="bad" live testId="wallet-refusal">
      <strong data-code={refusal?.code}>{pick(refusal?.text ?? unforeseen.text)}</strong>
      <span>{pick(refusal === null ? unforeseen.advice : advice[refusal.code])}</span>
      {refusal === null || refusal.because === null ? null : (
        <span class="small soft">
          <Reason code={refusal.code} because={refusal.because} />
        </span>
      )}
      {again === undefined ? null : (
        <button type="button" class="button plain quiet" onClick={again}>
          {say('다시 시도', 'Try again')}
        </button>
      )}
    </Notice>
  );
}

/** Which words, where the reason is a place in a list; otherwise the code of whoever refused. */
function Reason({ code, because }: { code: WalletRefusalCode; because: string }) {
  const { say } = useSpeech();
  if (code === 'RECOVERY_WORDS_COUNT') return <>{say(`넣은 단어: ${because}개`, `Words entered: ${because}`)}</>;
  if (code === 'RECOVERY_WORD_UNKNOWN' || code === 'RECOVERY_ANSWERS_WRONG') {
    return <strong>{say(`${because}번째 단어`, `Word ${because}`)}</strong>;
  }
  return (
    <>
      {say('이유', 'Reason')} <code>{because}</code>
    </>
  );
}
