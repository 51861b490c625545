// Use per hour or day: the chart, its summary in a sentence, and the same numbers as a table.
import { useState } from 'preact/hooks';
import { systemClock } from '../../src/platform/clock.ts';
import { dateOnly, homeTimeZone, intervalName, litres } from './format.ts';
import { useSpeech } from './language.tsx';
import { Empty, Loading, ProblemNotice } from './notices.tsx';
import { useRemote } from './remote.ts';
import { askService } from './service-client.ts';
import type { Resolution, Use } from './service-types.ts';
import { UseCanvas } from './use-canvas.tsx';
import { type Stretch, stretchOf, summaryOf } from './use-summary.ts';
import './styles/use.css';

const refresh_ms = 30_000;

interface Shown {
  use: Use;
  stretch: Stretch;
}

/** @param path of the service's use route. @param latest instant of the newest reading. */
export function UseChart({ path, latest }: { path: string; latest: string | null }) {
  const { say } = useSpeech();
  const [resolution, setResolution] = useState<Resolution>('hour');
  const [pages, setPages] = useState(0);
  const [remote, again] = useRemote<Shown>(
    async (signal) => {
      const stretch = stretchOf(resolution, pages, systemClock.now_ms(), latest, homeTimeZone);
      const query = new URLSearchParams({ resolution, from: stretch.from, to: stretch.to });
      return { stretch, use: await askService<Use>(`${path}?${query}`, undefined, signal) };
    },
    [path, resolution, pages],
    refresh_ms,
  );

  const choose = (chosen: Resolution): void => {
    setResolution(chosen);
    setPages(0);
  };
  return (
    <figure class="use">
      <div class="row apart">
        <fieldset class="toggle">
          <legend class="visually-hidden">{say('보는 단위', 'Show by')}</legend>
          <button
            type="button"
            aria-pressed={resolution === 'hour'}
            onClick={() => choose('hour')}
            data-testid="by-hour"
          >
            {say('시간별', 'Hourly')}
          </button>
          <button type="button" aria-pressed={resolution === 'day'} onClick={() => choose('day')} data-testid="by-day">
            {say('일별', 'Daily')}
          </button>
        </fieldset>
        <div class="row use-turn">
          <button type="button" class="button plain quiet" onClick={() => setPages(pages + 1)}>
            {say('이전', 'Earlier')}
          </button>
          <button type="button" class="button plain quiet" disabled={pages === 0} onClick={() => setPages(pages - 1)}>
            {say('다음', 'Later')}
          </button>
        </div>
      </div>
      {remote.state === 'loading' ? <Loading /> : null}
      {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
      {remote.state === 'ready' ? <UseView {...remote.value} /> : null}
    </figure>
  );
}

function UseView({ use, stretch }: Shown) {
  const { say, language } = useSpeech();
  const summary = summaryOf(use, language);
  const last = new Date(Date.parse(stretch.to) - 1).toISOString();
  const dates = (
    <p class="soft small" aria-live="polite">
      {dateOnly(stretch.from, language)} – {dateOnly(last, language)}
    </p>
  );
  if (use.intervals.every(({ use_l }) => use_l === null)) {
    return (
      <>
        {dates}
        <Empty>{summary}</Empty>
      </>
    );
  }
  return (
    <>
      {dates}
      <UseCanvas use={use} summary={summary} />
      <figcaption>
        {summary}
        {use.intervals.some(({ estimated_l }) => estimated_l !== undefined)
          ? say(' 주황색 막대가 추정한 값입니다.', ' The orange bars are estimates.')
          : null}
      </figcaption>
      <details>
        <summary>{say('표로 보기', 'See as a table')}</summary>
        <UseTable use={use} />
      </details>
    </>
  );
}

function UseTable({ use }: { use: Use }) {
  const { say, language } = useSpeech();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section class="table-scroll use-table" tabIndex={0} aria-label={say('사용량 표', 'Table of use')}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{say('때', 'When')}</th>
            <th scope="col" class="number">
              {say('사용량', 'Use')}
            </th>
          </tr>
        </thead>
        <tbody>
          {use.intervals.map((interval) => (
            <tr key={interval.start}>
              <th scope="row">{intervalName(interval.start, use.resolution, language, use.time_zone)}</th>
              <td class="number">
                {interval.use_l === null ? say('자료 없음', 'not known') : litres(interval.use_l, language)}
                {interval.estimated_l === undefined ? null : say(' (추정)', ' (estimated)')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
