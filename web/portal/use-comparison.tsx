// This month so far beside the same days of last month and last year, and the middle of homes alike.
import { litres } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { Comparison } from '../shared/service-types.ts';
import { daysWords } from './bill-words.ts';

interface Bar {
  key: string;
  name: string;
  note: string;
  use_l: number | null;
}

export function UseComparison() {
  const { say } = useSpeech();
  const [remote, again] = useRemote<Comparison>(
    (signal) => askService('/api/portal/comparison', undefined, signal),
    ['comparison'],
  );
  return (
    <section class="card" aria-labelledby="comparison-title">
      <div class="stack">
        <h2 id="comparison-title">{say('이번 달 비교', 'This month compared')}</h2>
        {remote.state === 'loading' ? <Loading /> : null}
        {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
        {remote.state === 'ready' ? <Bars comparison={remote.value} /> : null}
      </div>
    </section>
  );
}

function Bars({ comparison }: { comparison: Comparison }) {
  const { say, pick, language } = useSpeech();
  const { this_month, last_month, last_year, alike } = comparison;
  const days = ({ from, until, unknown_days }: Comparison['this_month']): string =>
    pick(daysWords(from, until)) +
    (unknown_days === 0
      ? ''
      : say(
          ` · ${unknown_days}일은 자료 없음`,
          ` · nothing known of ${unknown_days} ${unknown_days === 1 ? 'day' : 'days'}`,
        ));
  const bars: Bar[] = [
    { key: 'this_month', name: say('이번 달', 'This month'), note: days(this_month), use_l: this_month.use_l },
    { key: 'last_month', name: say('지난달 같은 기간', 'Last month'), note: days(last_month), use_l: last_month.use_l },
    { key: 'last_year', name: say('작년 같은 기간', 'Last year'), note: days(last_year), use_l: last_year.use_l },
  ];
  if (alike !== null) {
    const note = say(
      `같은 구역, 같은 업종 ${alike.homes}곳의 중간값`,
      `middle of ${alike.homes} of the same zone and class`,
    );
    bars.push({ key: 'alike', name: say('비슷한 집', 'Homes alike'), note, use_l: alike.median_l });
  }
  if (this_month.until === this_month.from) {
    return (
      <Empty>
        {say('이번 달은 하루가 다 지나야 비교할 수 있습니다.', 'Come back when a day of the month is over.')}
      </Empty>
    );
  }
  const most = Math.max(1, ...bars.map(({ use_l }) => use_l ?? 0));
  return (
    <>
      <ul class="comparison" data-testid="comparison">
        {bars.map(({ key, name, note, use_l }) => (
          <li key={key} class={key === 'this_month' ? 'mine' : ''} data-compared={key}>
            <span>
              <strong>{name}</strong> <span class="small soft">{note}</span>
            </span>
            <span class="amount">{use_l === null ? say('자료 없음', 'not known') : litres(use_l, language)}</span>
            <span class="bar" aria-hidden="true">
              <span style={{ width: `${(100 * (use_l ?? 0)) / most}%` }} />
            </span>
          </li>
        ))}
      </ul>
      {alike === null ? (
        <p class="small soft">
          {say(
            '비슷한 집이 20곳보다 적으면, 누구의 사용량인지 짐작할 수 없도록 보여 주지 않습니다.',
            'Fewer than 20 homes alike are not shown, so that nobody can guess whose use it is.',
          )}
        </p>
      ) : null}
    </>
  );
}
