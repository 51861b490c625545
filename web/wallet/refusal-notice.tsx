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
  NOTHING_TO_SHOW: {
    ko: '먼저 기관에서 그 증명서를 받아 주세요. 다른 기기의 지갑에 있다면 그 기기로 QR 코드를 찍어 주세요.',
    en: 'First get that credential from the office. If another device has it, scan the code with that one.',
  },
  VERIFIER_REFUSED: {
    ko: '로그인하던 화면으로 돌아가면 이유를 볼 수 있습니다.',
    en: 'The page where you were signing in shows the reason.',
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
          {say('이유', 'Reason')} <code>{refusal.because}</code>
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
