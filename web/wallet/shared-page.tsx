// The log of what was shown to whom: names of claims and the reason, never their values.
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { claimName } from '../shared/terms.ts';
import type { Wallet } from './core/wallet.ts';
import type { SharedRecord } from './core/wallet-store.ts';

export function SharedPage({ wallet }: { wallet: Wallet }) {
  const { say } = useSpeech();
  const [shared] = useRemote<SharedRecord[]>(() => wallet.listShared(), ['shared']);
  return (
    <>
      <PageTitle>{say('보여 준 기록', 'What was shared')}</PageTitle>
      <p class="lead">
        {say(
          '누구에게 무엇을 왜 보여 주었는지 이 기기에만 적어 둡니다.',
          'Whom you showed what, and why. Kept on this device only.',
        )}
      </p>
      {shared.state === 'loading' ? <Loading /> : null}
      {shared.state === 'failed' ? (
        <Notice tone="bad" live>
          {say('기록을 읽지 못했습니다.', 'The log could not be read.')}
        </Notice>
      ) : null}
      {shared.state === 'ready' && shared.value.length === 0 ? (
        <Empty>{say('아직 아무에게도 보여 주지 않았습니다.', 'Nothing has been shown to anybody yet.')}</Empty>
      ) : null}
      {shared.state === 'ready' && shared.value.length > 0 ? (
        <ol class="held">
          {shared.value.map((record) => (
            <SharedItem key={record.id} record={record} />
          ))}
        </ol>
      ) : null}
    </>
  );
}

function SharedItem({ record }: { record: SharedRecord }) {
  const { say, pick, language } = useSpeech();
  const outcome = {
    accepted: { tone: 'good', word: say('받아들임', 'Accepted') },
    refused: { tone: 'bad', word: say('받아들이지 않음', 'Not accepted') },
    declined: { tone: '', word: say('내가 거절함', 'You refused') },
  }[record.outcome];
  return (
    <li class="card stack" data-testid="shared-row" data-outcome={record.outcome}>
      <div class="row">
        <strong>{pick(record.verifier_name)}</strong>
        <span class={`badge ${outcome.tone}`}>{outcome.word}</span>
      </div>
      <p class="small soft">{dateTime(new Date(record.at_ms).toISOString(), language)}</p>
      <p>{pick(record.purpose)}</p>
      <p class="small">
        {pick(record.type_name)}
        {record.claims.length === 0 ? ` · ${say('보여 준 것 없음', 'nothing shown')}` : ': '}
        {record.claims.map((claim) => pick(claimName(claim))).join(', ')}
      </p>
    </li>
  );
}
