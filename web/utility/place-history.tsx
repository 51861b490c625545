// All that ever held of a place: its facts, the meters that stood there with their registers, the zones it flows into.
import { cubicMetres, dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import { claimValue } from '../shared/terms.ts';
import { linkTo } from './route.ts';
import { TableScroll } from './table-scroll.tsx';
import type { PlaceHistory } from './zone-types.ts';
import { purposeWords } from './zone-words.ts';
import './zones.css';

export function PlaceHistoryPanel({ id }: { id: string }) {
  const { say } = useSpeech();
  const path = `/api/utility/registry/places/${encodeURIComponent(id)}`;
  const [remote, again] = useRemote<PlaceHistory>((signal) => askService(path, undefined, signal), [path]);
  return (
    <section class="card" aria-labelledby="history-title">
      <div class="section">
        <h2 id="history-title">{say('등록 이력', 'History in the registry')}</h2>
        {remote.state === 'loading' ? <Loading /> : null}
        {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
        {remote.state === 'ready' ? <History history={remote.value} /> : null}
      </div>
    </section>
  );
}

function History({ history: { versions, installs, inlets } }: { history: PlaceHistory }) {
  const { say, language } = useSpeech();
  return (
    <>
      <Versions versions={versions} />
      <h3>{say('계량기', 'Meters')}</h3>
      {installs.length === 0 ? (
        <Empty>{say('여기에 계량기가 선 적이 없습니다.', 'No meter ever stood here.')}</Empty>
      ) : (
        <Installs installs={installs} />
      )}
      {inlets.length === 0 ? null : (
        <>
          <h3>{say('구역으로 드나드는 물', 'Flows between zones')}</h3>
          <ul class="plain-list">
            {inlets.map((inlet) => (
              <li key={inlet.zone_id + inlet.from_at}>
                <a href={linkTo({ page: 'zone', id: inlet.zone_id })}>{inlet.zone_name}</a>{' '}
                {inlet.direction === 'in' ? say('· 유입', '· in') : say('· 유출', '· out')}{' '}
                <span class="small soft">
                  {dateTime(inlet.from_at, language)} –{' '}
                  {inlet.until_at === null ? say('지금', 'now') : dateTime(inlet.until_at, language)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Versions({ versions }: Pick<PlaceHistory, 'versions'>) {
  const { say, pick, language } = useSpeech();
  return (
    <TableScroll label={say('수용가 이력 표', 'Table of what held of the place')}>
      <table class="table stacked">
        <thead>
          <tr>
            <th scope="col">{say('언제부터', 'From')}</th>
            <th scope="col">{say('구역', 'Zone')}</th>
            <th scope="col">{say('업종', 'Usage class')}</th>
            <th scope="col" class="number">
              {say('가구', 'Households')}
            </th>
            <th scope="col">{say('구분', 'Purpose')}</th>
            <th scope="col">{say('적은 때', 'Recorded')}</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => (
            <tr
              key={version.from_at + version.recorded_at}
              class={version.is_replaced ? 'former' : ''}
              data-testid="place-version"
            >
              <th scope="row">{dateTime(version.from_at, language)}</th>
              <td data-heading={say('구역', 'Zone')}>{version.zone_name}</td>
              <td data-heading={say('업종', 'Usage class')}>{pick(claimValue('usage_class', version.usage_class))}</td>
              <td class="number" data-heading={say('가구', 'Households')}>
                {version.households}
              </td>
              <td data-heading={say('구분', 'Purpose')}>
                {pick(purposeWords[version.purpose] ?? { ko: version.purpose, en: version.purpose })}
              </td>
              <td data-heading={say('적은 때', 'Recorded')}>
                {dateTime(version.recorded_at, language)}
                {version.is_replaced ? (
                  <span class="visually-hidden">{say(' (바로잡음)', ' (corrected since)')}</span>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Installs({ installs }: Pick<PlaceHistory, 'installs'>) {
  const { say, language } = useSpeech();
  const register = (register_l: number | null): string => (register_l === null ? '—' : `${cubicMetres(register_l)} m³`);
  return (
    <TableScroll label={say('계량기 이력 표', 'Table of meters that stood here')}>
      <table class="table stacked">
        <thead>
          <tr>
            <th scope="col">{say('기물번호', 'Serial')}</th>
            <th scope="col">{say('설치', 'From')}</th>
            <th scope="col" class="number">
              {say('설치 지침', 'Opening register')}
            </th>
            <th scope="col">{say('철거', 'Until')}</th>
            <th scope="col" class="number">
              {say('철거 지침', 'Closing register')}
            </th>
          </tr>
        </thead>
        <tbody>
          {installs.map((install) => (
            <tr key={install.meter.id + install.from_at} data-testid="place-install">
              <th scope="row">
                <a href={linkTo({ page: 'meter', id: install.meter.id })}>{install.meter.serial}</a>{' '}
                <span class="small soft">
                  {install.meter.model}, {install.meter.bore_mm} mm
                </span>
              </th>
              <td data-heading={say('설치', 'From')}>{dateTime(install.from_at, language)}</td>
              <td class="number" data-heading={say('설치 지침', 'Opening register')}>
                {register(install.opening_register_l)}
              </td>
              <td data-heading={say('철거', 'Until')}>
                {install.until_at === null ? say('지금 서 있음', 'stands there') : dateTime(install.until_at, language)}
              </td>
              <td class="number" data-heading={say('철거 지침', 'Closing register')}>
                {register(install.closing_register_l)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
