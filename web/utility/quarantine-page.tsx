// Telegrams that could not be read: kept as they came, with the reason.
import { CopyButton } from '../shared/copy-button.tsx';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import type { QuarantinePage as Page, QuarantineItem } from '../shared/service-types.ts';

const page_items = 25;

export function QuarantinePage() {
  const { say } = useSpeech();
  const pages = usePages<Page>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: String(page_items) });
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/quarantine?${query}`, undefined, signal);
    },
    ['quarantine'],
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
      </div>
      {pages.state === 'failed' ? <ProblemNotice problem={pages.problem} again={pages.again} /> : null}
      {pages.state === 'ready' && items.length === 0 ? (
        <Empty>
          {say('격리된 신호가 없습니다. 모두 읽었습니다.', 'Nothing is in quarantine: everything was read.')}
        </Empty>
      ) : null}
      {items.length === 0 ? null : (
        <ul class="quarantine">
          {items.map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </ul>
      )}
      {pages.state === 'loading' ? <Loading /> : null}
      {pages.more === null ? null : (
        <button type="button" class="button plain" onClick={pages.more} data-testid="load-more">
          {say('더 보기', 'Load more')}
        </button>
      )}
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
      <p>{item.problem.detail}</p>
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
