// A fresh wallet's two ways on: start anew, or take back the DID of a wallet that was lost.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import type { Wallet } from './core/wallet.ts';
import { RefusalNotice } from './refusal-notice.tsx';
import { linkTo } from './route.ts';

export function StartCard({ wallet, onStarted }: { wallet: Wallet; onStarted: () => void }) {
  const { say, language } = useSpeech();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const start = async (): Promise<void> => {
    setBusy(true);
    setRefused(null);
    try {
      await wallet.did.ensure(language);
      onStarted();
    } catch (error) {
      setRefused(error);
    }
    setBusy(false);
  };
  return (
    <section class="card stack" aria-labelledby="start-title" data-testid="start">
      <h2 id="start-title">{say('지갑을 처음 여셨습니다', 'This is a new wallet')}</h2>
      <p>
        {say(
          '이 기기에 열쇠를 만들고 내 공개 이름표(DID)를 등록합니다. 이름이나 전화번호는 묻지 않습니다.',
          'It makes keys on this device and registers a public identifier (DID) of your own. No name or number is asked.',
        )}
      </p>
      {refused === null ? null : <RefusalNotice error={refused} />}
      <button type="button" class="button big" disabled={busy} onClick={start} data-testid="start-new">
        {busy ? say('만드는 중…', 'Making it…') : say('새로 시작', 'Start anew')}
      </button>
      <p>
        <a href={linkTo({ page: 'recover' })} data-testid="start-recover">
          {say('이미 지갑이 있었나요? 복구 단어로 되찾기', 'Had a wallet before? Recover it with your words')}
        </a>
      </p>
    </section>
  );
}
