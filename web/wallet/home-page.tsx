// The wallet's first page: the credentials it holds, a place to paste a link, and its own DID.
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import type { DisplayedCredential } from './core/wallet.ts';
import type { WaitingCredential } from './core/wallet-store.ts';
import { CredentialCard } from './credential-card.tsx';
import type { OpenWallet } from './open-wallet.ts';
import { OwnDid, WordsReminder } from './own-did.tsx';
import { PasteForm } from './paste-form.tsx';
import { StartCard } from './start-card.tsx';
import type { OwnDidState } from './use-own-did.ts';
import { WaitingList } from './waiting-list.tsx';

export function HomePage({ open, own }: { open: OpenWallet; own: OwnDidState }) {
  const { say } = useSpeech();
  const [held, again] = useRemote<DisplayedCredential[]>(() => open.wallet.listCredentials(), ['held']);
  const [waiting, lookAgain] = useRemote<WaitingCredential[]>(() => open.wallet.listWaiting(), ['waiting']);
  const waits = waiting.state === 'ready' && waiting.value.length > 0;
  const forget = async (id: string): Promise<void> => {
    await open.wallet.forgetCredential(id);
    again();
  };
  return (
    <>
      <PageTitle>{say('내 증명서', 'My credentials')}</PageTitle>
      {held.state === 'loading' ? <Loading /> : null}
      {held.state === 'failed' ? (
        <Notice tone="bad" live>
          {say(
            '보관한 증명서를 읽지 못했습니다. 이 창을 닫고 다시 열어 주세요.',
            'What is kept could not be read. Close this window and open it again.',
          )}
        </Notice>
      ) : null}
      {own.state === 'none' ? <StartCard wallet={open.wallet} onStarted={own.again} /> : null}
      {held.state === 'ready' && held.value.length === 0 && !waits && own.state !== 'none' ? (
        <div class="card">
          <Empty>
            <p>{say('아직 증명서가 없습니다.', 'There is no credential yet.')}</p>
            <p>
              {say(
                '기관에서 받은 발급 링크를 열거나, 아래에 붙여 넣어 주세요.',
                'Open the link of an offer you were given, or paste it below.',
              )}
            </p>
          </Empty>
        </div>
      ) : null}
      {waits ? (
        <WaitingList
          waiting={waiting.value}
          wallet={open.wallet}
          onChanged={() => {
            again();
            lookAgain();
          }}
        />
      ) : null}
      {held.state === 'ready' && held.value.length > 0 ? (
        <ul class="held">
          {held.value.map((credential) => (
            <li key={credential.id}>
              <CredentialCard credential={credential} onForget={() => forget(credential.id)} />
            </li>
          ))}
        </ul>
      ) : null}
      {held.state === 'ready' && held.value.length > 0 && !open.lasting ? <MayBeCleared /> : null}
      {own.state === 'known' && own.check.own.words !== undefined ? <WordsReminder /> : null}
      <PasteForm />
      <OwnDid own={own} />
    </>
  );
}

function MayBeCleared() {
  const { say } = useSpeech();
  return (
    <Notice tone="warn">
      <strong>{say('브라우저가 지갑을 지울 수도 있습니다.', 'The browser may clear this wallet away.')}</strong>
      <span>
        {say(
          '브라우저 메뉴에서 ‘홈 화면에 추가’나 ‘앱 설치’를 하면 지워지지 않습니다. 지워지면 기관에서 증명서를 다시 받아야 합니다.',
          'Install it (“Add to home screen” in the browser menu) and it stays. If it is cleared, credentials must be issued anew.',
        )}
      </span>
    </Notice>
  );
}
