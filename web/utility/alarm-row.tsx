// One alarm: what, where and since when; opened, its history and what can be done about it.
import { useState } from 'preact/hooks';
import { dateTime, shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Loading, ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { Alarm, AlarmHistory, AlarmKindName } from '../shared/service-types.ts';
import { term } from '../shared/terms.ts';
import { linkTo } from './route.ts';

const tones = ['', '', 'warn', 'bad'];

export function AlarmRow({
  alarm,
  kinds,
  onChanged,
}: {
  alarm: Alarm;
  kinds: readonly AlarmKindName[];
  onChanged: () => void;
}) {
  const { say, pick, language } = useSpeech();
  const [isOpen, setOpen] = useState(false);
  const name = kinds.find(({ kind }) => kind === alarm.kind);
  const began = <time dateTime={alarm.began_at}>{shortDateTime(alarm.began_at, language)}</time>;
  const ended = alarm.ended_at && <time dateTime={alarm.ended_at}>{shortDateTime(alarm.ended_at, language)}</time>;
  return (
    <li class="issued-row alarm-row" data-testid="alarm-row" data-kind={alarm.kind}>
      <div>
        <p class="row">
          <span class={`badge ${tones[alarm.grade] ?? ''}`}>{name === undefined ? alarm.kind : pick(name.label)}</span>
          <Where alarm={alarm} />
          {alarm.state === 'acknowledged' ? (
            <span class="badge">{pick(term('alarm_state', 'acknowledged'))}</span>
          ) : null}
        </p>
        <p class="small soft">
          {began} – {ended ?? say('계속', 'still')}
          {alarm.times > 1 ? say(` · ${alarm.times}번째`, ` · ${alarm.times} times`) : ''}
          {alarm.amount === null ? '' : ` · ${amountOf(alarm.amount, name?.unit ?? null, say)}`}
          {alarm.assigned_to === null ? '' : ` · ${say('담당', 'with')} ${alarm.assigned_to}`}
        </p>
        {isOpen ? <Detail alarm={alarm} name={name} onChanged={onChanged} /> : null}
      </div>
      <button
        type="button"
        class="button plain quiet"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        data-testid="alarm-open"
      >
        {isOpen ? say('접기', 'Less') : say('자세히', 'More')}
        <span class="visually-hidden">{` ${alarm.service_point ?? alarm.zone}`}</span>
      </button>
    </li>
  );
}

function amountOf(amount: number, unit: string | null, say: (ko: string, en: string) => string): string {
  if (unit === 'l_per_h') return say(`시간당 ${amount} L`, `${amount} L an hour`);
  if (unit === 'meters') return say(`계량기 ${amount}대`, `${amount} meters`);
  return String(amount);
}

function Where({ alarm }: { alarm: Alarm }) {
  const { say } = useSpeech();
  if (alarm.service_point === null) {
    return (
      <strong>
        {say('구역', 'Zone')} {alarm.zone}
      </strong>
    );
  }
  return (
    <>
      <a href={linkTo({ page: 'service-point', id: alarm.service_point })}>{alarm.service_point}</a>
      {alarm.meter === null ? null : (
        <a class="small" href={linkTo({ page: 'meter', id: alarm.meter.id })}>
          {say('계량기', 'meter')} {alarm.meter.serial}
        </a>
      )}
    </>
  );
}

function Detail({ alarm, name, onChanged }: { alarm: Alarm; name: AlarmKindName | undefined; onChanged: () => void }) {
  const { say, pick } = useSpeech();
  const [history] = useRemote<AlarmHistory>(
    (signal) => askService(`/api/utility/alarms/${alarm.id}`, undefined, signal),
    ['alarm', alarm.id, alarm.state, alarm.assigned_to],
  );
  return (
    <div class="stack alarm-detail">
      {name === undefined ? null : <p>{pick(name.advice)}</p>}
      {alarm.behind > 0 ? (
        <p class="small">
          {say(`이 구역의 조용한 계량기 ${alarm.behind}대`, `${alarm.behind} silent meters of this zone`)}
        </p>
      ) : null}
      {alarm.state === 'open' || alarm.state === 'acknowledged' ? <Deeds alarm={alarm} onChanged={onChanged} /> : null}
      {history.state === 'loading' ? <Loading /> : null}
      {history.state === 'failed' ? <ProblemNotice problem={history.problem} /> : null}
      {history.state === 'ready' ? <History events={history.value.events} /> : null}
    </div>
  );
}

/** Taking it on, handing it to a team, closing it with a reason. */
function Deeds({ alarm, onChanged }: { alarm: Alarm; onChanged: () => void }) {
  const { say } = useSpeech();
  const [why, setWhy] = useState('');
  const [team, setTeam] = useState(alarm.assigned_to ?? '');
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const act = async (deed: string, body: object): Promise<void> => {
    setProblem(null);
    try {
      await askService(`/api/utility/alarms/${alarm.id}/${deed}`, body);
      onChanged();
    } catch (error) {
      setProblem(asServiceProblem(error));
    }
  };
  return (
    <div class="stack">
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {alarm.state === 'open' ? (
        <button
          type="button"
          class="button plain"
          onClick={() => act('acknowledge', {})}
          data-testid="alarm-acknowledge"
        >
          {say('확인함', 'I have seen it')}
        </button>
      ) : null}
      <form
        class="row alarm-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act('assign', { to: team.trim() === '' ? null : team.trim() });
        }}
      >
        <div class="field">
          <label for={`team-${alarm.id}`}>{say('담당 팀', 'Team')}</label>
          <input
            id={`team-${alarm.id}`}
            class="input"
            maxLength={64}
            value={team}
            onInput={(event) => setTeam(event.currentTarget.value)}
          />
        </div>
        <button type="submit" class="button plain" data-testid="alarm-assign">
          {say('맡기기', 'Assign')}
        </button>
      </form>
      <form
        class="row alarm-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act('close', { why: why.trim() });
        }}
      >
        <div class="field">
          <label for={`why-${alarm.id}`}>{say('닫는 까닭', 'Why it is closed')}</label>
          <input
            id={`why-${alarm.id}`}
            class="input"
            required
            maxLength={500}
            value={why}
            placeholder={say('예: 배관을 고침', 'Such as: pipe mended')}
            onInput={(event) => setWhy(event.currentTarget.value)}
          />
        </div>
        <button type="submit" class="button plain" data-testid="alarm-close">
          {say('닫기', 'Close')}
        </button>
      </form>
    </div>
  );
}

function History({ events }: { events: AlarmHistory['events'] }) {
  const { say, pick, language } = useSpeech();
  return (
    <ol class="alarm-history" aria-label={say('내력', 'History')}>
      {events.map((event) => (
        <li key={event.id} class="small" data-testid="alarm-event">
          <strong>{pick(term('alarm_event', event.what))}</strong> {dateTime(event.at, language)} ·{' '}
          {event.actor === null ? say('자동', 'by itself') : <code>{event.actor.slice(0, 8)}</code>}
          {event.what === 'assigned' ? ` · ${event.assigned_to ?? '—'}` : ''}
          {event.why === null ? '' : ` · ${event.why}`}
        </li>
      ))}
    </ol>
  );
}
