// A zone's days or months: input, use and loss as a chart, the nights below, and the same numbers as a table.
import { useMemo, useState } from 'preact/hooks';
import { systemClock } from '../../src/platform/clock.ts';
import { homeTimeZone } from '../shared/format.ts';
import { type Speech, useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import { LineCanvas } from './line-canvas.tsx';
import type { Line } from './line-plot.ts';
import { TableScroll } from './table-scroll.tsx';
import type { PeriodBalance } from './zone-types.ts';
import { flow, gapsOf, lossOf, shareOf, volume } from './zone-words.ts';
import '../shared/styles/use.css';

const DAY_ms = 86_400_000;
const spans = { month: 30, year: 366, years: 3 * 365 } as const;
type Span = keyof typeof spans;

/** `2026-03-01` at home. */
const dateAt = (at_ms: number): string => new Intl.DateTimeFormat('en-CA', { timeZone: homeTimeZone }).format(at_ms);

export function ZoneBalances({ path }: { path: string }) {
  const { say } = useSpeech();
  const [span, setSpan] = useState<Span>('month');
  const [remote, again] = useRemote<{ balances: PeriodBalance[] }>(
    (signal) => {
      const now_ms = systemClock.now_ms();
      const query = new URLSearchParams({
        by: span === 'years' ? 'month' : 'day',
        from: dateAt(now_ms - spans[span] * DAY_ms),
        until: dateAt(now_ms),
      });
      return askService(`${path}/balance?${query}`, undefined, signal);
    },
    [path, span],
  );
  const choice = (value: Span, ko: string, en: string) => (
    <button type="button" aria-pressed={span === value} onClick={() => setSpan(value)} data-testid={`span-${value}`}>
      {say(ko, en)}
    </button>
  );
  return (
    <section class="card" aria-labelledby="zone-balances-title">
      <figure class="use">
        <div class="row apart">
          <h2 id="zone-balances-title">{say('물수지', 'Water balance')}</h2>
          <fieldset class="toggle">
            <legend class="visually-hidden">{say('기간', 'Span')}</legend>
            {choice('month', '30일', '30 days')}
            {choice('year', '1년', '1 year')}
            {choice('years', '월별 3년', '3 years, monthly')}
          </fieldset>
        </div>
        {remote.state === 'loading' ? <Loading /> : null}
        {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
        {remote.state === 'ready' && remote.value.balances.length === 0 ? (
          <Empty>{say('이 기간에 계산한 날이 없습니다.', 'No day of this span has been worked out.')}</Empty>
        ) : null}
        {remote.state === 'ready' && remote.value.balances.length > 0 ? (
          <Charts balances={remote.value.balances} />
        ) : null}
      </figure>
    </section>
  );
}

const m3 = (volume_l: number | null): number | null => (volume_l === null ? null : volume_l / 1_000);

function Charts({ balances }: { balances: readonly PeriodBalance[] }) {
  const speech = useSpeech();
  const { say, language } = speech;
  const water = useMemo(
    (): Line[] => [
      { colour: '--water', dashed: false, values: balances.map((one) => m3(one.system_input_l)) },
      {
        colour: '--good',
        dashed: false,
        values: balances.map((one) => m3(one.billed_metered_l + one.unbilled_metered_l)),
      },
      { colour: '--bad', dashed: true, values: balances.map((one) => m3(one.water_losses_l)) },
    ],
    [balances],
  );
  const nights = useMemo(
    (): Line[] => [
      { colour: '--ripple', dashed: false, values: balances.map(({ night_flow_l_per_s }) => night_flow_l_per_s) },
    ],
    [balances],
  );
  const tick = (index: number): string => (balances[index]?.period ?? '').slice(2).replaceAll('-', '.');
  const readout = (index: number): string => {
    const one = balances[index];
    return one === undefined ? '' : sentenceOf(one, speech);
  };
  return (
    <>
      <ul class="chart-key small">
        <li>
          <i class="key-input" /> {say('유입', 'Input')}
        </li>
        <li>
          <i class="key-used" /> {say('사용(계량된 것)', 'Use, as metered')}
        </li>
        <li>
          <i class="key-lost" /> {say('손실', 'Losses')}
        </li>
        <li class="soft">{say('선이 끊긴 곳은 결측입니다.', 'A line is broken where something is not known.')}</li>
      </ul>
      <LineCanvas
        name={say('유입, 사용, 손실', 'Input, use, losses')}
        lines={water}
        tick={tick}
        unit="m³"
        readout={readout}
        testId="balance-chart"
      />
      <h3>{say('야간 최소유량 (02–05시)', 'Night flow (02:00–05:00)')}</h3>
      {balances.every(({ night_flow_l_per_s }) => night_flow_l_per_s === null) ? (
        <p class="soft">{say('이 기간의 야간 유량을 모릅니다.', 'No night flow of this time is known.')}</p>
      ) : (
        <LineCanvas
          name={say('야간 최소유량', 'Night flow')}
          lines={nights}
          tick={tick}
          unit="L/s"
          readout={(index) =>
            `${balances[index]?.period ?? ''} · ${flow(balances[index]?.night_flow_l_per_s ?? null, language)}`
          }
          testId="night-chart"
        />
      )}
      <details>
        <summary>{say('표로 보기', 'See as a table')}</summary>
        <BalanceTable balances={balances} />
      </details>
    </>
  );
}

function sentenceOf(one: PeriodBalance, speech: Speech): string {
  const { say, language } = speech;
  const parts = [
    one.period,
    `${say('유입', 'input')} ${volume(one.system_input_l, language)}`,
    `${say('사용', 'use')} ${volume(one.billed_metered_l + one.unbilled_metered_l, language)}`,
    `${say('손실', 'losses')} ${lossOf(one, speech)}`,
    gapsOf(one, speech),
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

function BalanceTable({ balances }: { balances: readonly PeriodBalance[] }) {
  const speech = useSpeech();
  const { say, language } = speech;
  return (
    <TableScroll label={say('물수지 표', 'Table of balances')} tall>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{say('기간', 'Period')}</th>
            <th scope="col" class="number">
              {say('유입', 'Input')}
            </th>
            <th scope="col" class="number">
              {say('과금', 'Billed')}
            </th>
            <th scope="col" class="number">
              {say('무과금', 'Unbilled')}
            </th>
            <th scope="col" class="number">
              {say('손실', 'Losses')}
            </th>
            <th scope="col" class="number">
              {say('무수율', 'NRW')}
            </th>
            <th scope="col">{say('결측', 'Gaps')}</th>
          </tr>
        </thead>
        <tbody>
          {balances.map((one) => (
            <tr key={one.period}>
              <th scope="row">{one.period}</th>
              <td class="number">{volume(one.system_input_l, language)}</td>
              <td class="number">{volume(one.billed_metered_l, language)}</td>
              <td class="number">{volume(one.unbilled_metered_l, language)}</td>
              <td class="number">{lossOf(one, speech)}</td>
              <td class="number">{shareOf(one, speech)}</td>
              <td class="small wraps">{gapsOf(one, speech) ?? '—'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
