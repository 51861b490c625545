// The meters of a zone that miss hours of a day: an hour a letter, and where what is missing was lost.
import { useSpeech } from '../shared/language.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import { causes } from './read-rate-words.ts';
import { linkTo } from './route.ts';
import { TableScroll } from './table-scroll.tsx';
import type { ChosenDay, IncompleteMeters } from './zone-types.ts';

const page_meters = 50;

export function IncompleteDay({ chosen }: { chosen: ChosenDay }) {
  const { say, pick } = useSpeech();
  const pages = usePages<IncompleteMeters>(
    (cursor, signal) => {
      const query = new URLSearchParams({ day: chosen.day, zone: chosen.zone_id, limit: String(page_meters) });
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/incomplete-meters?${query}`, undefined, signal);
    },
    [chosen],
  );
  const meters = pages.loaded.flatMap((page) => page.meters);
  return (
    <section class="card" aria-labelledby="incomplete-title" data-testid="incomplete-day">
      <div class="section">
        <h2 id="incomplete-title">
          {say(`${chosen.name}, ${chosen.day}: 빠진 계량기`, `${chosen.name}, ${chosen.day}: meters that miss hours`)}
        </h2>
        <p class="small soft">
          {causes.map(({ letter, name }) => `${letter} ${pick(name)}`).join(' · ')}
          {say(' · 작은 글자는 추정으로 채운 시간', ' · in small where it was estimated')}
        </p>
        {meters.length === 0 ? null : (
          <TableScroll label={say('빠진 계량기 표', 'Table of meters that miss hours')}>
            <table class="table stacked">
              <thead>
                <tr>
                  <th scope="col">{say('기물번호', 'Serial')}</th>
                  <th scope="col">{say('수용가', 'Service point')}</th>
                  <th scope="col">{say('잃은 곳', 'Lost')}</th>
                  <th scope="col">{say('시간마다', 'Hour by hour')}</th>
                </tr>
              </thead>
              <tbody>
                {meters.map(({ meter, service_point_id, hours }) => (
                  <tr key={service_point_id + meter.id} data-testid="incomplete-meter">
                    <th scope="row">
                      <a href={linkTo({ page: 'meter', id: meter.id })}>{meter.serial}</a>
                      <span class="small soft"> {meter.model}</span>
                    </th>
                    <td data-heading={say('수용가', 'Service point')}>
                      <a href={linkTo({ page: 'service-point', id: service_point_id })}>{service_point_id}</a>
                    </td>
                    <td class="wraps" data-heading={say('잃은 곳', 'Lost')}>
                      {causes
                        .map(({ letter, name }) => ({ name, count: lettersOf(hours, letter) }))
                        .filter(({ count }) => count > 0)
                        .map(({ name, count }) => say(`${pick(name)} ${count}시간`, `${pick(name)}: ${count} h`))
                        .join(', ')}
                    </td>
                    <td class="hours-of-day" data-heading={say('시간마다', 'Hour by hour')}>
                      <Hours hours={hours} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
        <PageTail
          pages={pages}
          nothing={meters.length > 0 ? null : say('빠진 계량기가 없습니다.', 'No meter misses an hour.')}
        />
      </div>
    </section>
  );
}

function lettersOf(hours: string, letter: string): number {
  return [...hours.toUpperCase()].filter((each) => each === letter).length;
}

/** What came as a dot, so that what did not stands out. */
function Hours({ hours }: { hours: string }) {
  const parts = hours.replaceAll('A', '·').match(/[MRBDCVmrbdcv]+|[^MRBDCVmrbdcv]+/g) ?? [];
  let at = 0;
  return (
    <>
      {parts.map((part) => {
        const key = at;
        at += part.length;
        return /^[MRBDCV]/i.test(part) ? <b key={key}>{part}</b> : <span key={key}>{part}</span>;
      })}
    </>
  );
}
