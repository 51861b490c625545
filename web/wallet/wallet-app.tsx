// The wallet's frame: opens what this device keeps, then shows the page its address names.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice } from '../shared/notices.tsx';
import { PageFrame } from '../shared/page-frame.tsx';
import { DidPage } from './did-page.tsx';
import { DidAlarm } from './did-status.tsx';
import { HomePage } from './home-page.tsx';
import { OfferPage } from './offer-page.tsx';
import { type OpenWallet, openWallet } from './open-wallet.ts';
import { PresentPage } from './present-page.tsx';
import { RecoverPage } from './recover-page.tsx';
import { linkTo, type Route, useRoute } from './route.ts';
import { SharedPage } from './shared-page.tsx';
import { type OwnDidState, useOwnDid } from './use-own-did.ts';
import { WordsPage } from './words-page.tsx';

type Opening = { state: 'opening' } | { state: 'open'; open: OpenWallet } | { state: 'failed' };

export function WalletApp() {
  const { say } = useSpeech();
  const [opening, setOpening] = useState<Opening>({ state: 'opening' });
  const route = useRoute();
  const open = useCallback((): void => {
    setOpening({ state: 'opening' });
    openWallet().then(
      (opened) => setOpening({ state: 'open', open: opened }),
      () => setOpening({ state: 'failed' }),
    );
  }, []);
  useEffect(open, [open]);

  return (
    <PageFrame
      name={{ ko: '지갑', en: 'Wallet' }}
      home="#/"
      narrow
      navigation={<Navigation route={route} />}
      footer={{
        ko: '증명서와 열쇠는 이 기기의 이 브라우저에만 있습니다. 열쇠는 꺼내 갈 수 없습니다.',
        en: 'Credentials and keys are only in this browser on this device. Keys cannot be taken out.',
      }}
    >
      {opening.state === 'opening' ? <Loading>{say('지갑을 여는 중입니다…', 'Opening the wallet…')}</Loading> : null}
      {opening.state === 'failed' ? (
        <Notice tone="bad" live>
          <strong>{say('지갑을 열지 못했습니다.', 'The wallet could not be opened.')}</strong>
          <span>
            {say(
              '사생활 보호 창에서는 지갑을 보관할 수 없습니다. 보통 창에서 열고, 처음이라면 인터넷 연결을 확인해 주세요.',
              'A private window cannot keep a wallet. Use an ordinary window and, the first time, check the connection.',
            )}
          </span>
          <button type="button" class="button plain quiet" onClick={open}>
            {say('다시 열기', 'Try again')}
          </button>
        </Notice>
      ) : null}
      {opening.state === 'open' ? <Page route={route} open={opening.open} /> : null}
    </PageFrame>
  );
}

function Navigation({ route }: { route: Route }) {
  const { say } = useSpeech();
  return (
    <nav class="wallet-nav" aria-label={say('주 메뉴', 'Main')}>
      <a href={linkTo({ page: 'home' })} aria-current={route.page === 'home' ? 'page' : undefined}>
        {say('증명서', 'Credentials')}
      </a>
      <a href={linkTo({ page: 'shared' })} aria-current={route.page === 'shared' ? 'page' : undefined}>
        {say('보여 준 기록', 'Shared')}
      </a>
      <a href={linkTo({ page: 'did' })} aria-current={route.page === 'did' ? 'page' : undefined}>
        {say('내 DID', 'My DID')}
      </a>
    </nav>
  );
}

function Page({ route, open }: { route: Route; open: OpenWallet }) {
  const own = useOwnDid(open.wallet, route.page);
  return (
    <>
      {route.page === 'did' ? null : <DidAlarm own={own} />}
      <Content route={route} open={open} own={own} />
    </>
  );
}

function Content({ route, open, own }: { route: Route; open: OpenWallet; own: OwnDidState }) {
  const { wallet } = open;
  switch (route.page) {
    case 'offer':
      return <OfferPage key={route.uri} uri={route.uri} wallet={wallet} own={own} />;
    case 'present':
      return <PresentPage key={route.request} request={route.request} wallet={wallet} />;
    case 'shared':
      return <SharedPage wallet={wallet} />;
    case 'did':
      return <DidPage open={open} own={own} />;
    case 'words':
      return <WordsPage wallet={wallet} />;
    case 'recover':
      return <RecoverPage wallet={wallet} own={own} />;
    default:
      return <HomePage open={open} own={own} />;
  }
}
