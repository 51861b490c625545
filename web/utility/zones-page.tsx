// All zones, nested: what entered, what was lost of it, and how the nights were.
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import { linkTo } from './route.ts';
import { Sparkline } from './sparkline.tsx';
import { TableScroll } from './table-scroll.tsx';
import type { Zone, ZonePage } from './zone-types.ts';
import { flow, gapsOf, lossOf, nested, shareOf, volume } from './zone-words.ts';
import './zones.css';

const page_zones = 500;

export function ZonesPage() {
  const { say } = useSpeech();
  const pages = usePages<ZonePage>((cursor, signal) => {
    const query = new URLSearchParams({ limit: String(page_zones) });
    if (cursor !== null) query.set('cursor', cursor);
    return askService(`/api/utility/zones?${query}`, undefined, signal);
  }, []);
  const zones = nested(pages.loaded.flatMap((page) => page.zones));
  return (
    <>
      <div class="stack">
        <PageTitle>{say('구역', 'Zones')}</PageTitle>
        <p class="lead">
          {say(
            '구역마다 들어온 물과 쓴 물의 차이입니다. 모르는 시간은 누수로 세지 않고 결측으로 적습니다.',
            'What entered each zone against what was used there. Hours that are not known are told as gaps, never as losses.',
          )}
        </p>
      </div>
      <section class="card" aria-label={say('구역 목록', 'List of zones')}>
        {zones.length > 0 ? <ZoneTable zones={zones} /> : null}
        <PageTail
          pages={pages}
          nothing={
            zones.length > 0
              ? null
              : say(
                  '아직 구역이 없습니다. 등록 대장에서 구역 목록을 올려 주세요.',
                  'No zones yet; read their list in under Registry.',
                )
          }
        />
      </section>
    </>
  );
}

function useHeadings() {
  const { say } = useSpeech();
  return {
    input: say('어제 유입', 'Input yesterday'),
    loss: say('어제 손실', 'Lost yesterday'),
    share: say('무수율', 'NRW'),
    monthInput: say('30일 유입', 'Input, 30 days'),
    monthShare: say('30일 무수율', 'NRW, 30 days'),
    nights: say('야간 최소유량 30일', 'Night flow, 30 days'),
  };
}

function ZoneTable({ zones }: { zones: readonly { zone: Zone; depth: number }[] }) {
  const { say } = useSpeech();
  const { nights, ...numbers } = useHeadings();
  return (
    <TableScroll label={say('구역별 물수지', 'Balances by zone')}>
      <table class="table stacked zones">
        <thead>
          <tr>
            <th scope="col">{say('구역', 'Zone')}</th>
            {Object.values(numbers).map((heading) => (
              <th key={heading} scope="col" class="number">
                {heading}
              </th>
            ))}
            <th scope="col">{nights}</th>
          </tr>
        </thead>
        <tbody>
          {zones.map(({ zone, depth }) => (
            <Row key={zone.zone_id} zone={zone} depth={depth} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Row({ zone, depth }: { zone: Zone; depth: number }) {
  const speech = useSpeech();
  const { say, language } = speech;
  const headings = useHeadings();
  const gaps = zone.yesterday === null ? null : gapsOf(zone.yesterday, speech);
  const lastNight = zone.nights_l_per_s.at(-1) ?? null;
  return (
    <tr data-testid="zone-row" data-zone={zone.zone_id}>
      <th scope="row" style={{ '--depth': depth }}>
        <a href={linkTo({ page: 'zone', id: zone.zone_id })}>{zone.name}</a>
        <span class="small soft zone-under">
          {say(
            `${zone.zone_id} · 수용가 ${zone.places.toLocaleString(language)}`,
            `${zone.zone_id} · ${zone.places.toLocaleString(language)} places`,
          )}
        </span>
        {gaps === null ? null : <span class="small zone-gaps">{gaps}</span>}
      </th>
      <td class="number" data-heading={headings.input}>
        {volume(zone.yesterday?.system_input_l ?? null, language)}
      </td>
      <td class="number" data-heading={headings.loss}>
        {lossOf(zone.yesterday, speech)}
      </td>
      <td class="number" data-heading={headings.share}>
        {shareOf(zone.yesterday, speech)}
      </td>
      <td class="number" data-heading={headings.monthInput}>
        {volume(zone.month?.system_input_l ?? null, language)}
      </td>
      <td class="number" data-heading={headings.monthShare}>
        {shareOf(zone.month, speech)}
      </td>
      <td class="zone-nights" data-heading={headings.nights}>
        <Sparkline
          values={zone.nights_l_per_s}
          label={say(`어젯밤 ${flow(lastNight, language)}`, `Last night ${flow(lastNight, language)}`)}
        />
        <span class="small">{flow(lastNight, language)}</span>
      </td>
    </tr>
  );
}
