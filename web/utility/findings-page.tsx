// The VEE inbox: what validation says of meters, a case a rule and meter, until somebody has seen to it.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import { Choice } from './choice.tsx';
import { type CasePage, type FindingCase, ruleName, ruleNames, severityOf, word } from './findings.ts';
import { linkTo } from './route.ts';

const page_cases = 50;
const refresh_ms = 120_000;
const states = ['open', 'accepted', 'closed'] as const;

export function FindingsPage() {
  const { say, pick } = useSpeech();
  const [wanted, setWanted] = useState({ state: 'open', rule: '', zone: '', severity: '1' });
  const [zones] = useRemote<{ zones: { id: string; name: string }[] }>(
    (signal) => askService('/api/utility/zones', undefined, signal),
    ['zones'],
    refresh_ms,
  );
  const pages = usePages<CasePage>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: String(page_cases) });
      for (const [name, value] of Object.entries(wanted)) if (value !== '') query.set(name, value);
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/findings?${query}`, undefined, signal);
    },
    [wanted],
  );
  const cases = pages.loaded.flatMap((page) => page.cases);
  const open = new Map(pages.loaded[0]?.open.map((one) => [one.rule, one.open]));
  const rules = ruleNames.map((rule): [string, string] => [rule, `${pick(ruleName(rule))} (${open.get(rule) ?? 0})`]);
  const choose = (name: keyof typeof wanted) => (value: string) => setWanted({ ...wanted, [name]: value });
  return (
    <>
      <PageTitle>{say('검침 검증', 'Validation')}</PageTitle>
      <p class="lead">
        {say(
          '규칙이 이상하다고 본 검침입니다. 받은 값은 지우지 않으며, 까닭이 없어지면 저절로 닫힙니다.',
          'What the rules find odd. Nothing that was received is erased, and what has lost its cause closes by itself.',
        )}
      </p>
      <div class="finding-filters">
        <Choice
          id="finding-state"
          label={say('상태', 'State')}
          value={wanted.state}
          onChoose={choose('state')}
          options={states.map((state) => [state, pick(word(state))])}
        />
        <Choice
          id="finding-rule"
          label={say('규칙', 'Rule')}
          value={wanted.rule}
          onChoose={choose('rule')}
          options={[['', say('모두', 'All')], ...rules]}
        />
        <Choice
          id="finding-zone"
          label={say('구역', 'Zone')}
          value={wanted.zone}
          onChoose={choose('zone')}
          options={[
            ['', say('모두', 'All')],
            ...(zones.state === 'ready' ? zones.value.zones : []).map(({ id, name }): [string, string] => [id, name]),
          ]}
        />
        <Choice
          id="finding-severity"
          label={say('무게', 'Severity')}
          value={wanted.severity}
          onChoose={choose('severity')}
          options={[
            ['1', say('모두', 'All')],
            ['2', say('의심부터', 'Likely wrong and up')],
            ['3', say('값 없음·오류만', 'Untold or wrong only')],
          ]}
        />
      </div>
      <div class="card">
        {cases.length > 0 ? <CaseTable cases={cases} /> : null}
        <PageTail pages={pages} nothing={cases.length > 0 ? null : say('살필 것이 없습니다.', 'Nothing to look at.')} />
      </div>
    </>
  );
}

function CaseTable({ cases }: { cases: readonly FindingCase[] }) {
  const { say, pick } = useSpeech();
  const headings = {
    severity: say('무게', 'Severity'),
    days: say('날', 'Days'),
    serial: say('기물번호', 'Serial'),
    place: say('수용가', 'Service point'),
    zone: say('구역', 'Zone'),
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section class="table-scroll" tabIndex={0} aria-label={say('찾은 것', 'Findings')}>
      <table class="table stacked finding-table">
        <thead>
          <tr>
            <th scope="col">{say('무엇', 'What')}</th>
            {Object.values(headings).map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cases.map((one) => (
            <tr key={one.finding} data-testid="finding-case" data-rule={one.rule}>
              <th scope="row">
                <a href={linkTo({ page: 'finding', id: one.finding })}>{pick(ruleName(one.rule))}</a>
              </th>
              <td data-heading={headings.severity}>
                <span class={`badge ${severityOf(one.severity).tone}`}>{pick(severityOf(one.severity).text)}</span>
              </td>
              <td data-heading={headings.days}>
                {one.days === 1 ? one.last_day : `${one.first_day} – ${one.last_day}`}
                {one.days === 1 ? null : <span class="soft small"> · {say(`${one.days}일`, `${one.days} days`)}</span>}
              </td>
              <td data-heading={headings.serial}>{one.meter.serial}</td>
              <td data-heading={headings.place}>{one.service_point}</td>
              <td data-heading={headings.zone}>{one.zone}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
