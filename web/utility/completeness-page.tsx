// How complete readings are: a heat map of zones by days, where hours were lost, and which meters miss them.
import { useState } from 'preact/hooks';
import { systemClock } from '../../src/platform/clock.ts';
import { homeTimeZone } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import { HeatMap, heatTone } from './heat-map.tsx';
import { IncompleteDay } from './incomplete-day.tsx';
import { causes, rateOf } from './read-rate-words.ts';
import { TableScroll } from './table-scroll.tsx';
import type { ChosenDay, ReadRate, ZonePage } from './zone-types.ts';
import { percent } from './zone-words.ts';
import './zones.css';

const DAY_ms = 86_400_000;
const spans = [14, 30] as const;

interface Loaded {
  days: string[];
  zones: ZonePage;
  byZone: ReadRate[];
  byModel: ReadRate[];
  byDay: ReadRate[];
}

const dateAt = (at_ms: number): string => new Intl.DateTimeFormat('en-CA', { timeZone: homeTimeZone }).format(at_ms);

async function load(length: number, signal: AbortSignal): Promise<Loaded> {
  const now_ms = systemClock.now_ms();
  const days = Array.from({ length }, (_unused, index) => dateAt(now_ms - (length - index) * DAY_ms));
  const rates = async (by: string): Promise<ReadRate[]> => {
    const query = new URLSearchParams({ by, from: days[0] ?? '', until: days.at(-1) ?? '' });
    return (await askService<{ rates: ReadRate[] }>(`/api/utility/read-rates?${query}`, undefined, signal)).rates;
  };
  const [zones, byZone, byModel, byDay] = await Promise.all([
    askService<ZonePage>('/api/utility/zones', undefined, signal),
    rates('zone_day'),
    rates('model'),
    rates('day'),
  ]);
  return { days, zones, byZone, byModel, byDay };
}

export function CompletenessPage() {
  const { say } = useSpeech();
  const [length, setLength] = useState<(typeof spans)[number]>(14);
  const [chosen, setChosen] = useState<ChosenDay | null>(null);
  const [remote, again] = useRemote<Loaded>((signal) => load(length, signal), [length]);
  return (
    <>
      <div class="stack">
        <PageTitle>{say('수집률', 'Completeness')}</PageTitle>
        <p class="lead">
          {say(
            '받아야 할 지침 가운데 받은 것, 그리고 받지 못한 것을 어디서 잃었는지 보여 줍니다.',
            'How many of the expected readings arrived, and where the others were lost.',
          )}
        </p>
      </div>
      {remote.state === 'loading' ? <Loading /> : null}
      {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
      {remote.state === 'ready' && remote.value.byZone.length === 0 ? (
        <Empty>{say('아직 끝난 날의 기록이 없습니다.', 'No day that is over has been worked out yet.')}</Empty>
      ) : null}
      {remote.state === 'ready' && remote.value.byZone.length > 0 ? (
        <>
          <LastDay rates={remote.value.byDay} />
          <section class="card" aria-labelledby="heat-title">
            <div class="section">
              <div class="row apart">
                <h2 id="heat-title">{say('구역 × 날짜', 'Zones by days')}</h2>
                <fieldset class="toggle">
                  <legend class="visually-hidden">{say('기간', 'Span')}</legend>
                  {spans.map((each) => (
                    <button type="button" key={each} aria-pressed={length === each} onClick={() => setLength(each)}>
                      {say(`${each}일`, `${each} days`)}
                    </button>
                  ))}
                </fieldset>
              </div>
              <HeatMap {...remote.value} chosen={chosen} onChoose={setChosen} />
            </div>
          </section>
          {chosen === null ? null : <IncompleteDay key={`${chosen.zone_id} ${chosen.day}`} chosen={chosen} />}
          <Models rates={remote.value.byModel} />
        </>
      ) : null}
    </>
  );
}

function LastDay({ rates }: { rates: readonly ReadRate[] }) {
  const { say, pick, language } = useSpeech();
  const last = rates.at(-1);
  if (last === undefined) return null;
  const number = (count: number): string => count.toLocaleString(language);
  return (
    <section aria-label={say('마지막으로 끝난 날', 'The last day that is over')}>
      <dl class="figures">
        <div class="figure">
          <dt class="small soft">{say(`${last.day} 수집률`, `Arrived on ${last.day}`)}</dt>
          <dd data-testid="read-rate">{percent(rateOf(last), language)}</dd>
        </div>
        <div class="figure">
          <dt class="small soft">{say('늦게 온 시간', 'Hours late')}</dt>
          <dd>{number(last.late)}</dd>
        </div>
        {causes
          .filter(({ of }) => of(last) > 0)
          .map(({ letter, name, of }) => (
            <div class="figure" key={letter}>
              <dt class="small soft">{pick(name)}</dt>
              <dd>{number(of(last))}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function Models({ rates }: { rates: readonly ReadRate[] }) {
  const { say, pick, language } = useSpeech();
  return (
    <section class="card" aria-labelledby="models-title">
      <div class="section">
        <h2 id="models-title">{say('기종별', 'By model')}</h2>
        <TableScroll label={say('기종별 수집률 표', 'Table of rates by model')}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{say('기종', 'Model')}</th>
                <th scope="col" class="number">
                  {say('계량기', 'Meters')}
                </th>
                <th scope="col" class="number">
                  {say('수집률', 'Arrived')}
                </th>
                {causes.map(({ letter, name }) => (
                  <th scope="col" class="number" key={letter}>
                    {pick(name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rates.map((rate) => (
                <tr key={rate.model}>
                  <th scope="row">{rate.model}</th>
                  <td class="number">{rate.meters.toLocaleString(language)}</td>
                  <td class="number">
                    <span class={`badge ${heatTone(rateOf(rate)) === 0 ? 'good' : 'warn'}`}>
                      {percent(rateOf(rate), language)}
                    </span>
                  </td>
                  {causes.map(({ letter, of }) => (
                    <td class="number" key={letter}>
                      {of(rate).toLocaleString(language)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      </div>
    </section>
  );
}
