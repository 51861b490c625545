// Bill runs: a form to start one, and those there were with how far they are.
import { useState } from 'preact/hooks';
import { billRunFaults } from '../../src/metering/billing/bill-run-faults.ts';
import { grouped } from '../../src/metering/billing/bill-words.ts';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { faultOf } from '../shared/problem-sentences.ts';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import { DownloadLink, Downloads } from '../shared/use-downloads.tsx';
import type { BillRunAnswer } from './billing-answers.ts';
import { linkTo } from './route.ts';

const refresh_ms = 2_000;

export function BillRunsPage() {
  const { say } = useSpeech();
  const [turn, setTurn] = useState(0);
  const [runs, again] = useRemote<{ runs: BillRunAnswer[] }>(
    (signal) => askService('/api/utility/bill-runs', undefined, signal),
    [turn],
    refresh_ms,
  );
  return (
    <>
      <div class="stack">
        <PageTitle>{say('요금 고지', 'Bill runs')}</PageTitle>
        <p class="lead">
          {say(
            '한 수용가에 한 기간의 고지서는 하나입니다. 같은 기간을 다시 시작하면 보류된 곳만 새로 고지합니다.',
            'A place has one bill for a period. Started again, a run bills only the places that were held.',
          )}
        </p>
      </div>
      <NewRun onStarted={() => setTurn(turn + 1)} />
      <section class="card" aria-labelledby="runs-title">
        <div class="section">
          <h2 id="runs-title">{say('고지 작업', 'Runs')}</h2>
          {runs.state === 'loading' ? <Loading /> : null}
          {runs.state === 'failed' ? <ProblemNotice problem={runs.problem} again={again} /> : null}
          {runs.state === 'ready' && runs.value.runs.length === 0 ? (
            <Empty>{say('아직 고지한 적이 없습니다.', 'Nothing has been billed yet.')}</Empty>
          ) : null}
          {runs.state === 'ready' && runs.value.runs.length > 0 ? (
            <ul class="issued">
              {runs.value.runs.map((run) => (
                <li key={run.id} class="issued-row" data-testid="bill-run-row" data-state={run.state}>
                  <RunFacts run={run} />
                  <a class="button plain quiet" href={linkTo({ page: 'bill-run', id: String(run.id) })}>
                    {say(`${run.id}번 열기`, `Open run ${run.id}`)}
                  </a>
                </li>
              ))}
            </ul>
          ) : null}
          <Downloads>
            <DownloadLink href="/api/utility/bills.csv">{say('모든 고지서 CSV', 'All bills as CSV')}</DownloadLink>
          </Downloads>
        </div>
      </section>
    </>
  );
}

const tones = { waiting: 'warn', running: 'warn', done: 'good' } as const;
const states = {
  waiting: { ko: '사용량 정리를 기다림', en: 'waiting for use' },
  running: { ko: '진행 중', en: 'running' },
  done: { ko: '마침', en: 'done' },
} as const;

export function RunFacts({ run }: { run: BillRunAnswer }) {
  const { say, pick, language } = useSpeech();
  const count = (value: number): string => value.toLocaleString(language === 'ko' ? 'ko-KR' : 'en-GB');
  return (
    <div class="import-facts">
      <p class="row">
        <strong>
          {say(`${run.use_from}부터 ${run.use_until} 전까지`, `Use from ${run.use_from} until ${run.use_until}`)}
        </strong>
        <span class={`badge ${tones[run.state]}`}>{pick(states[run.state])}</span>
      </p>
      <progress
        max={Math.max(run.places, 1)}
        value={run.state === 'done' ? Math.max(run.places, 1) : run.billed + run.billed_before + run.held}
        aria-label={say('진행', 'Progress')}
      />
      <p class="small" data-testid="bill-run-counts">
        {say(
          `대상 ${count(run.places)}곳 가운데 고지 ${count(run.billed)}, 이미 고지 ${count(run.billed_before)}, 보류 ${count(run.held)}`,
          `Of ${count(run.places)} places ${count(run.billed)} billed, ${count(run.billed_before)} billed before, ${count(run.held)} held`,
        )}
      </p>
      <p class="small soft">
        {say(
          `요율표 ${run.tariff} · 고지일 ${run.billed_on} · 납기일 ${run.due_on}`,
          `Tariff ${run.tariff} · billed on ${run.billed_on} · due on ${run.due_on}`,
        )}
        {run.zone === null ? null : say(` · 구역 ${run.zone}`, ` · zone ${run.zone}`)}
        {' · '}
        {say(`${dateTime(run.started_at, language)} 시작`, `started ${dateTime(run.started_at, language)}`)}
      </p>
    </div>
  );
}

