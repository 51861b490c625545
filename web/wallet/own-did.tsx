// The wallet's own DID, made at the first opening, and how firmly its hash stands on the public ledger.
import { AnchorPanel } from '../shared/anchor-panel.tsx';
import { CopyButton } from '../shared/copy-button.tsx';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { Anchor } from '../shared/service-types.ts';
import { ensureDid, type OpenWallet } from './open-wallet.ts';

interface Resolution {
  didDocumentMetadata?: { anchor?: Anchor | null };
}

export function OwnDid({ open }: { open: OpenWallet }) {
  const { say } = useSpeech();
  const [own, again] = useRemote<string>(async () => (await ensureDid(open.wallet)).did, ['own']);
  return (
    <section class="card" aria-labelledby="did-title">
      <div class="stack">
        <h2 id="did-title">{say('내 공개 이름표 (DID)', 'My public identifier (DID)')}</h2>
        <p class="soft small">
          {say(
            '이 기기에서 만든 이름표입니다. 이름이나 주소는 들어 있지 않고, 해시만 공개 장부에 기록됩니다.',
            'Made on this device. It holds no name and no address; only its hash is on the public ledger.',
          )}
        </p>
        {own.state === 'loading' ? <Loading>{say('만드는 중입니다…', 'Making it…')}</Loading> : null}
        {own.state === 'failed' ? (
          <Notice tone="warn" live>
            <span>
              {say(
                '서비스에 연결되지 않아 아직 등록하지 못했습니다. 가진 증명서는 그대로 볼 수 있습니다.',
                'Not registered yet: the service is out of reach. The credentials you hold can still be seen.',
              )}
            </span>
            <button type="button" class="button plain quiet" onClick={again}>
              {say('다시 시도', 'Try again')}
            </button>
          </Notice>
        ) : null}
        {own.state === 'ready' ? (
          <>
            <p class="small">
              <code data-testid="wallet-did">{own.value}</code>
            </p>
            <CopyButton text={own.value} label={say('복사', 'Copy')} />
            <DidAnchor did={own.value} serviceUrl={open.serviceUrl} />
          </>
        ) : null}
      </div>
    </section>
  );
}

function DidAnchor({ did, serviceUrl }: { did: string; serviceUrl: string }) {
  const { say } = useSpeech();
  const [resolved] = useRemote<Resolution>(
    (signal) => askService(`${serviceUrl}/1.0/identifiers/${encodeURIComponent(did)}`, undefined, signal),
    [serviceUrl, did],
  );
  if (resolved.state === 'loading') return <Loading />;
  if (resolved.state === 'failed') {
    return (
      <p class="small soft">
        {say('지금은 기록 상태를 물어볼 수 없습니다(오프라인).', 'Its record cannot be asked for now (offline).')}
      </p>
    );
  }
  const anchor = resolved.value.didDocumentMetadata?.anchor ?? null;
  return anchor === null ? (
    <p class="small soft">{say('아직 공개 장부에 없습니다.', 'Not on the public ledger yet.')}</p>
  ) : (
    <div class="wide">
      <AnchorPanel anchor={anchor} serviceUrl={serviceUrl} />
    </div>
  );
}
