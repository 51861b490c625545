// Everything about the wallet's own DID: how it stands, its recovery words, its keys, its history, its proof, its end.
import { useState } from 'preact/hooks';
import { AnchorPanel } from '../shared/anchor-panel.tsx';
import { CopyButton } from '../shared/copy-button.tsx';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import type { DidCheck } from './core/judge-own-did.ts';
import type { StoredDid } from './core/wallet-store.ts';
import { DidEnd, DidEnded } from './did-end.tsx';
import { DidHistory } from './did-history.tsx';
import { DidStatus } from './did-status.tsx';
import type { OpenWallet } from './open-wallet.ts';
import { WordsReminder } from './own-did.tsx';
import { RefusalNotice } from './refusal-notice.tsx';
import { StartCard } from './start-card.tsx';
import type { OwnDidState } from './use-own-did.ts';

export function DidPage({ open, own }: { open: OpenWallet; own: OwnDidState }) {
  const { say } = useSpeech();
  return (
    <>
      <PageTitle>{say('내 공개 이름표 (DID)', 'My public identifier (DID)')}</PageTitle>
      <p class="lead">
        {say(
          '이 기기에서 만든 이름표입니다. 이름이나 주소는 들어 있지 않고, 해시만 공개 장부에 기록됩니다.',
          'Made on this device. It holds no name and no address; only its hash is on the public ledger.',
        )}
      </p>
      {own.state === 'opening' ? <Loading>{say('확인하는 중입니다…', 'Checking it…')}</Loading> : null}
      {own.state === 'failed' ? (
        <Notice tone="warn" live>
          {say('서비스에 연결되지 않습니다.', 'The service is out of reach.')}
          <button type="button" class="button plain quiet" onClick={own.again}>
            {say('다시 시도', 'Try again')}
          </button>
        </Notice>
      ) : null}
      {own.state === 'none' ? <StartCard wallet={open.wallet} onStarted={own.again} /> : null}
      {own.state === 'known' ? <Known open={open} check={own.check} again={own.again} /> : null}
    </>
  );
}

function Known({ open, check, again }: { open: OpenWallet; check: DidCheck; again: () => void }) {
  const { say } = useSpeech();
  const { own } = check;
  const ended = own.ended !== undefined;
  return (
    <>
      <section class="card stack" aria-labelledby="did-stands">
        <h2 id="did-stands">{say('지금 상태', 'How it stands')}</h2>
        <p class="small">
          <code data-testid="wallet-did">{own.did}</code>
        </p>
        <CopyButton text={own.did} label={say('복사', 'Copy')} />
        <DidStatus check={check} again={again} />
        {check.anchor === null ? null : (
          <details class="wide">
            <summary>{say('공개 장부의 기록 보기', 'See the record on the public ledger')}</summary>
            <AnchorPanel anchor={check.anchor} serviceUrl={open.serviceUrl} />
          </details>
        )}
        {own.ended?.how === 'erased' ? null : <SaveProof open={open} />}
      </section>
      {ended ? <DidEnded own={own} wallet={open.wallet} again={again} /> : null}
      {ended ? null : <RecoveryState own={own} />}
      {ended ? null : <Rotate open={open} own={own} again={again} />}
      {own.ended?.how === 'erased' ? null : <DidHistory log={own.log} />}
      {ended ? null : <DidEnd wallet={open.wallet} again={again} />}
    </>
  );
}

function RecoveryState({ own }: { own: StoredDid }) {
  const { say } = useSpeech();
  return (
    <section class="card stack" aria-labelledby="did-recovery">
      <h2 id="did-recovery">{say('복구 단어', 'Recovery words')}</h2>
      {own.recovery_key_hash === undefined ? (
        <Notice tone="warn" testId="words-never">
          {say(
            '복구 단어가 생기기 전에 만든 지갑입니다. 복구 단어를 가지려면 이 DID를 끝내고 새로 만들어야 합니다.',
            'This wallet is from before recovery words. To have them, end this DID and make a new one.',
          )}
        </Notice>
      ) : null}
      {own.words === undefined ? null : <WordsReminder />}
      {own.recovery_key_hash !== undefined && own.words === undefined ? (
        <p data-testid="words-confirmed">
          {say(
            '종이에 적어 두셨습니다. 이 기기에는 남아 있지 않아 다시 보여 드릴 수 없습니다. 종이를 안전한 곳에 두세요.',
            'You have them on paper. They are no longer on this device and cannot be shown again. Keep the paper safe.',
          )}
        </p>
      ) : null}
    </section>
  );
}

function Rotate({ open, own, again }: { open: OpenWallet; own: StoredDid; again: () => void }) {
  const { say } = useSpeech();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const rotate = async (): Promise<void> => {
    setBusy(true);
    setDone(false);
    setRefused(null);
    try {
      await open.wallet.did.rotate();
      setDone(true);
    } catch (error) {
      setRefused(error);
    }
    setBusy(false);
    again();
  };
  return (
    <section class="card stack" aria-labelledby="did-keys">
      <h2 id="did-keys">{say('열쇠 바꾸기', 'Change the key')}</h2>
      <p class="soft">
        {say(
          '누군가 이 기기를 만졌을까 걱정될 때 바꾸세요. DID와 증명서는 그대로이고, 이전 열쇠는 지워집니다.',
          'Do this if you fear that somebody had your device. The DID and your credentials stay; the old key is deleted.',
        )}
      </p>
      {own.next_key_id === undefined ? (
        <p class="small soft">
          {say(
            '예전 지갑이라 처음 한 번은 다음 열쇠를 약속하기만 합니다. 열쇠를 바꾸려면 한 번 더 눌러 주세요.',
            'This is an older wallet: the first time only promises the next key. Press once more to change it.',
          )}
        </p>
      ) : null}
      {done ? (
        <Notice tone="good" live testId="did-rotated">
          {say('열쇠를 바꾸었습니다. 이전 열쇠는 지웠습니다.', 'The key is changed, and the old one is deleted.')}
        </Notice>
      ) : null}
      {refused === null ? null : <RefusalNotice error={refused} />}
      <button type="button" class="button" disabled={busy} onClick={rotate} data-testid="did-rotate">
        {busy ? say('바꾸는 중…', 'Changing it…') : say('새 열쇠로 바꾸기', 'Change to a new key')}
      </button>
    </section>
  );
}

function SaveProof({ open }: { open: OpenWallet }) {
  const { say } = useSpeech();
  const [refused, setRefused] = useState<unknown>(null);
  const save = async (): Promise<void> => {
    setRefused(null);
    try {
      const { name, text } = await open.wallet.did.proof();
      const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
      const link = Object.assign(document.createElement('a'), { href: address, download: name });
      link.click();
      URL.revokeObjectURL(address);
    } catch (error) {
      setRefused(error);
    }
  };
  return (
    <>
      {refused === null ? null : <RefusalNotice error={refused} />}
      <button type="button" class="button plain quiet" onClick={save} data-testid="save-proof">
        {say('증명 파일 저장', 'Save the proof')}
      </button>
      <p class="small soft">
        {say(
          '나중에 서비스 없이도 공개 장부와 견주어 볼 수 있는 파일입니다.',
          'A file that can be held against the public ledger later, without the service.',
        )}
      </p>
    </>
  );
}
