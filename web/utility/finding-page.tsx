// One case: what a rule says of a meter, its registers and use around it, what staff can do, and who did what.
import { useState } from 'preact/hooks';
import { estimateRule } from '../../src/metering/validation/estimate-rules.ts';
import { dateTime, homeTimeZone, litres, shortDateTime, zoneAhead_ms } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { Use } from '../shared/service-types.ts';
import { UseCanvas } from '../shared/use-canvas.tsx';
import { summaryOf } from '../shared/use-summary.ts';
import { FindingDeeds } from './finding-deeds.tsx';
import {
  evidenceText,
  type Finding,
  ruleName,
  type ShownCase,
  type ShownRegister,
  severityOf,
  word,
} from './findings.ts';
import { RegisterCanvas } from './register-canvas.tsx';
import { linkTo } from './route.ts';

/** Shown before and after the newest finding. */
const around_ms = 36 * 3_600_000;
const hour_ms = 3_600_000;
/** A hint of what opened long ago is not worth a longer chart. */
const longest_ms = 10 * 24 * hour_ms;

export function FindingPage({ id }: { id: string }) {
  const { say } = useSpeech();
  const path = `/api/utility/findings/${encodeURIComponent(id)}`;
  const [remote, again] = useRemote<ShownCase>((signal) => askService(path, undefined, signal), [path]);
  const [isDone, setDone] = useState(false);
  const onDone = (): void => {
    setDone(true);
    again();
  };
  return (
    <>
      <p class="small">
        <a href={linkTo({ page: 'validation' })}>← {say('검침 검증', 'Validation')}</a>
      </p>
      {isDone ? (
        <Notice tone="good" live testId="deed-done">
          {say(
            '기록했습니다. 사용량은 곧 다시 계산되고, 까닭이 없어진 것은 저절로 닫힙니다.',
            'Recorded. Use is worked out anew soon, and what has lost its cause closes by itself.',
          )}
        </Notice>
      ) : null}
      {remote.state === 'loading' ? <Loading /> : null}
      {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
      {remote.state === 'ready' ? <CaseView id={id} shown={remote.value} onDone={onDone} /> : null}
    </>
  );
}

/** The newest finding that is open, or the newest there is. */
const spokenOf = ({ findings }: ShownCase): Finding | undefined =>
  findings.find(({ state }) => state === 'open') ?? findings[0];

function CaseView({ id, shown, onDone }: { id: string; shown: ShownCase; onDone: () => void }) {
  const { say, pick } = useSpeech();
  const finding = spokenOf(shown);
  if (finding === undefined) return <Empty>{say('살필 것이 없습니다.', 'Nothing to look at.')}</Empty>;
  return (
    <>
      <PageTitle>{pick(ruleName(shown.rule))}</PageTitle>
      <p>
        <span class={`badge ${severityOf(finding.severity).tone}`}>{pick(severityOf(finding.severity).text)}</span>{' '}
        <a href={linkTo({ page: 'meter', id: shown.meter })}>{say('계량기 보기', 'See the meter')}</a> ·{' '}
        {shown.service_point}
      </p>
      <section class="card" aria-labelledby="chart-title">
        <div class="section">
          <h2 id="chart-title">{say('지침과 사용량', 'Registers and use')}</h2>
          <Charts shown={shown} finding={finding} />
        </div>
      </section>
      <div class="two-columns">
        <section class="card" aria-labelledby="days-title">
          <div class="stack">
            <h2 id="days-title">{say('찾은 날', 'Days found')}</h2>
            <FindingDays findings={shown.findings} />
          </div>
        </section>
        <section class="card" aria-labelledby="deeds-title">
          <div class="stack">
            <h2 id="deeds-title">{say('처리', 'What to do')}</h2>
            <FindingDeeds id={id} shown={shown} finding={finding} onDone={onDone} />
          </div>
        </section>
      </div>
      <section class="card" aria-labelledby="history-title">
        <div class="stack">
          <h2 id="history-title">{say('누가, 언제, 왜', 'Who, when and why')}</h2>
          <History shown={shown} />
        </div>
      </section>
    </>
  );
}

function Charts({ shown, finding }: { shown: ShownCase; finding: Finding }) {
  const { say, language } = useSpeech();
  const wholeHour = (at_ms: number) => at_ms - ((at_ms + zoneAhead_ms(at_ms, homeTimeZone)) % hour_ms);
  const from_ms = wholeHour(Date.parse(finding.from) - around_ms);
  const to_ms = Math.min(wholeHour(Date.parse(finding.to) + around_ms), from_ms + longest_ms);
  const [from, to] = [new Date(from_ms).toISOString(), new Date(to_ms).toISOString()];
  const path = `/api/utility/meters/${encodeURIComponent(shown.meter)}`;
  const [remote, again] = useRemote<{ registers: ShownRegister[]; use: Use }>(
    async (signal) => {
      const query = new URLSearchParams({ from, to });
      const { registers } = await askService<{ registers: ShownRegister[] }>(
        `${path}/registers?${query}`,
        undefined,
        signal,
      );
      query.set('resolution', 'hour');
      return { registers, use: await askService<Use>(`${path}/use?${query}`, undefined, signal) };
    },
    [path, from, to, shown.edits.length, shown.estimates.length],
  );
  if (remote.state === 'loading') return <Loading />;
  if (remote.state === 'failed') return <ProblemNotice problem={remote.problem} again={again} />;
  const { registers, use } = remote.value;
  const marked = { from: finding.from, to: finding.to };
  return (
    <>
      <h3>{say('지침', 'Registers')}</h3>
      <RegisterCanvas registers={registers} marked={marked} span={{ from, to }} />
      <h3>{say('시간별 사용량', 'Use by the hour')}</h3>
      <UseCanvas use={use} summary={summaryOf(use, language)} marked={marked} />
    </>
  );
}

function FindingDays({ findings }: { findings: readonly Finding[] }) {
  const { pick, language } = useSpeech();
  return (
    <ul class="issued finding-days">
      {findings.map((one) => (
        <li class="issued-row" key={one.id} data-testid="finding-day" data-state={one.state}>
          <div>
            <strong>{one.day}</strong> · {evidenceText(one.evidence, language)}
            <p class="small soft">
              {shortDateTime(one.from, language)} – {shortDateTime(one.to, language)}
            </p>
          </div>
          <span class={`badge ${one.state === 'open' ? 'warn' : 'good'}`}>{pick(word(one.state))}</span>
        </li>
      ))}
    </ul>
  );
}

function History({ shown }: { shown: ShownCase }) {
  const { say, pick, language } = useSpeech();
  const spokenRule = ({ actor, rule, method, reason }: ShownCase['estimates'][number]) => {
    const known = actor === null && rule !== null ? estimateRule(rule) : null;
    return {
      by: known === null ? say('규칙', 'Rule') : pick(known.name),
      reason: known === null ? reason : pick(known.reasons[method]),
    };
  };
  const lines = [
    ...shown.history.map((one) => ({
      ...one,
      by: pick(ruleName(shown.rule)),
      what: `${one.day} ${pick(word(one.what))}`,
    })),
    ...shown.edits.map((one) => ({
      ...one,
      by: say('규칙', 'Rule'),
      at: one.edited_at,
      what: `${shortDateTime(one.at, language)} ${pick(word(one.deed))}${one.register_l === null ? '' : ` → ${litres(one.register_l, language)}`}`,
    })),
    ...shown.estimates.map((one) => ({
      ...one,
      at: one.made_at,
      ...spokenRule(one),
      what: `${one.day} ${say('추정', 'Estimate')} ${one.version}: ${pick(word(one.method))} · ${say(`${one.hours}시간`, `${one.hours} h`)} · ${litres(one.sum_l, language)}`,
    })),
  ].sort((one, other) => (one.at < other.at ? 1 : -1));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section class="table-scroll" tabIndex={0} aria-label={say('누가, 언제, 왜', 'Who, when and why')}>
      <table class="table stacked finding-table">
        <thead>
          <tr>
            <th scope="col">{say('언제', 'When')}</th>
            <th scope="col">{say('무엇', 'What')}</th>
            <th scope="col">{say('누가', 'Who')}</th>
            <th scope="col">{say('왜', 'Why')}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.at} ${line.what}`} data-testid="finding-history">
              <td data-heading={say('언제', 'When')}>{dateTime(line.at, language)}</td>
              <td data-heading={say('무엇', 'What')}>{line.what}</td>
              <td data-heading={say('누가', 'Who')}>
                {line.actor === null ? (
                  line.by
                ) : (
                  <span>
                    {say('직원', 'Staff')} <code>{line.actor}</code>
                  </span>
                )}
              </td>
              <td data-heading={say('왜', 'Why')}>{line.reason ?? '—'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
