// One meter: register, facts, use, and the service point it stands at.
import { useState } from 'preact/hooks';
import { dateOnly, dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { RegisterDial } from '../shared/register-dial.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { MeterDetail } from '../shared/service-types.ts';
import { claimValue, flagSentence, term } from '../shared/terms.ts';
import { UseChart } from '../shared/use-chart.tsx';
import { DownloadLink, queryOfLast, UseDownloads } from '../shared/use-downloads.tsx';
import { stateTone } from './meters-page.tsx';
import { ReadingForm } from './reading-form.tsx';
import { linkTo } from './route.ts';
import { ServicePointPanel } from './service-point-panel.tsx';

const refresh_ms = 15_000;

export function MeterPage({ id }: { id: string }) {
  const { say } = useSpeech();
  const path = `/api/utility/meters/${encodeURIComponent(id)}`;
  const [remote, again] = useRemote<MeterDetail>((signal) => askService(path, undefined, signal), [path], refresh_ms);
  const [isAdded, setAdded] = useState(false);
  const onEdited = (): void => {
    setAdded(true);
    again();
  };
  return (
    <>
      <p class="small">
        <a href={linkTo({ page: 'meters' })}>← {say('계량기 목록', 'All meters')}</a>
      </p>
      {isAdded ? (
        <Notice tone="good" live testId="reading-added">
          {say('기록했습니다. 사용량은 곧 다시 계산됩니다.', 'Recorded. Use is worked out anew soon.')}
        </Notice>
      ) : null}
      {remote.state === 'loading' ? <Loading /> : null}
      {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
      {remote.state === 'ready' ? <MeterView meter={remote.value} path={path} onEdited={onEdited} /> : null}
    </>
  );
}

function MeterView({ meter, path, onEdited }: { meter: MeterDetail; path: string; onEdited: () => void }) {
  const { say, pick, language } = useSpeech();
  return (
    <>
      <PageTitle>{say(`계량기 ${meter.serial}`, `Meter ${meter.serial}`)}</PageTitle>
      <div class="two-columns">
        <section class="card" aria-labelledby="register-title">
          <div class="stack">
            <div class="row">
              <h2 id="register-title">{say('마지막 지침', 'Last register')}</h2>
              <span class={`badge ${stateTone(meter.state)}`}>{pick(term('state', meter.state))}</span>
            </div>
            {meter.last_register_l === null ? (
              <Empty>{say('아직 받은 지침이 없습니다.', 'No reading yet.')}</Empty>
            ) : (
              <RegisterDial register_l={meter.last_register_l} testId="register" />
            )}
            {meter.last_measured_at === null ? null : <p class="soft">{dateTime(meter.last_measured_at, language)}</p>}
            {meter.flags.map((flag) => (
              <Notice tone="warn" key={flag}>
                {pick(flagSentence(flag))}
              </Notice>
            ))}
          </div>
        </section>
        <section class="card" aria-labelledby="facts-title">
          <div class="stack">
            <h2 id="facts-title">{say('자세한 내용', 'Details')}</h2>
            <Facts meter={meter} />
          </div>
        </section>
      </div>
      <section class="card" aria-labelledby="use-title">
        <div class="section">
          <h2 id="use-title">{say('사용량', 'Use')}</h2>
          <UseChart path={`${path}/use`} latest={meter.last_measured_at} />
          <UseDownloads path={`${path}/use`}>
            <DownloadLink href={`${path}/readings.csv?${queryOfLast(366)}`}>
              {say('지침 CSV (1년)', 'Registers CSV (1 year)')}
            </DownloadLink>
          </UseDownloads>
          <ReadingForm path={path} onDone={onEdited} />
        </div>
      </section>
      {meter.service_point === null ? null : <ServicePointPanel id={meter.service_point} />}
    </>
  );
}

function Facts({ meter }: { meter: MeterDetail }) {
  const { say, pick, language } = useSpeech();
  const facts: [string, string | null][] = [
    [say('수용가', 'Service point'), meter.service_point],
    [say('구역', 'Zone'), meter.zone],
    [
      say('업종', 'Usage class'),
      meter.usage_class === null ? null : pick(claimValue('usage_class', meter.usage_class)),
    ],
    [say('구경', 'Bore'), meter.bore_mm === null ? null : `${meter.bore_mm} mm`],
    [say('기종', 'Model'), meter.model],
    [say('통신 형식', 'Format'), meter.format],
    [say('설치한 날', 'Installed'), meter.installed_at === null ? null : dateOnly(meter.installed_at, language)],
    [say('오늘 받은 지침', 'Readings today'), String(meter.readings_today)],
    [say('서로 어긋난 지침', 'Conflicting readings'), String(meter.conflicts)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => [
        <dt key={`${name}-name`}>{name}</dt>,
        <dd key={`${name}-value`}>{value ?? '—'}</dd>,
      ])}
    </dl>
  );
}
