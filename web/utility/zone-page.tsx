// One zone: its balance of yesterday and of the last days, what entered and was used and lost day by day, its nights, and
// the places in it.

import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import { claimValue } from '../shared/terms.ts';
import { DownloadLink, Downloads, firstDayOfLast } from '../shared/use-downloads.tsx';
import { linkTo } from './route.ts';
import { TableScroll } from './table-scroll.tsx';
import { ZoneBalances } from './zone-balances.tsx';
import type { Balance, ZoneDetail, ZonePlaces } from './zone-types.ts';
import { flow, gapsOf, lossOf, purposeWords, shareOf, volume } from './zone-words.ts';
import './zones.css';

const page_places = 50;

export function ZonePage({ id }: { id: string }) {
  const { say } = useSpeech();
  const path = `/api/utility/zones/${encodeURIComponent(id)}`;
  const [remote, again] = useRemote<ZoneDetail>((signal) => askService(path, undefined, signal), [path]);
  return (
    <>
      <p class="small">
        <a href={linkTo({ page: 'zones' })}>← {say('구역 목록', 'All zones')}</a>
      </p>
      {remote.state === 'loading' ? <Loading /> : null}
      {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
      {remote.state === 'ready' ? <ZoneView zone={remote.value} path={path} /> : null}
    </>
  );
}

function ZoneView({ zone, path }: { zone: ZoneDetail; path: string }) {
  const { say } = useSpeech();
  return (
    <>
      <PageTitle>{say(`구역 ${zone.name}`, `Zone ${zone.name}`)}</PageTitle>
      <div class="two-columns">
        <Sums title={say('어제', 'Yesterday')} balance={zone.yesterday} testId="zone-yesterday" />
        <Sums title={say('지난 30일', 'Last 30 days')} balance={zone.month} testId="zone-month" />
      </div>
      <Leakage zone={zone} />
      {zone.first_day === null ? null : <ZoneBalances path={path} />}
      <ZoneDownloads id={zone.zone_id} />
      <Places path={path} />
    </>
  );
}

function Sums({ title, balance, testId }: { title: string; balance: Balance | null; testId: string }) {
  const speech = useSpeech();
  const { say, language } = speech;
  const id = `${testId}-title`;
  const gaps = balance === null ? null : gapsOf(balance, speech);
  return (
    <section class="card" aria-labelledby={id} data-testid={testId}>
      <div class="stack">
        <h2 id={id}>{title}</h2>
        {balance === null ? (
          <Empty>{say('아직 계산한 날이 없습니다.', 'No day has been worked out yet.')}</Empty>
        ) : (
          <>
            <dl class="facts">
              <dt>{say('유입량', 'System input')}</dt>
              <dd>{volume(balance.system_input_l, language)}</dd>
              <dt>{say('과금 계량', 'Billed metered')}</dt>
              <dd>{volume(balance.billed_metered_l, language)}</dd>
              <dt>{say('무과금 계량', 'Unbilled metered')}</dt>
              <dd>{volume(balance.unbilled_metered_l, language)}</dd>
              <dt>{say('손실', 'Water losses')}</dt>
              <dd>
                <strong>{lossOf(balance, speech)}</strong>
              </dd>
              <dt>{say('무수율', 'Non-revenue water')}</dt>
              <dd>
                <strong>{shareOf(balance, speech)}</strong>
              </dd>
              <dt>{say('야간 최소유량', 'Night flow')}</dt>
              <dd>{flow(balance.night_flow_l_per_s, language)}</dd>
            </dl>
            {gaps === null ? null : <p class="small zone-gaps">{gaps}</p>}
          </>
        )}
      </div>
    </section>
  );
}

function Leakage({ zone: { leakage_l_per_s_a_year: trend } }: { zone: ZoneDetail }) {
  const { say, language } = useSpeech();
  if (trend === null) return null;
  const sign = trend > 0 ? '+' : '';
  return (
    <p>
      {say('지난 1년 누수 추세: 야간 최소유량이 한 해에', 'Leakage trend of the last year: night flow moves by')}{' '}
      <strong>
        {sign}
        {flow(trend, language)}
      </strong>{' '}
      {say('씩 변합니다.', 'a year.')}
    </p>
  );
}

function ZoneDownloads({ id }: { id: string }) {
  const { say } = useSpeech();
  const path = `/api/utility/use-days.csv?zone=${encodeURIComponent(id)}&since=${firstDayOfLast(92)}`;
  return (
    <section class="card no-print" aria-labelledby="zone-files-title">
      <div class="section">
        <h2 id="zone-files-title">{say('이 구역의 사용량 자료', 'Use of this zone as files')}</h2>
        <p class="soft">
          {say(
            '이 구역과 그 아래 구역에 있는 모든 계량기의 지난 석 달 사용량입니다. 추정한 양은 따로 적혀 있습니다.',
            'The last three months of every meter here and in the zones below; what is estimated is told apart.',
          )}
        </p>
        <Downloads>
          <DownloadLink href={`${path}&by=day`}>{say('일별 CSV', 'Daily CSV')}</DownloadLink>
          <DownloadLink href={`${path}&by=hour`}>{say('시간별 CSV', 'Hourly CSV')}</DownloadLink>
        </Downloads>
      </div>
    </section>
  );
}

function Places({ path }: { path: string }) {
  const { say, pick } = useSpeech();
  const pages = usePages<ZonePlaces>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: String(page_places) });
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`${path}/places?${query}`, undefined, signal);
    },
    [path],
  );
  const places = pages.loaded.flatMap((page) => page.places);
  return (
    <section class="card" aria-labelledby="zone-places-title">
      <div class="section">
        <h2 id="zone-places-title">{say('이 구역의 수용가', 'Places in this zone')}</h2>
        {places.length === 0 ? null : (
          <TableScroll label={say('수용가 표', 'Table of places')}>
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">{say('수용가', 'Service point')}</th>
                  <th scope="col">{say('구역', 'Zone')}</th>
                  <th scope="col">{say('업종', 'Usage class')}</th>
                  <th scope="col">{say('구분', 'Purpose')}</th>
                  <th scope="col">{say('계량기', 'Meter')}</th>
                </tr>
              </thead>
              <tbody>
                {places.map((place) => (
                  <tr key={place.service_point_id} data-testid="zone-place">
                    <th scope="row">
                      <a href={linkTo({ page: 'service-point', id: place.service_point_id })}>
                        {place.service_point_id}
                      </a>
                    </th>
                    <td>{place.zone_id}</td>
                    <td>{pick(claimValue('usage_class', place.usage_class))}</td>
                    <td>{pick(purposeWords[place.purpose] ?? { ko: place.purpose, en: place.purpose })}</td>
                    <td>
                      {place.meter === null ? (
                        '—'
                      ) : (
                        <a href={linkTo({ page: 'meter', id: place.meter.id })}>{place.meter.serial}</a>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
        <PageTail
          pages={pages}
          nothing={places.length > 0 ? null : say('이 구역에 수용가가 없습니다.', 'No place lies in this zone.')}
        />
      </div>
    </section>
  );
}
