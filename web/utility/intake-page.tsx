// What the intake takes now: devices connected, messages by the minute, what was put aside, and the gateways.
import { shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { Gateway, IntakeActivity, IntakeMinute } from '../shared/service-types.ts';
import { linkTo } from './route.ts';

const refresh_ms = 5_000;

export function IntakePage() {
  const { say } = useSpeech();
  const [activity, again] = useRemote<IntakeActivity>(
    (signal) => askService('/api/utility/intake', undefined, signal),
    ['intake'],
    refresh_ms,
  );
  const [gateways] = useRemote<{ gateways: Gateway[] }>(
    (signal) => askService('/api/utility/gateways', undefined, signal),
    ['gateways'],
  );
  return (
    <>
      <div class="stack">
        <PageTitle>{say('수신 현황', 'Intake')}</PageTitle>
        <p class="lead">
          {say(
            '장치가 보낸 값은 저장된 다음에야 받았다고 답합니다.',
            'What a device sends is acknowledged once it is stored, and not before.',
          )}
        </p>
      </div>
      {activity.state === 'loading' ? <Loading /> : null}
      {activity.state === 'failed' ? <ProblemNotice problem={activity.problem} again={again} /> : null}
      {activity.state === 'ready' ? <Standing activity={activity.value} /> : null}
      <section class="card" aria-labelledby="gateways-title">
        <div class="stack">
          <h2 id="gateways-title">{say('게이트웨이', 'Gateways')}</h2>
          {gateways.state === 'failed' ? <ProblemNotice problem={gateways.problem} /> : null}
          {gateways.state === 'ready' ? <Gateways gateways={gateways.value.gateways} /> : null}
        </div>
      </section>
    </>
  );
}

function Standing({ activity: { processes, minutes } }: { activity: IntakeActivity }) {
  const { say, language } = useSpeech();
  const number = (value: number): string => value.toLocaleString(language === 'ko' ? 'ko-KR' : 'en-GB');
  const connections = processes.reduce((sum, each) => sum + each.connections, 0);
  const inFlight = processes.reduce((sum, each) => sum + each.in_flight, 0);
  // The newest minute is not over: the one before it is the last whole one.
  const last = minutes.at(-2);
  const hour = (of: (minute: IntakeMinute) => number): number => minutes.reduce((sum, each) => sum + of(each), 0);
  return (
    <>
      {processes.length === 0 ? (
        <Notice tone="bad" live testId="no-intake">
          <strong>{say('값을 받는 프로세스가 없습니다.', 'No process takes anything in.')}</strong>
          <span>
            {say(
              'broker 역할을 켠 프로세스를 시작하세요. 그동안 장치는 값을 간직했다가 다시 보냅니다.',
              'Start a process with the broker role. Meanwhile devices keep what they have and send it again.',
            )}
          </span>
        </Notice>
      ) : null}
      <dl class="figures" data-testid="intake-figures">
        <Figure name={say('연결된 장치', 'Devices connected')} value={number(connections)} />
        <Figure name={say('지난 1분 신호', 'Messages in the last minute')} value={number(last?.messages ?? 0)} />
        <Figure name={say('지난 1분 검침값', 'Readings in the last minute')} value={number(last?.readings ?? 0)} />
        <Figure name={say('저장 대기', 'Waiting to be stored')} value={number(inFlight)} />
      </dl>
      <section class="card" aria-labelledby="hour-title">
        <div class="stack">
          <h2 id="hour-title">{say('지난 한 시간', 'The last hour')}</h2>
          <MinuteBars minutes={minutes} />
          <dl class="facts">
            <dt>{say('저장된 검침값', 'Readings stored')}</dt>
            <dd>{number(hour(({ readings }) => readings))}</dd>
            <dt>{say('격리된 신호', 'Put in quarantine')}</dt>
            <dd>
              {number(hour(({ quarantined }) => quarantined))}{' '}
              <a href={linkTo({ page: 'quarantine' })}>{say('격리함', 'Quarantine')}</a>
            </dd>
            <dt>{say('같은 시각 다른 값', 'Contradictions')}</dt>
            <dd>{number(hour(({ conflicts }) => conflicts))}</dd>
            <dt>{say('거절된 연결과 신호', 'Refused connections and messages')}</dt>
            <dd>{number(hour(({ refused }) => refused))}</dd>
          </dl>
          {processes.length < 2 ? null : (
            <ul class="plain-list small" aria-label={say('프로세스', 'Processes')}>
              {processes.map((each) => (
                <li key={each.id}>
                  <code>{each.id.slice(0, 8)}</code>{' '}
                  {say(
                    `${number(each.connections)}대, ${shortDateTime(each.started_at, language)}부터`,
                    `${number(each.connections)} devices, since ${shortDateTime(each.started_at, language)}`,
                  )}
                </li>
              ))}
            </ul>
          )}
        </div>
      </section>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const bars = { width: 600, height: 120, gap: 2 } as const;

/** A bar a minute; the newest, which is not over, is pale. */
function MinuteBars({ minutes }: { minutes: readonly IntakeMinute[] }) {
  const { say, language } = useSpeech();
  const most = Math.max(1, ...minutes.map(({ messages }) => messages));
  const step = bars.width / Math.max(1, minutes.length);
  const peak = most.toLocaleString(language === 'ko' ? 'ko-KR' : 'en-GB');
  const first = minutes[0];
  return (
    <figure class="minutes wide">
      <svg
        viewBox={`0 0 ${bars.width} ${bars.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={say(`분마다 받은 신호. 가장 많을 때 ${peak}건.`, `Messages by the minute. At most ${peak}.`)}
      >
        {minutes.map(({ start, messages }, index) => {
          const height = (messages / most) * (bars.height - 4);
          return (
            <rect
              key={start}
              class={index === minutes.length - 1 ? 'unfinished' : undefined}
              x={index * step}
              width={step - bars.gap}
              y={bars.height - height}
              height={height}
            />
          );
        })}
      </svg>
      <figcaption class="small soft">
        <span>{first === undefined ? '' : shortDateTime(first.start, language)}</span>
        <span>{say(`가장 많은 1분 ${peak}건`, `busiest minute ${peak}`)}</span>
        <span>{say('지금', 'now')}</span>
      </figcaption>
    </figure>
  );
}

function Gateways({ gateways }: { gateways: readonly Gateway[] }) {
  const { say, language } = useSpeech();
  if (gateways.length === 0)
    return (
      <Empty>
        {say(
          '등록된 게이트웨이가 없습니다. 장치가 직접 보냅니다.',
          'No gateway is registered: devices send for themselves.',
        )}
      </Empty>
    );
  return (
    <table class="table gateways">
      <thead>
        <tr>
          <th scope="col">{say('이름', 'Gateway')}</th>
          <th scope="col">{say('형식', 'Formats')}</th>
          <th scope="col">{say('맡은 장치', 'Devices granted')}</th>
          <th scope="col">{say('등록한 때', 'Registered')}</th>
        </tr>
      </thead>
      <tbody>
        {gateways.map((gateway) => (
          <tr key={gateway.gateway_id} data-testid="gateway-row">
            <th scope="row">
              <code>{gateway.gateway_id}</code>{' '}
              {gateway.revoked ? <span class="badge bad">{say('폐지됨', 'Revoked')}</span> : null}
            </th>
            <td>{gateway.formats.join(', ')}</td>
            <td>{say(`${gateway.grants}대`, `${gateway.grants} devices`)}</td>
            <td class="small soft">{shortDateTime(gateway.registered_at, language)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
