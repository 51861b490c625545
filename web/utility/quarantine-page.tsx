// Telegrams that could not be read: kept as they came, with the reason, and read again on demand.
import { useState } from 'preact/hooks';
import { CopyButton } from '../shared/copy-button.tsx';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { QuarantinePage as Page, QuarantineItem, Redecoded } from '../shared/service-types.ts';

const page_items = 25;

export function QuarantinePage() {
  const { say } = useSpeech();
  const [turn, setTurn] = useState(0);
  const pages = usePages<Page>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: String(page_items) });
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/quarantine?${query}`, undefined, signal);
    },
    ['quarantine', turn],
  );
  const items = pages.loaded.flatMap((page) => page.items);
  const total = pages.loaded[0]?.total;
  return (
    <>
      <div class="stack">
        <PageTitle>{say('격리함', 'Quarantine')}</PageTitle>
        <p class="lead">
          {say(
            '읽지 못한 신호를 받은 그대로 보관합니다. 형식이나 열쇠를 고치면 다시 읽을 수 있습니다.',
            'Signals that could not be read are kept exactly as they came, so that they can be read once the cause is mended.',
          )}
        </p>
        {total === undefined ? null : <p role="status">{say(`모두 ${total}건`, `${total} in all`)}</p>}
        <ReadAgain isEmpty={total === 0} onDone={() => setTurn(turn + 1)} />
      </div>
      {items.length === 0 ? null : (
        <ul class="quarantine">
          {items.map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </ul>
      )}
      <PageTail
        pages={pages}
        nothing={
          items.length > 0
            ? null
            : say('격리된 신호가 없습니다. 모두 읽었습니다.', 'Nothing is in quarantine: everything was read.')
        }
      />
    </>
  );
}

type Reading =
  | { state: 'idle' | 'busy' }
  | { state: 'done'; result: Redecoded }
  | { state: 'failed'; problem: ServiceProblem };

/** Reads all of the quarantine again with the decoders and keys there are now. */
function ReadAgain({ isEmpty, onDone }: { isEmpty: boolean; onDone: () => void }) {
  const { say } = useSpeech();
  const [reading, setReading] = useState<Reading>({ state: 'idle' });
  const readAgain = async (): Promise<void> => {
    setReading({ state: 'busy' });
    try {
      setReading({ state: 'done', result: await askService<Redecoded>('/api/utility/quarantine/redecode', {}) });
      onDone();
    } catch (error) {
      setReading({ state: 'failed', problem: asServiceProblem(error) });
    }
  };
  return (
    <>
      <button
        type="button"
        class="button plain"
        onClick={readAgain}
        disabled={isEmpty || reading.state === 'busy'}
        data-testid="redecode"
      >
        {reading.state === 'busy' ? say('다시 읽는 중…', 'Reading again…') : say('모두 다시 읽기', 'Read all again')}
      </button>
      {reading.state === 'failed' ? <ProblemNotice problem={reading.problem} /> : null}
      {reading.state === 'done' ? (
        <Notice tone={reading.result.mended > 0 ? 'good' : 'calm'} live testId="redecoded">
          {say(
            `${reading.result.mended}건을 읽어 저장했고 ${reading.result.left}건은 아직 읽지 못합니다.`,
            `${reading.result.mended} could be read and are stored; ${reading.result.left} still can’t be.`,
          )}
        </Notice>
      ) : null}
    </>
  );
}

function Item({ item }: { item: QuarantineItem }) {
  const { say, language } = useSpeech();
  return (
    <li class="card stack" data-testid="quarantine-row" data-code={item.problem.code}>
      <div class="row">
        <span class="badge bad">{item.problem.code}</span>
        <span class="small soft">{dateTime(item.received_at, language)}</span>
      </div>
      <p lang="en">{item.problem.detail}</p>
      <p class="small soft">
        {say('장치', 'Device')} <code>{item.device_id ?? '—'}</code> · {say('형식', 'Format')}{' '}
        <code>{item.format ?? '—'}</code>
      </p>
      <details class="wide">
        <summary>{say('받은 그대로 (16진수)', 'As it came (hexadecimal)')}</summary>
        <p>
          <code>{item.payload_hex}</code>
        </p>
        <CopyButton text={item.payload_hex} label={say('복사', 'Copy')} />
      </details>
    </li>
  );
}
