// How anchoring stands: what keeps epochs from the chain, the nodes asked, the account that pays, and the newest epochs.
import { CopyButton } from '../shared/copy-button.tsx';
import { shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { AnchoringState, EpochRow, NodeState } from '../shared/service-types.ts';
import { term } from '../shared/terms.ts';
import { troubleSentence } from './anchoring-troubles.ts';

const refresh_ms = 5_000;
/** Below this many commits the account is shown as running low. */
const commitsLow = 100;
const wei_per_coin = 10n ** 18n;
const shownDecimals = 4;

const nodeTone: Record<NodeState, string> = {
  in_use: 'good',
  ready: 'good',
  away: 'warn',
  wrong_chain: 'bad',
  disagrees: 'bad',
};

export function AnchoringPage() {
  const { say } = useSpeech();
  const [state, again] = useRemote<AnchoringState>(
    (signal) => askService('/api/utility/anchoring', undefined, signal),
    ['anchoring'],
    refresh_ms,
  );
  return (
    <>
      <div class="stack">
        <PageTitle>{say('공개 장부', 'Public ledger')}</PageTitle>
        <p class="lead">
          {say(
            '바뀐 기록은 회차마다 해시 하나로 묶여 체인에 남습니다. 체인에는 개인정보가 없습니다.',
            'Once an epoch, all that changed goes on the chain as one hash. Nothing personal is on the chain.',
          )}
        </p>
      </div>
      {state.state === 'loading' ? <Loading /> : null}
      {state.state === 'failed' ? <ProblemNotice problem={state.problem} again={again} /> : null}
      {state.state === 'ready' ? <Standing state={state.value} /> : null}
    </>
  );
}

function Standing({ state }: { state: AnchoringState }) {
  const { say } = useSpeech();
  return (
    <>
      <Trouble trouble={state.trouble} />
      <div class="two-columns">
        <section class="card" aria-labelledby="payer-title">
          <div class="stack">
            <h2 id="payer-title">{say('보내는 계정', 'The account that sends')}</h2>
            <Payer state={state} />
          </div>
        </section>
        <section class="card" aria-labelledby="nodes-title">
          <div class="stack">
            <h2 id="nodes-title">{say('체인 노드', 'Chain nodes')}</h2>
            <Nodes nodes={state.nodes} />
          </div>
        </section>
      </div>
      <section class="card" aria-labelledby="epochs-title">
        <div class="stack">
          <h2 id="epochs-title">{say('최근 회차', 'Newest epochs')}</h2>
          <p class="small" role="status" data-testid="changes-waiting">
            {say(
              `다음 회차를 기다리는 변경 ${state.changes_waiting}건`,
              `${state.changes_waiting} changes wait for the next epoch`,
            )}
          </p>
          {state.epochs.length === 0 ? (
            <Empty>{say('아직 회차가 없습니다.', 'There is no epoch yet.')}</Empty>
          ) : (
            <EpochTable epochs={state.epochs} />
          )}
        </div>
      </section>
    </>
  );
}

function Trouble({ trouble }: Pick<AnchoringState, 'trouble'>) {
  const { say, pick, language } = useSpeech();
  if (trouble === null) {
    return (
      <Notice tone="good" live testId="anchoring-well">
        {say('체인에 잘 기록되고 있습니다.', 'Epochs reach the chain as they should.')}
      </Notice>
    );
  }
  const sentence = troubleSentence(trouble.code);
  return (
    <Notice tone="bad" live testId="anchoring-trouble">
      <strong>{pick(sentence.what)}</strong>
      <span>{pick(sentence.advice)}</span>
      <span class="small" lang="en">
        {trouble.detail}
      </span>
      <span class="small soft">
        <code data-testid="trouble-code">{trouble.code}</code> ·{' '}
        {say(`${shortDateTime(trouble.since, language)}부터`, `since ${shortDateTime(trouble.since, language)}`)}
      </span>
    </Notice>
  );
}

function Payer({ state: { account, place } }: { state: AnchoringState }) {
  const { say, language } = useSpeech();
  return (
    <>
      {account === null ? (
        <p class="soft">{say('응답하는 노드가 없어 알 수 없습니다.', 'Not known: no node answers.')}</p>
      ) : (
        <dl class="facts">
          <dt>{say('주소', 'Address')}</dt>
          <dd>
            <code>{account.address}</code>
          </dd>
          <dt>{say('잔액', 'Balance')}</dt>
          <dd>{coins(account.balance_wei, language === 'ko' ? 'ko-KR' : 'en-GB')}</dd>
          <dt>{say('보낼 수 있는 회차', 'Epochs it can still pay for')}</dt>
          <dd>
            <CommitsLeft left={account.commits_left} />
          </dd>
        </dl>
      )}
      {place === null ? null : (
        <details>
          <summary>{say('계약과 등록부', 'Contract and registry')}</summary>
          <dl class="facts small">
            <dt>{say('체인 번호', 'Chain')}</dt>
            <dd>
              <code>{place.chain_id}</code>
            </dd>
            <dt>{say('계약 주소', 'Contract')}</dt>
            <dd>
              <code>{place.contract}</code>
            </dd>
            <dt>{say('등록부', 'Registry')}</dt>
            <dd>
              <code>{place.registry_id}</code>
            </dd>
          </dl>
        </details>
      )}
    </>
  );
}

function CommitsLeft({ left }: { left: number | null }) {
  const { say, language } = useSpeech();
  if (left === null) return <>{say('첫 회차 뒤에 알 수 있음', 'known after the first')}</>;
  const count = left.toLocaleString(language === 'ko' ? 'ko-KR' : 'en-GB');
  return (
    <span class={left < commitsLow ? 'badge bad' : undefined} data-testid="commits-left">
      {say(`약 ${count}회`, `about ${count}`)}
    </span>
  );
}

function Nodes({ nodes }: Pick<AnchoringState, 'nodes'>) {
  const { say, pick } = useSpeech();
  if (nodes.length === 0) return <p class="soft">{say('아직 물어본 노드가 없습니다.', 'No node was asked yet.')}</p>;
  return (
    <ul class="issued">
      {nodes.map(({ host, state, block }) => (
        <li key={host} class="issued-row" data-testid="chain-node">
          <code>{host}</code>
          <span class="small">{block === null ? '—' : say(`블록 ${block}`, `block ${block}`)}</span>
          <span class={`badge ${nodeTone[state]}`} data-state={state}>
            {pick(term('node_state', state))}
          </span>
        </li>
      ))}
    </ul>
  );
}

function EpochTable({ epochs }: { epochs: EpochRow[] }) {
  const { say } = useSpeech();
  return (
    <div class="table-scroll wide">
      <table class="table epochs">
        <thead>
          <tr>
            <th scope="col">{say('회차', 'Epoch')}</th>
            <th scope="col">{say('상태', 'Status')}</th>
            <th scope="col" class="number">
              {say('변경', 'Changes')}
            </th>
            <th scope="col">{say('만든 때', 'Made')}</th>
            <th scope="col" class="number">
              {say('블록', 'Block')}
            </th>
            <th scope="col" class="number">
              {say('확인 수', 'Confirmations')}
            </th>
            <th scope="col">{say('트랜잭션', 'Transaction')}</th>
          </tr>
        </thead>
        <tbody>
          {epochs.map((epoch) => (
            <Row key={epoch.epoch} epoch={epoch} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ epoch }: { epoch: EpochRow }) {
  const { say, pick, language } = useSpeech();
  return (
    <tr data-testid="epoch-row" data-status={epoch.status}>
      <th scope="row">{epoch.epoch}</th>
      <td>
        <span class={`badge ${epoch.status === 'final' ? 'good' : 'warn'}`}>
          {pick(term('anchor_status', epoch.status))}
        </span>
      </td>
      <td class="number" data-label={say('변경', 'Changes')}>
        {epoch.changes}
      </td>
      <td>{shortDateTime(epoch.made_at, language)}</td>
      <td class="number" data-label={say('블록', 'Block')}>
        {epoch.block ?? '—'}
      </td>
      <td class="number" data-label={say('확인 수', 'Confirmations')}>
        {epoch.confirmations ?? '—'}
      </td>
      <td>
        {epoch.transaction === null ? (
          '—'
        ) : (
          <span class="row">
            <code title={epoch.transaction}>{`${epoch.transaction.slice(0, 10)}…`}</code>
            <CopyButton text={epoch.transaction} label={say('복사', 'Copy')} />
          </span>
        )}
        {epoch.sends > 1 ? (
          <span class="small soft">
            {say(`수수료를 올려 ${epoch.sends}번 보냄`, `sent ${epoch.sends} times with rising fees`)}
          </span>
        ) : null}
      </td>
    </tr>
  );
}

/** A balance in whole coins: 1234500000000000000 → "1.2345". */
function coins(wei: string, locale: string): string {
  const amount = BigInt(wei);
  const decimals = (amount % wei_per_coin).toString().padStart(18, '0').slice(0, shownDecimals);
  return `${(amount / wei_per_coin).toLocaleString(locale)}.${decimals}`;
}
