// One anchor as people can check it: where it is recorded, how firmly, and the proof worked out in this very page.
import { useMemo } from 'preact/hooks';
import { checkAnchor } from './anchor-check.ts';
import { dateTime } from './format.ts';
import { useSpeech } from './language.tsx';
import { Notice } from './notices.tsx';
import { useRemote } from './remote.ts';
import { askService } from './service-client.ts';
import type { Anchor } from './service-types.ts';
import { term } from './terms.ts';
import './styles/anchor.css';

const refresh_ms = 3_000;

/** Shows the anchor as the verdict had it; while that was not final, asks for its newest state. */
export function AnchorPanel({ anchor, serviceUrl = '' }: { anchor: Anchor; serviceUrl?: string }) {
  if (anchor.status === 'final') return <AnchorCard anchor={anchor} />;
  return <AnchorInMotion first={anchor} serviceUrl={serviceUrl} />;
}

function AnchorInMotion({ first, serviceUrl }: { first: Anchor; serviceUrl: string }) {
  const [remote] = useRemote<Anchor>(
    (signal) => askService(`${serviceUrl}/api/anchors/${first.key}`, undefined, signal),
    [serviceUrl, first.key],
    refresh_ms,
    ({ status }) => status === 'final',
  );
  return <AnchorCard anchor={remote.state === 'ready' ? remote.value : first} />;
}

function AnchorCard({ anchor }: { anchor: Anchor }) {
  const { say, pick, language } = useSpeech();
  const check = useMemo(() => checkAnchor(anchor), [anchor]);
  const tone = anchor.status === 'final' ? 'good' : 'warn';
  return (
    <div class="anchor">
      <p class="row">
        <span class={`badge ${tone}`} data-testid="anchor-status" data-status={anchor.status} role="status">
          {pick(term('anchor_status', anchor.status))}
        </span>
        {anchor.block_time === null ? null : <span class="small">{dateTime(anchor.block_time, language)}</span>}
      </p>
      {check === 'proven' ? (
        <Notice tone="good" testId="proof-proven">
          {say(
            '이 페이지가 증명을 직접 계산했고, 결과가 공개된 루트와 같습니다.',
            'This page worked the proof out itself, and it leads to the published root.',
          )}
        </Notice>
      ) : null}
      {check === 'disproven' ? (
        <Notice tone="bad" testId="proof-disproven">
          {say(
            '증명을 계산한 결과가 공개된 루트와 다릅니다. 이 화면을 저장해 시에 알려 주세요.',
            'The proof does not lead to the published root. Please save this page and tell the city.',
          )}
        </Notice>
      ) : null}
      {check === 'waiting' ? (
        <p class="small">
          {say(
            '다음 회차에 체인에 기록됩니다. 기록되면 이 화면이 스스로 바뀝니다.',
            'It goes on the chain with the next epoch; this page will change by itself.',
          )}
        </p>
      ) : null}
      <dl class="facts small">
        <Fact name={say('회차', 'Epoch')} value={anchor.epoch === null ? null : String(anchor.epoch)} />
        <Fact name={say('블록', 'Block')} value={anchor.block === null ? null : String(anchor.block)} />
        <Fact name={say('트랜잭션', 'Transaction')} value={anchor.transaction} testId="anchor-transaction" />
      </dl>
      <details>
        <summary>{say('체인에서 직접 확인하기', 'Check it on the chain yourself')}</summary>
        <p class="small">
          {say(
            '아무 체인 조회 도구로나 아래 계약에서 이 회차의 루트를 읽어, 같은 값인지 견주어 보세요. 체인에는 개인정보가 없습니다.',
            "With any chain explorer, read this epoch's root from the contract below and compare. Nothing personal is on the chain.",
          )}
        </p>
        <dl class="facts small">
          <Fact name={say('체인 번호', 'Chain')} value={String(anchor.chain_id)} />
          <Fact name={say('계약 주소', 'Contract')} value={anchor.contract} />
          <Fact name={say('등록부', 'Registry')} value={anchor.registry_id} />
          <Fact name={say('루트', 'Root')} value={anchor.root} />
          <Fact name={say('열쇠', 'Key')} value={anchor.key} />
          <Fact name={say('값', 'Value')} value={anchor.value ?? say('없음', 'none')} />
        </dl>
      </details>
    </div>
  );
}

function Fact({ name, value, testId }: { name: string; value: string | null; testId?: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code data-testid={testId}>{value ?? '—'}</code>
      </dd>
    </>
  );
}
