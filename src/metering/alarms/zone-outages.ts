// Many meters of a zone silent at once are one alarm of the zone.
import type { Span } from './alarm-kind.ts';

export const zoneAlarm = {
  kind: 'zone_silent',
  label: { ko: '구역 통신 두절', en: 'Zone silent' },
  advice: {
    ko: '집중기와 통신망을 먼저 확인합니다. 계량기마다 가 볼 일이 아닙니다.',
    en: 'Check concentrator and network first: this is not for a visit to each meter.',
  },
  unit: 'meters',
} as const;

/** A share of the zone's meters, and never fewer than so many. */
const outage = { begins: { share: 0.2, meters: 5 }, ends: { share: 0.1, meters: 3 } } as const;

export interface ZoneOutage {
  began_ms: number;
  ended_ms: number | null;
  /** The most that were silent at once. */
  meters: number;
}

/**
 * @param silences of the zone's meters; to infinity where one goes on
 * @param meters in the zone
 */
export function zoneOutages(silences: readonly Span[], meters: number): ZoneOutage[] {
  const begins = Math.max(outage.begins.meters, Math.ceil(meters * outage.begins.share));
  const ends = Math.max(outage.ends.meters, Math.ceil(meters * outage.ends.share));
  const steps = silences
    .flatMap(({ from_ms, to_ms }) => [
      { at_ms: from_ms, step: 1 },
      { at_ms: to_ms, step: -1 },
    ])
    .filter(({ at_ms }) => Number.isFinite(at_ms))
    .sort((one, other) => one.at_ms - other.at_ms || other.step - one.step);
  const outages: ZoneOutage[] = [];
  let open: ZoneOutage | null = null;
  let silent = 0;
  for (const { at_ms, step } of steps) {
    silent += step;
    if (open === null && silent >= begins) {
      open = { began_ms: at_ms, ended_ms: null, meters: silent };
      outages.push(open);
    } else if (open !== null && silent < ends) {
      open.ended_ms = at_ms;
      open = null;
    } else if (open !== null) open.meters = Math.max(open.meters, silent);
  }
  return outages;
}