const fromFile = 'file';

function NewRun({ onStarted }: { onStarted: () => void }) {
  const { say } = useSpeech();
  const [tariffs] = useRemote<{ tariffs: string[] }>(
    (signal) => askService('/api/utility/tariffs', undefined, signal),
    [],
  );
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const [started, setStarted] = useState<BillRunAnswer | null>(null);
  const [tariff, setTariff] = useState('');
  const names = tariffs.state === 'ready' ? tariffs.value.tariffs : [];
  const chosen = tariff === '' ? (names[0] ?? fromFile) : tariff;

  const send = async (form: HTMLFormElement): Promise<void> => {
    setSending(true);
    setProblem(null);
    setStarted(null);
    try {
      const given = new FormData(form);
      const text = (name: string): string => String(given.get(name) ?? '').trim();
      const file = given.get('file');
      const answer = await askService<BillRunAnswer>('/api/utility/bill-runs', {
        ...(chosen === fromFile ? { tariff_text: await (file as File).text() } : { tariff: chosen }),
        ...{ use_from: text('use_from'), use_until: text('use_until'), billed_on: text('billed_on') },
        ...(text('due_on') !== '' && { due_on: text('due_on') }),
        ...(text('zone') !== '' && { zone: text('zone') }),
        months: Number(text('months')),
      });
      setStarted(answer);
      onStarted();
    } catch (error) {
      setProblem(asServiceProblem(error));
    } finally {
      setSending(false);
    }
  };

  return (
    <section class="card" aria-labelledby="new-run-title">
      <form
        class="section"
        onSubmit={(event) => {
          event.preventDefault();
          void send(event.currentTarget);
        }}
      >
        <h2 id="new-run-title">{say('고지 시작', 'Start a run')}</h2>
        <div class="field">
          <label for="run-tariff">{say('요율표', 'Tariff')}</label>
          <select
            id="run-tariff"
            class="input"
            value={chosen}
            onChange={(event) => setTariff(event.currentTarget.value)}
            data-testid="run-tariff"
          >
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
            <option value={fromFile}>{say('파일에서…', 'From a file…')}</option>
          </select>
        </div>
        {chosen === fromFile ? (
          <div class="field">
            <label for="run-file">{say('요율표 파일 (YAML 또는 JSON)', 'Tariff file (YAML or JSON)')}</label>
            <input id="run-file" name="file" class="input" type="file" accept=".yaml,.yml,.json" required />
          </div>
        ) : null}
        <div class="bill-dates">
          <Day name="use_from" label={say('사용 첫날', 'First day of use')} required />
          <Day name="use_until" label={say('사용 끝 다음 날', 'First day after')} required />
          <Day name="billed_on" label={say('고지일', 'Billed on')} required />
          <Day name="due_on" label={say('납기일 (비우면 그달 말일)', 'Due on (end of that month)')} />
          <div class="field">
            <label for="run-months">{say('몇 달치', 'Months')}</label>
            <input id="run-months" name="months" class="input" type="number" min={1} max={24} value={1} required />
          </div>
          <div class="field">
            <label for="run-zone">{say('구역 (비우면 전체)', 'Zone (all without)')}</label>
            <input id="run-zone" name="zone" class="input" maxLength={64} autocomplete="off" />
          </div>
        </div>
        <div class="row">
          <button type="submit" class="button" disabled={sending} data-testid="run-start">
            {say('고지 시작', 'Start')}
          </button>
        </div>
        {started === null ? null : (
          <Notice tone="good" live testId="run-started">
            {say(
              `${started.id}번 작업으로 ${grouped(started.places)}곳을 고지합니다.`,
              `Run ${started.id} bills ${grouped(started.places)} places.`,
            )}
          </Notice>
        )}
        {problem === null ? null : (
          <>
            <ProblemNotice problem={problem} />
            <Refusal problem={problem} />
          </>
        )}
      </form>
    </section>
  );
}

/** A tariff's faults are lines of its file with what to write there, in the language of the file. */
function Refusal({ problem }: { problem: ServiceProblem }) {
  const { pick } = useSpeech();
  const told = faultOf(problem, billRunFaults);
  if (told !== null) return <p data-testid="run-problem">{pick(told)}</p>;
  return (
    <pre class="small bill-fault" lang="en" data-testid="run-problem">
      {problem.message}
    </pre>
  );
}

function Day({ name, label, required = false }: { name: string; label: string; required?: boolean }) {
  return (
    <div class="field">
      <label for={`run-${name}`}>{label}</label>
      <input id={`run-${name}`} name={name} class="input" type="date" required={required} data-testid={`run-${name}`} />
    </div>
  );
}
