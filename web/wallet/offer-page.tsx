// Taking a credential: who offers what, the code if one is needed, and done.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import type { OfferPreview, Wallet } from './core/wallet.ts';
import { WalletRefusal } from './core/wallet-refusal.ts';
import { RefusalNotice } from './refusal-notice.tsx';
import { linkTo } from './route.ts';
import type { OwnDidState } from './use-own-did.ts';

export function OfferPage({ uri, wallet, own }: { uri: string; wallet: Wallet; own: OwnDidState }) {
  const { say } = useSpeech();
  const [refused, setRefused] = useState<unknown>(null);
  const [offer, again] = useRemote<OfferPreview | null>(async () => {
    setRefused(null);
    try {
      return await wallet.resolveOffer(uri);
    } catch (error) {
      setRefused(error);
      return null;
    }
  }, [uri]);
  const [taken, setTaken] = useState(false);
  if (taken) return <Taken />;
  return (
    <>
      <PageTitle>{say('증명서 받기', 'Take a credential')}</PageTitle>
      {offer.state === 'loading' ? <Loading>{say('발급 안내를 읽는 중입니다…', 'Reading the offer…')}</Loading> : null}
      {refused === null ? null : <RefusalNotice error={refused} again={again} />}
      {offer.state === 'ready' && offer.value !== null ? (
        <Offered offer={offer.value} wallet={wallet} onTaken={() => setTaken(true)} />
      ) : null}
      {own.state === 'none' ? (
        <p class="small">
          <a href={linkTo({ page: 'recover' })}>
            {say(
              '다른 기기에서 쓰던 지갑이 있나요? 복구 단어로 먼저 되찾기',
              'Had a wallet on another device? Recover it first with your words',
            )}
          </a>
        </p>
      ) : null}
    </>
  );
}

function Offered({ offer, wallet, onTaken }: { offer: OfferPreview; wallet: Wallet; onTaken: () => void }) {
  const { say, pick } = useSpeech();
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const wrongCode = refused instanceof WalletRefusal && refused.code === 'TX_CODE_WRONG';

  const take = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setRefused(null);
    try {
      await wallet.acceptOffer(offer, offer.tx_code === null ? undefined : code.trim());
      onTaken();
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
  };

  return (
    <form class="card stack" onSubmit={take}>
      <p>
        <strong>{pick(offer.issuer_name)}</strong>
        {say('에서 다음 증명서를 발급합니다.', ' offers you this credential.')}
      </p>
      <ul class="offered wide">
        {offer.types.map((type) => (
          <li key={type.id}>{pick(type.name)}</li>
        ))}
      </ul>
      {offer.left.length === 0 ? null : (
        <div class="wide small" data-testid="offer-left">
          <p>
            {say(
              '이 지갑이 다루지 않는 형식으로도 제안되었습니다. 다음은 받지 않습니다.',
              'It is offered in formats that this wallet does not hold, too. These are left:',
            )}
          </p>
          <ul>
            {offer.left.map((type) => (
              <li key={type.id}>
                {pick(type.name)} <code>{type.id}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
      <details class="wide">
        <summary>{say('발급 기관의 주소', 'Address of the issuer')}</summary>
        <code>{offer.issuer}</code>
      </details>
      {offer.tx_code === null ? null : (
        <div class="field">
          <label for="tx-code">{say('확인 번호', 'Code')}</label>
          <input
            id="tx-code"
            class="input code-input"
            value={code}
            required
            autocomplete="one-time-code"
            inputMode={offer.tx_code.input_mode === 'numeric' ? 'numeric' : 'text'}
            maxLength={offer.tx_code.length ?? undefined}
            aria-invalid={wrongCode}
            aria-describedby="tx-code-hint"
            onInput={(event) => setCode(event.currentTarget.value)}
            data-testid="tx-code"
          />
          <span class="hint" id="tx-code-hint">
            {say(
              '창구나 전화로 따로 받은 번호입니다.',
              'You were given it separately, at the counter or by telephone.',
            )}
          </span>
        </div>
      )}
      {refused === null ? null : <RefusalNotice error={refused} />}
      <div class="row">
        <button type="submit" class="button big" disabled={busy} data-testid="offer-accept">
          {busy ? say('받는 중…', 'Taking it…') : say('지갑에 받기', 'Take it')}
        </button>
        <a class="button plain big" href="#/">
          {say('받지 않기', 'Not now')}
        </a>
      </div>
    </form>
  );
}

function Taken() {
  const { say } = useSpeech();
  return (
    <>
      <PageTitle>{say('증명서를 받았습니다', 'You have the credential')}</PageTitle>
      <Notice tone="good" live testId="offer-taken">
        <span>{say('이 기기의 지갑에 보관했습니다.', 'It is kept in the wallet on this device.')}</span>
      </Notice>
      <p>
        <a class="button" href="#/" data-testid="to-credentials">
          {say('내 증명서 보기', 'See my credentials')}
        </a>
      </p>
    </>
  );
}
