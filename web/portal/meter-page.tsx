// One's own meter: register, use, alarm, and how the page knows that it is theirs.
import { useEffect } from 'preact/hooks';
import { dateOnly, dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { RegisterDial } from '../shared/register-dial.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, type ServiceProblem } from '../shared/service-client.ts';
import type { Me, MyMeter } from '../shared/service-types.ts';
import { claimValue, flagName, flagSentence } from '../shared/terms.ts';
import { UseChart } from '../shared/use-chart.tsx';
import { DownloadLink, queryOfLast, UseDownloads } from '../shared/use-downloads.tsx';
import { HouseholdNotices } from './household-notices.tsx';
import { HowKnown } from './how-known.tsx';
import { UseComparison } from './use-comparison.tsx';

const refresh_ms = 15_000;

export function MeterPage({ me, onProblem }: { me: Me; onProblem: (problem: ServiceProblem) => void }) {
  const { say } = useSpeech();
  const [remote, again] = useRemote<MyMeter>(
    (signal) => askService('/api/portal/meter', undefined, signal),
    ['meter'],
    refresh_ms,
  );
  useEffect(() => {
    if (remote.state === 'failed' && [401, 403].includes(remote.problem.status)) onProblem(remote.problem);
  }, [remote, onProblem]);
  return (
    <>
      <PageTitle>{say('우리 집 계량기', 'My meter')}</PageTitle>
      <HouseholdNotices />
      {remote.state === 'loading' ? <Loading /> : null}
      {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
      {remote.state === 'ready' ? <MeterView meter={remote.value} me={me} /> : null}
      <HowKnown me={me} />
    </>
  );
}

function MeterView({ meter, me }: { meter: MyMeter; me: Me }) {
  const { say } = useSpeech();
  const reading = meter.last_reading;
  return (
    <>
      <div class="two-columns">
        <section class="card" aria-labelledby="register-title">
          <Reading meter={meter} />
        </section>
        <section class="card" aria-labelledby="account-title">
          <Account meter={meter} me={me} />
        </section>
      </div>
      <section class="card" aria-labelledby="use-title">
        <div class="use-section">
          <h2 id="use-title">{say('사용량', 'Use')}</h2>
          <UseChart path="/api/portal/use" latest={reading?.measured_at ?? null} />
          <UseDownloads path="/api/portal/use">
            <DownloadLink href={`/api/portal/green-button.xml?${queryOfLast(366)}`}>
              {say('그린버튼 (1년)', 'Green Button (1 year)')}
            </DownloadLink>
          </UseDownloads>
          <p class="small soft">
            {say(
              'CSV는 표 계산 프로그램에서, 그린버튼 파일은 가정용 에너지·물 관리 앱에서 엽니다. 이름과 주소는 들어 있지 않습니다.',
              'A spreadsheet opens CSV; apps for household energy and water open Green Button. Neither holds a name or an address.',
            )}
          </p>
        </div>
      </section>
      <UseComparison />
    </>
  );
}

function Reading({ meter }: { meter: MyMeter }) {
  const { say, pick, language } = useSpeech();
  const reading = meter.last_reading;
  return (
    <div class="stack">
      <h2 id="register-title">{say('지금 지침', 'Register now')}</h2>
      {reading === null ? (
        <Empty>{say('아직 받은 지침이 없습니다. 첫 신호를 기다리고 있습니다.', 'No reading has arrived yet.')}</Empty>
      ) : (
        <>
          <RegisterDial register_l={reading.register_l} testId="register" />
          <p class="soft">
            {say('잰 때', 'Measured')}{' '}
            <time dateTime={reading.measured_at}>{dateTime(reading.measured_at, language)}</time>
          </p>
        </>
      )}
      {reading?.flags.map((flag) => (
        <Notice tone="warn" key={flag}>
          {pick(flagSentence(flag))}
        </Notice>
      ))}
      {meter.last_alarm === null ? (
        <p class="small soft" data-testid="last-alarm">
          {say('지금까지 계량기가 보낸 경보가 없습니다.', 'The meter has raised no alarm so far.')}
        </p>
      ) : (
        <p class="small" data-testid="last-alarm">
          <strong>{say('마지막 경보', 'Last alarm')}</strong> · {dateTime(meter.last_alarm.measured_at, language)}
          <br />
          {pick((reading?.flags.includes(meter.last_alarm.flag) ? flagName : flagSentence)(meter.last_alarm.flag))}
        </p>
      )}
    </div>
  );
}

function Account({ meter, me }: { meter: MyMeter; me: Me }) {
  const { say, pick, language } = useSpeech();
  return (
    <div class="stack">
      <h2 id="account-title">{say('보고 있는 곳', 'What you are looking at')}</h2>
      <dl class="facts">
        <dt>{say('수용가', 'Service point')}</dt>
        <dd>
          {meter.service_point} · {meter.address_zone}
        </dd>
        <dt>{say('자격', 'You are')}</dt>
        <dd>{pick(claimValue('role', me.role))}</dd>
        <dt>{say('볼 수 있는 기간', 'You may see')}</dt>
        <dd>
          {dateOnly(me.from, language)} – {me.until === null ? say('계속', 'on') : dateOnly(me.until, language)}
        </dd>
        <dt>{say('계량기', 'Meter')}</dt>
        <dd>
          {meter.meter.serial}
          {meter.meter.bore_mm === null ? '' : ` · ${meter.meter.bore_mm} mm`}
          {meter.meter.model === null ? '' : ` · ${meter.meter.model}`}
        </dd>
      </dl>
      <p class="small soft">
        {say(
          '여러분의 증명서에 적힌 기간의 자료만 보입니다. 그 전이나 뒤의 사용량은 다른 사람의 것입니다.',
          'You see only the time your credential names. What was used before or after is somebody else’s.',
        )}
      </p>
    </div>
  );
}
