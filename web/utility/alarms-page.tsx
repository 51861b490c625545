// The alarms: what waits to be looked at, by state and kind, and what was done about each.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import type { AlarmKindName, AlarmPage, AlarmState } from '../shared/service-types.ts';
import { AlarmRow } from './alarm-row.tsx';
import { Choice } from './choice.tsx';

const page_alarms = 50;
const views = ['waiting', 'closed', 'withdrawn'] as const satisfies readonly (AlarmState | 'waiting')[];
type View = (typeof views)[number];

export function AlarmsPage() {
  const { say, pick } = useSpeech();
  const [view, setView] = useState<View>('waiting');
  const [kind, setKind] = useState('');
  const [place, setPlace] = useState('');
  const pages = usePages<AlarmPage>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: String(page_alarms), state: view });
      if (kind !== '') query.set('kind', kind);
      if (place.trim() !== '') query.set('service_point', place.trim());
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/alarms?${query}`, undefined, signal);
    },
    [view, kind, place.trim()],
  );
  const [first] = pages.loaded;
  const alarms = pages.loaded.flatMap((page) => page.alarms);
  const kinds = first?.kinds ?? [];
  const waiting = (first?.waiting ?? []).reduce((sum, { open, acknowledged }) => sum + open + acknowledged, 0);
  const words: Record<View, string> = {
    waiting: say('처리할 것', 'Waiting'),
    closed: say('끝난 것', 'Closed'),
    withdrawn: say('취소된 것', 'Withdrawn'),
  };
  return (
    <>
      <div class="stack">
        <PageTitle>{say('경보', 'Alarms')}</PageTitle>
        <p class="lead">
          {say(
            '원인이 사라지면 경보는 스스로 닫힙니다. 늦게 온 지침이 판단을 바꾸면 그 내력도 남습니다.',
            'An alarm closes itself when its cause is gone. Where a late reading changes the verdict, that is kept too.',
          )}
        </p>
      </div>
      <fieldset class="totals">
        <legend class="visually-hidden">{say('상태로 거르기', 'Filter by state')}</legend>
        {views.map((each) => (
          <button
            type="button"
            key={each}
            class={each === 'waiting' && waiting > 0 ? 'bad' : ''}
            aria-pressed={view === each}
            onClick={() => setView(each)}
            data-testid={`alarms-${each}`}
          >
            <span>{words[each]}</span>
            {each === 'waiting' ? <strong>{first === undefined ? '–' : waiting}</strong> : null}
          </button>
        ))}
      </fieldset>
      <div class="row filters">
        <KindFilter kinds={kinds} chosen={kind} waiting={first?.waiting ?? []} onChoose={setKind} />
        <div class="field">
          <label for="alarm-place">{say('수용가', 'Service point')}</label>
          <input
            id="alarm-place"
            class="input"
            type="search"
            value={place}
            onChange={(event) => setPlace(event.currentTarget.value)}
            data-testid="alarm-place"
          />
        </div>
      </div>
      <section class="card" aria-label={words[view]}>
        {alarms.length === 0 ? null : (
          <ul class="issued">
            {alarms.map((alarm) => (
              <AlarmRow key={alarm.id} alarm={alarm} kinds={kinds} onChanged={pages.again} />
            ))}
          </ul>
        )}
        <PageTail
          pages={pages}
          nothing={
            alarms.length > 0
              ? null
              : view === 'waiting'
                ? say('처리할 경보가 없습니다.', 'No alarm is waiting.')
                : say('해당하는 경보가 없습니다.', 'There is no such alarm.')
          }
        />
        <span class="visually-hidden" role="status">
          {pages.state === 'ready' ? `${alarms.length} ${pick({ ko: '건', en: 'alarms' })}` : ''}
        </span>
      </section>
    </>
  );
}

function KindFilter({
  kinds,
  chosen,
  waiting,
  onChoose,
}: {
  kinds: readonly AlarmKindName[];
  chosen: string;
  waiting: AlarmPage['waiting'];
  onChoose: (kind: string) => void;
}) {
  const { say, pick } = useSpeech();
  const count = (kind: string): string => {
    const found = waiting.find((each) => each.kind === kind);
    return found === undefined ? '' : ` (${found.open + found.acknowledged})`;
  };
  return (
    <Choice
      id="alarm-kind"
      label={say('종류', 'Kind')}
      value={chosen}
      options={[
        ['', say('모든 종류', 'Every kind')],
        ...kinds.map(({ kind, label }): [string, string] => [kind, pick(label) + count(kind)]),
      ]}
      onChoose={onChoose}
    />
  );
}
