// What a place has otherwise than its tariff says by itself: all that was entered, and a form for one more.
import { useEffect, useState } from 'preact/hooks';
import { exceptionFaults } from '../../src/metering/billing/exception-faults.ts';
import { priceFaults } from '../../src/metering/billing/price-faults.ts';
import { dateTime } from '../shared/format.ts';
import { type Text, useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { faultOf } from '../shared/problem-sentences.ts';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import { Choice } from './choice.tsx';
import { TableScroll } from './table-scroll.tsx';
import type { ExceptionChoices, ExceptionKind, PlaceExceptions } from './zone-types.ts';
import './zones.css';

const kinds: Record<ExceptionKind, Text> = {
  without: { ko: '내지 않는 항목', en: 'Does not pay' },
  class_of: { ko: '항목의 다른 업종', en: 'Another class for a charge' },
  count: { ko: '수량 (인원 등)', en: 'A number, such as persons' },
};

export function PlaceExceptionsPanel({ id }: { id: string }) {
  const { say } = useSpeech();
  const path = `/api/utility/registry/places/${encodeURIComponent(id)}/exceptions`;
  const [remote, again] = useRemote<PlaceExceptions>((signal) => askService(path, undefined, signal), [path]);
  // What was there stays while it is read anew: the form says what became of the entry.
  const [known, setKnown] = useState<PlaceExceptions | null>(null);
  useEffect(() => {
    if (remote.state === 'ready') setKnown(remote.value);
  }, [remote]);
  return (
    <section class="card" aria-labelledby="exceptions-title">
      <div class="section">
        <h2 id="exceptions-title">{say('요금 예외', 'Exceptions in its bills')}</h2>
        <p class="small soft">
          {say(
            '하수도가 이어지지 않은 집처럼 요금표와 다르게 청구할 것을 적습니다. 이미 고지한 날에 대해 적으면 다음 고지서에서 정정합니다.',
            'What is charged otherwise than the tariff says, such as no sewer. For days that are billed already the next bill corrects.',
          )}
        </p>
        {remote.state === 'loading' && known === null ? <Loading /> : null}
        {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
        {known === null ? null : (
          <>
            <Entered {...known} />
            <ExceptionForm path={path} choices={known.choices} onDone={again} />
          </>
        )}
      </div>
    </section>
  );
}

/** As the tariff in force names it; a name that it does not have stays as it was entered. */
function nameOf(choices: ExceptionChoices | null, kind: ExceptionKind, name: string): Text | null {
  const among = { without: choices?.optional, class_of: choices?.classed, count: choices?.counts }[kind];
  return among?.find((one) => one.id === name)?.name ?? null;
}

function Entered({ entered, choices }: PlaceExceptions) {
  const { say, pick, language } = useSpeech();
  if (entered.length === 0) return <Empty>{say('요금표대로 청구합니다.', 'Charged as the tariff says.')}</Empty>;
  const headings = {
    what: say('무엇이', 'What'),
    how: say('어떻게', 'How'),
    reason: say('까닭', 'Reason'),
    recorded: say('적은 때', 'Recorded'),
  };
  const howOf = (kind: ExceptionKind, value: string | null): string => {
    if (value === null) return say('끝남 (요금표대로)', 'ended (as the tariff says)');
    if (kind === 'without') return say('내지 않음', 'not paid');
    const found = kind === 'class_of' ? choices?.classes.find((one) => one.id === value) : undefined;
    return found === undefined ? value : pick(found.name);
  };
  return (
    <TableScroll label={say('요금 예외 표', 'Table of exceptions')}>
      <table class="table stacked">
        <thead>
          <tr>
            <th scope="col">{say('언제부터', 'From')}</th>
            {Object.values(headings).map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entered.map((one) => {
            const name = nameOf(choices, one.kind, one.name);
            const isUnknown = choices !== null && name === null && one.value !== null && !one.is_replaced;
            return (
              <tr
                key={`${one.kind} ${one.name} ${one.from} ${one.recorded_at} ${one.value}`}
                class={one.is_replaced ? 'former' : ''}
                data-testid="place-exception"
              >
                <th scope="row">{one.from}</th>
                <td data-heading={headings.what}>
                  {name === null ? <code>{one.name}</code> : pick(name)}
                  {isUnknown ? (
                    <span class="badge warn">{say('지금 요금표에 없음', 'not in the tariff in force')}</span>
                  ) : null}
                </td>
                <td data-heading={headings.how}>{howOf(one.kind, one.value)}</td>
                <td data-heading={headings.reason}>{one.reason ?? '—'}</td>
                <td data-heading={headings.recorded}>
                  {dateTime(one.recorded_at, language)}
                  {one.by_program ? <span class="small soft"> {say('명령줄', 'command line')}</span> : null}
                  {one.is_replaced ? (
                    <span class="visually-hidden">{say(' (바로잡음)', ' (corrected since)')}</span>
                  ) : null}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableScroll>
  );
}

const HOLDS = 'holds';
const ENDS = 'ends';

function ExceptionForm({
  path,
  choices,
  onDone,
}: {
  path: string;
  choices: ExceptionChoices | null;
  onDone: () => void;
}) {
  const { say, pick } = useSpeech();
  const [kind, setKind] = useState<ExceptionKind>('without');
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const [ends, setEnds] = useState(false);
  const [from, setFrom] = useState('');
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<ServiceProblem | 'news' | 'known' | null>(null);
  if (choices === null) {
    return (
      <p class="small">
        {say(
          '이 수용가를 거친 고지 작업이 아직 없어 고를 요금표가 없습니다. 그 전에는 등록 대장에서 목록(CSV)으로 올립니다.',
          'No bill run went over this place yet, so there is no tariff to choose from. Until then read in a list on the page Registry.',
        )}
      </p>
    );
  }
  const names = { without: choices.optional, class_of: choices.classed, count: choices.counts }[kind];

  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setOutcome(null);
    try {
      const given = kind === 'without' ? 'yes' : value;
      const body = { kind, name, from, value: ends ? null : given, reason };
      const { is_news } = await askService<{ is_news: boolean }>(path, body);
      setOutcome(is_news ? 'news' : 'known');
      onDone();
    } catch (error) {
      setOutcome(asServiceProblem(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <details class="no-print" data-testid="exception-form">
      <summary>{say('예외 적기', 'Enter an exception')}</summary>
      <form class="offer-form reading-form" onSubmit={enter}>
        <p class="small soft whole">
          {say('요금표: ', 'Tariff: ')}
          {pick(choices.tariff.name)}
        </p>
        <Choice
          id="exception-kind"
          required
          label={say('종류', 'Kind')}
          value={kind}
          options={(Object.keys(kinds) as ExceptionKind[]).map((each) => [each, pick(kinds[each])])}
          onChoose={(chosen) => {
            setKind(chosen as ExceptionKind);
            setName('');
            setValue('');
          }}
        />
        <Choice
          id="exception-name"
          required
          label={kind === 'count' ? say('수량', 'Number of') : say('항목', 'Charge')}
          value={name}
          options={[['', say('고르세요', 'Choose')], ...names.map((one): [string, string] => [one.id, pick(one.name)])]}
          onChoose={setName}
        />
        <Choice
          id="exception-ends"
          required
          label={say('그날부터', 'From that day')}
          value={ends ? ENDS : HOLDS}
          options={[
            [HOLDS, say('적용', 'holds')],
            [ENDS, say('끝남 (요금표대로)', 'ends (as the tariff says)')],
          ]}
          onChoose={(chosen) => setEnds(chosen === ENDS)}
        />
        {ends || kind === 'without' ? null : kind === 'class_of' ? (
          <Choice
            id="exception-value"
            required
            label={say('업종', 'Class')}
            value={value}
            options={[
              ['', say('고르세요', 'Choose')],
              ...choices.classes.map((one): [string, string] => [one.id, pick(one.name)]),
            ]}
            onChoose={setValue}
          />
        ) : (
          <div class="field">
            <label for="exception-value">{say('얼마', 'How many')}</label>
            <input
              id="exception-value"
              class="input"
              inputMode="decimal"
              pattern="[0-9]{1,9}([.][0-9]{1,3})?"
              title={say('4 또는 2.5처럼 적습니다.', 'Written as 4 or 2.5')}
              required
              value={value}
              onInput={(event) => setValue(event.currentTarget.value)}
              data-testid="exception-value"
            />
          </div>
        )}
        <div class="field">
          <label for="exception-from">{say('어느 사용일부터', 'From which day of use')}</label>
          <input
            id="exception-from"
            class="input"
            type="date"
            required
            value={from}
            onInput={(event) => setFrom(event.currentTarget.value)}
            data-testid="exception-from"
          />
        </div>
        <div class="field whole">
          <label for="exception-reason">{say('까닭', 'Reason')}</label>
          <input
            id="exception-reason"
            class="input"
            required
            maxLength={500}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
            data-testid="exception-reason"
          />
          <span class="hint">{say('이름 같은 개인정보는 적지 마세요.', 'No names, please.')}</span>
        </div>
        <Outcome outcome={outcome} />
        <button type="submit" class="button" disabled={busy} data-testid="exception-enter">
          {say('예외 적기', 'Enter the exception')}
        </button>
      </form>
    </details>
  );
}

function Outcome({ outcome }: { outcome: ServiceProblem | 'news' | 'known' | null }) {
  const { say } = useSpeech();
  if (outcome === null) return null;
  return (
    <div class="whole">
      {outcome === 'news' ? (
        <Notice tone="good" live testId="exception-entered">
          {say('적었습니다. 앞서 적은 것은 그대로 남습니다.', 'Entered. What was entered before is kept.')}
        </Notice>
      ) : outcome === 'known' ? (
        <Notice tone="warn" live>
          {say('그날부터 이미 그렇게 적혀 있습니다.', 'It was entered so for that day already.')}
        </Notice>
      ) : (
        <Refusal problem={outcome} />
      )}
    </div>
  );
}

/** What is wrong with it in the reader's language; what comes without a fault, as every problem is told. */
function Refusal({ problem }: { problem: ServiceProblem }) {
  const { say, pick } = useSpeech();
  const told = faultOf(problem, faults);
  if (told === null) return <ProblemNotice problem={problem} />;
  return (
    <Notice tone="bad" live testId="exception-problem">
      {pick(told)}{' '}
      {say(
        '앞으로 쓸 요금표에 있을 것은 등록 대장에서 목록(CSV)으로 올립니다.',
        'What a tariff to come will have is read in as a list on the page Registry.',
      )}
    </Notice>
  );
}

const faults = { ...exceptionFaults, ...priceFaults };
