// Taking a DID back on this device with its recovery words, and what to do about credentials afterwards.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import type { Wallet } from './core/wallet.ts';
import { WalletRefusal } from './core/wallet-refusal.ts';
import { RefusalNotice } from './refusal-notice.tsx';
import { linkTo } from './route.ts';
import type { OwnDidState } from './use-own-did.ts';

export function RecoverPage({ wallet, own }: { wallet: Wallet; own: OwnDidState }) {
  const { say } = useSpeech();
  const [did, setDid] = useState<string | null>(null);
  const [hadOne] = useState(own.state === 'known');
  return (
    <>
      <PageTitle>{say('복구 단어로 되찾기', 'Recover with your words')}</PageTitle>
      {did === null ? (
        <>
          {hadOne || (own.state === 'known' && own.check.own.ended === undefined) ? <Replaces /> : null}
          <WordsForm
            wallet={wallet}
            onRecovered={(recovered) => {
              setDid(recovered);
              own.again();
            }}
          />
        </>
      ) : (
        <Recovered did={did} />
      )}
    </>
  );
}

function Replaces() {
  const { say } = useSpeech();
  return (
    <Notice tone="warn" testId="recover-replaces">
      {say(
        '이 지갑에는 이미 DID가 있습니다. 다른 DID를 되찾으면 지금 것은 이 기기에서 없어집니다.',
        'This wallet has a DID already. Recovering another one takes the present one off this device.',
      )}
    </Notice>
  );
}

function WordsForm({ wallet, onRecovered }: { wallet: Wallet; onRecovered: (did: string) => void }) {
  const { say } = useSpeech();
  const [words, setWords] = useState('');
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const recover = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setRefused(null);
    try {
      onRecovered((await wallet.did.recover(words)).did);
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
  };
  const aboutWords = refused instanceof WalletRefusal && refused.code.startsWith('RECOVERY_WORD');
  return (
    <form class="card stack" onSubmit={recover}>
      <p>
        {say(
          '종이에 적어 둔 열두 단어를 차례대로 넣어 주세요. 되찾으면 이전 기기에서는 이 DID를 더 바꿀 수 없습니다.',
          'Enter the twelve words from your paper, in their order. Afterwards the old device can change this DID no more.',
        )}
      </p>
      <div class="field wide paste-field">
        <label for="recover-words">{say('복구 단어 열두 개', 'The twelve recovery words')}</label>
        <textarea
          id="recover-words"
          class="input"
          rows={4}
          value={words}
          required
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={aboutWords}
          aria-describedby="recover-hint"
          onInput={(event) => setWords(event.currentTarget.value)}
          data-testid="recover-words"
        />
        <span class="hint" id="recover-hint">
          {say(
            '단어 사이는 한 칸 띄거나 줄을 바꿔 주세요. 번호를 함께 적어도 됩니다.',
            'A space or a new line between words; numbers before them do no harm.',
          )}
        </span>
      </div>
      {refused === null ? null : <RefusalNotice error={refused} />}
      <div class="row">
        <button type="submit" class="button big" disabled={busy} data-testid="recover-submit">
          {busy ? say('되찾는 중…', 'Recovering…') : say('되찾기', 'Recover')}
        </button>
        <a class="button plain big" href={linkTo({ page: 'home' })}>
          {say('그만두기', 'Not now')}
        </a>
      </div>
    </form>
  );
}

function Recovered({ did }: { did: string }) {
  const { say } = useSpeech();
  return (
    <>
      <Notice tone="good" live testId="recovered">
        <strong>{say('DID를 되찾았습니다.', 'You have your DID again.')}</strong>
        <code class="small">{did}</code>
        <span>
          {say(
            '이전 기기의 열쇠는 이제 쓸 수 없습니다. 복구 단어는 앞으로도 같은 것을 씁니다.',
            "The old device's keys are of no use now. Your recovery words stay the same.",
          )}
        </span>
      </Notice>
      <section class="card stack" aria-labelledby="re-issue">
        <h2 id="re-issue">{say('증명서는 다시 받아야 합니다', 'Credentials must be issued anew')}</h2>
        <p>
          {say(
            '증명서의 열쇠는 잃어버린 기기에만 있어 옮길 수 없습니다.',
            'Their keys were only on the lost device and cannot be moved.',
          )}
        </p>
        <ol class="wide steps">
          <li>
            {say(
              '발급한 기관(수도 계정이면 수도 사업소)에 기기를 잃었다고 알립니다.',
              'Tell the office that issued them (for a water account, the water office) that you lost the device.',
            )}
          </li>
          <li>
            {say(
              '기관이 이전 증명서를 폐지하고 새 발급 안내를 줍니다.',
              'The office revokes the old ones and gives you a new offer.',
            )}
          </li>
          <li>{say('이 지갑에서 그 링크를 엽니다.', 'Open its link in this wallet.')}</li>
        </ol>
        <a class="button" href={linkTo({ page: 'home' })}>
          {say('지갑으로', 'To the wallet')}
        </a>
      </section>
    </>
  );
}
