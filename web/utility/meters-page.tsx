// All meters: how many are in which state, searched and filtered, a page at a time.
import { useEffect, useState } from 'preact/hooks';
import { cubicMetres, shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import type { MeterPage, MeterRow, MeterState } from '../shared/service-types.ts';
import { flagName, term } from '../shared/terms.ts';
import { linkTo } from './route.ts';

const states: readonly MeterState[] = ['ok', 'silent', 'alarm', 'never'];
const page_meters = 50;
const typingPause_ms = 250;

export function stateTone(state: MeterState): string {
  return { ok: 'good', silent: 'warn', alarm: 'bad', never: '' }[state];
}

export function MetersPage() {
  const { say } = useSpeech();
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  const [state, setState] = useState<MeterState | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), typingPause_ms);
    return () => clearTimeout(timer);
  }, [typed]);

  const pages = usePages<MeterPage>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: String(page_meters) });
      if (search !== '') query.set('search', search);
      if (state !== null) query.set('state', state);
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/meters?${query}`, undefined, signal);
    },
    [search, state],
  );
  const meters = pages.loaded.flatMap((page) => page.meters);
  const totals = pages.loaded[0]?.totals;
  return (
    <>
      <PageTitle>{say('계량기', 'Meters')}</PageTitle>
      <Totals totals={totals} chosen={state} onChoose={setState} />
      <div class="field">
        <label for="meter-search">{say('찾기', 'Search')}</label>
        <input
          id="meter-search"
          class="input"
          type="search"
          value={typed}
          placeholder={say('기물번호나 수용가', 'Serial number or service point')}
          onInput={(event) => setTyped(event.currentTarget.value)}
          data-testid="meter-search"
        />
      </div>
      <section class="card" aria-label={say('계량기 목록', 'List of meters')}>
        {meters.length > 0 ? <MeterTable meters={meters} /> : null}
        <PageTail
          pages={pages}
          nothing={meters.length > 0 ? null : say('조건에 맞는 계량기가 없습니다.', 'No meter matches.')}
        />
      </section>
    </>
  );
}

interface TotalsProps {
  totals: Record<MeterState, number> | undefined;
  chosen: MeterState | null;
  onChoose: (state: MeterState | null) => void;
}

function Totals({ totals, chosen, onChoose }: TotalsProps) {
  const { say, pick, language } = useSpeech();
  const all = totals === undefined ? null : states.reduce((sum, state) => sum + totals[state], 0);
  const count = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : value.toLocaleString(language === 'ko' ? 'ko-KR' : 'en-GB');
  return (
    <fieldset class="totals">
      <legend class="visually-hidden">{say('상태로 거르기', 'Filter by state')}</legend>
      <button type="button" aria-pressed={chosen === null} onClick={() => onChoose(null)} data-testid="total-all">
        <span>{say('전체', 'All')}</span>
        <strong>{count(all)}</strong>
      </button>
      {states.map((state) => (
        <button
          type="button"
          key={state}
          class={stateTone(state)}
          aria-pressed={chosen === state}
          onClick={() => onChoose(state)}
          data-testid={`total-${state}`}
        >
          <span>{pick(term('state', state))}</span>
          <strong>{count(totals?.[state])}</strong>
        </button>
      ))}
    </fieldset>
  );
}

function MeterTable({ meters }: { meters: readonly MeterRow[] }) {
  const { say } = useSpeech();
  return (
    <table class="table meters">
      <thead>
        <tr>
          <th scope="col">{say('기물번호', 'Serial')}</th>
          <th scope="col">{say('상태', 'State')}</th>
          <th scope="col" class="number">
            {say('지침', 'Register')}
          </th>
          <th scope="col">{say('잰 때', 'Measured')}</th>
          <th scope="col">{say('수용가', 'Service point')}</th>
          <th scope="col">{say('형식', 'Format')}</th>
        </tr>
      </thead>
      <tbody>
        {meters.map((meter) => (
          <Row key={meter.id} meter={meter} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ meter }: { meter: MeterRow }) {
  const { pick, language } = useSpeech();
  return (
    <tr data-testid="meter-row" data-serial={meter.serial} data-state={meter.state}>
      <th scope="row">
        <a href={linkTo({ page: 'meter', id: meter.id })}>{meter.serial}</a>
      </th>
      <td>
        <span class={`badge ${stateTone(meter.state)}`}>{pick(term('state', meter.state))}</span>
        {meter.flags.length === 0 ? null : (
          <span class="small soft"> {meter.flags.map((flag) => pick(flagName(flag))).join(', ')}</span>
        )}
      </td>
      <td class="number">{meter.last_register_l === null ? '—' : `${cubicMetres(meter.last_register_l)} m³`}</td>
      <td>{meter.last_measured_at === null ? '—' : shortDateTime(meter.last_measured_at, language)}</td>
      <td>
        {meter.service_point ?? '—'}
        {meter.zone === null ? null : <span class="small soft"> {meter.zone}</span>}
      </td>
      <td>
        <code>{meter.format ?? '—'}</code>
      </td>
    </tr>
  );
}
