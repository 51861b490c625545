// The registry: its lists are checked and read in here, and its places found.
import { useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import { claimValue } from '../shared/terms.ts';
import { RegistryImportForm } from './registry-import.tsx';
import { linkTo } from './route.ts';
import { TableScroll } from './table-scroll.tsx';
import type { PlacePage } from './zone-types.ts';
import { purposeWords } from './zone-words.ts';
import './zones.css';

const page_places = 50;
const typingPause_ms = 250;

export function RegistryPage() {
  const { say } = useSpeech();
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), typingPause_ms);
    return () => clearTimeout(timer);
  }, [typed]);
  const pages = usePages<PlacePage>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: String(page_places) });
      if (search !== '') query.set('search', search);
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/registry/places?${query}`, undefined, signal);
    },
    [search, turn],
  );
  const places = pages.loaded.flatMap((page) => page.places);
  return (
    <>
      <div class="stack">
        <PageTitle>{say('등록 대장', 'Registry')}</PageTitle>
        <p class="lead">
          {say(
            '어느 구역에 어느 수용가가 있고, 어느 계량기가 언제부터 언제까지 섰는지 적은 대장입니다. 한 번 적은 것은 사라지지 않습니다.',
            'Which places lie in which zones, and which meter stood where from when to when. What was once entered is never lost.',
          )}
        </p>
      </div>
      <RegistryImportForm onDone={() => setTurn(turn + 1)} />
      <section class="card" aria-labelledby="places-title">
        <div class="section">
          <h2 id="places-title">{say('수용가', 'Service points')}</h2>
          <div class="field">
            <label for="place-search">{say('찾기', 'Search')}</label>
            <input
              id="place-search"
              class="input"
              type="search"
              value={typed}
              placeholder={say('수용가나 기물번호', 'Service point or serial number')}
              onInput={(event) => setTyped(event.currentTarget.value)}
              data-testid="place-search"
            />
          </div>
          {places.length > 0 ? <PlaceTable places={places} /> : null}
          <PageTail
            pages={pages}
            nothing={places.length > 0 ? null : say('조건에 맞는 수용가가 없습니다.', 'No place matches.')}
          />
        </div>
      </section>
    </>
  );
}

function PlaceTable({ places }: { places: PlacePage['places'] }) {
  const { say, pick } = useSpeech();
  return (
    <TableScroll label={say('수용가 표', 'Table of places')}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{say('수용가', 'Service point')}</th>
            <th scope="col">{say('구역', 'Zone')}</th>
            <th scope="col">{say('업종', 'Usage class')}</th>
            <th scope="col" class="number">
              {say('가구', 'Households')}
            </th>
            <th scope="col">{say('구분', 'Purpose')}</th>
            <th scope="col">{say('계량기', 'Meter')}</th>
          </tr>
        </thead>
        <tbody>
          {places.map((place) => (
            <tr key={place.service_point_id} data-testid="place-row">
              <th scope="row">
                <a href={linkTo({ page: 'service-point', id: place.service_point_id })}>{place.service_point_id}</a>
              </th>
              <td>
                <a href={linkTo({ page: 'zone', id: place.zone_id })}>{place.zone_name}</a>
              </td>
              <td>{pick(claimValue('usage_class', place.usage_class))}</td>
              <td class="number">{place.households}</td>
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
  );
}
