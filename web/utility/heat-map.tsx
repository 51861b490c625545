// Zones by days, each day as dark as hours are missing; a day leads to its meters.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { rateOf } from './read-rate-words.ts';
import { TableScroll } from './table-scroll.tsx';
import type { ChosenDay, ReadRate, ZonePage } from './zone-types.ts';
import { nested, percent } from './zone-words.ts';

/** Least part of the hours that must be there for each tone; below the last it is the darkest. */
const tones = [0.98, 0.9, 0.75, 0.5] as const;
const rowsAtFirst = 60;

/** 0 where nearly all is there, 4 where hardly anything is; null where nothing was expected. */
export function heatTone(rate: number | null): number | null {
  if (rate === null) return null;
  const tone = tones.findIndex((least) => rate >= least);
  return tone === -1 ? tones.length : tone;
}

export interface HeatMapProps {
  days: readonly string[];
  zones: ZonePage;
  byZone: readonly ReadRate[];
  chosen: ChosenDay | null;
  onChoose: (chosen: ChosenDay) => void;
}

export function HeatMap({ days, zones, byZone, chosen, onChoose }: HeatMapProps) {
  const { say } = useSpeech();
  const [shown, setShown] = useState(rowsAtFirst);
  const rates = new Map(byZone.map((rate) => [`${rate.zone_id} ${rate.day}`, rate]));
  const rows = nested(zones.zones);
  return (
    <>
      <Key />
      <TableScroll label={say('수집률 지도', 'Heat map of completeness')}>
        <table class="heat" data-testid="heat-map">
          <thead>
            <tr>
              <th scope="col">{say('구역', 'Zone')}</th>
              {days.map((day, index) => (
                <th scope="col" key={day}>
                  <span class="visually-hidden">{day}</span>
                  <span aria-hidden="true">
                    {index === 0 || day.endsWith('-01')
                      ? `${Number(day.slice(5, 7))}/${Number(day.slice(8))}`
                      : Number(day.slice(8))}
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map(({ zone, depth }) => (
              <tr key={zone.zone_id}>
                <th scope="row" style={{ paddingInlineStart: `${depth}rem` }} title={zone.zone_id}>
                  {zone.name}
                </th>
                {days.map((day) => (
                  <td key={day}>
                    <Cell
                      rate={rates.get(`${zone.zone_id} ${day}`) ?? null}
                      of={{ zone_id: zone.zone_id, name: zone.name, day }}
                      pressed={chosen?.zone_id === zone.zone_id && chosen.day === day}
                      onChoose={onChoose}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      {rows.length <= shown ? null : (
        <button type="button" class="button plain" onClick={() => setShown(shown + rowsAtFirst)}>
          {say('구역 더 보기', 'More zones')}
        </button>
      )}
    </>
  );
}

interface CellProps {
  rate: ReadRate | null;
  of: ChosenDay;
  pressed: boolean;
  onChoose: (chosen: ChosenDay) => void;
}

function Cell({ rate, of, pressed, onChoose }: CellProps) {
  const { say, language } = useSpeech();
  const share = rate === null ? null : rateOf(rate);
  const tone = heatTone(share);
  const told = share === null ? say('기대한 지침 없음', 'nothing expected') : percent(share, language);
  const name = `${of.name} ${of.day}: ${told}`;
  return (
    <button
      type="button"
      class={tone === null ? '' : `r${tone}`}
      aria-pressed={pressed}
      aria-label={name}
      title={name}
      onClick={() => onChoose(of)}
      data-testid="heat-cell"
    >
      {tone === null || tone === 0 || share === null ? '' : Math.floor(share * 100)}
    </button>
  );
}

function Key() {
  const { say, language } = useSpeech();
  const least = tones.map((tone) => tone.toLocaleString(language, { style: 'percent' }));
  return (
    <ul class="heat-key small">
      {least.map((share, tone) => (
        <li key={share}>
          <i class={`r${tone}`} /> {say(`${share} 이상`, `${share} or more`)}
        </li>
      ))}
      <li>
        <i class="r4" /> {say('그보다 적음', 'less')}
      </li>
      <li>
        <i /> {say('기대한 지침 없음', 'nothing expected')}
      </li>
    </ul>
  );
}
