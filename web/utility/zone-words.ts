// Volumes, shares and what is not known of zones, as people read them.
import type { Language, Speech, Text } from '../shared/language.tsx';
import type { Balance, Zone } from './zone-types.ts';

const locale = (language: Language): string => (language === 'ko' ? 'ko-KR' : 'en-GB');

/** Cubic metres, rounded to what a zone's day can mean. */
export function volume(volume_l: number | null, language: Language): string {
  if (volume_l === null) return '—';
  const m3 = volume_l / 1_000;
  return `${m3.toLocaleString(locale(language), { maximumFractionDigits: Math.abs(m3) < 100 ? 1 : 0 })} m³`;
}

export function percent(share: number | null, language: Language): string {
  if (share === null) return '—';
  return share.toLocaleString(locale(language), {
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
}

export function flow(flow_l_per_s: number | null, language: Language): string {
  if (flow_l_per_s === null) return '—';
  return `${flow_l_per_s.toLocaleString(locale(language), { maximumFractionDigits: 2 })} L/s`;
}

/** What was lost, or how much at most; a gap is neither. */
export function lossOf(balance: Balance | null, { say, language }: Speech): string {
  if (balance === null) return '—';
  if (balance.water_losses_l !== null) return volume(balance.water_losses_l, language);
  if (balance.water_losses_at_most_l === null) return '—';
  const most = volume(balance.water_losses_at_most_l, language);
  return say(`많아야 ${most}`, `at most ${most}`);
}

/** Non-revenue water as a part of the input, or how much at most. */
export function shareOf(balance: Balance | null, { say, language }: Speech): string {
  if (balance === null) return '—';
  if (balance.non_revenue_share !== null) return percent(balance.non_revenue_share, language);
  const { system_input_l } = balance;
  if (system_input_l === null || system_input_l === 0) return '—';
  const most = percent((system_input_l - balance.billed_metered_l) / system_input_l, language);
  return say(`많아야 ${most}`, `at most ${most}`);
}

/** What of the span is not known; null where all is. */
export function gapsOf(balance: Balance, { say, language }: Speech): string | null {
  const number = (count: number): string => count.toLocaleString(locale(language));
  if (balance.inlets === 0) return say('유입 계량기가 없습니다', 'no inlet meter');
  const parts: string[] = [];
  if (balance.missing_hours > 0)
    parts.push(
      say(`유입 결측 ${number(balance.missing_hours)}시간`, `${number(balance.missing_hours)} h of inflow missing`),
    );
  if (balance.bridged_hours > 0)
    parts.push(
      say(
        `유입 ${number(balance.bridged_hours)}시간은 앞뒤 지침으로 이음`,
        `${number(balance.bridged_hours)} h of inflow bridged by registers`,
      ),
    );
  if (balance.missing_meter_hours > 0)
    parts.push(
      say(
        `사용 결측 ${number(balance.missing_meter_hours)} / ${number(balance.meter_hours)} 계량기·시간`,
        `${number(balance.missing_meter_hours)} of ${number(balance.meter_hours)} meter-hours missing`,
      ),
    );
  return parts.length === 0 ? null : parts.join(' · ');
}

export const purposeWords: Record<string, Text> = {
  billed: { ko: '과금', en: 'Billed' },
  unbilled: { ko: '무과금', en: 'Unbilled' },
  inlet: { ko: '유입', en: 'Inlet' },
};

/** Each zone below the one it lies in, with its depth; one whose parent is not among them stands at the top. */
export function nested(zones: readonly Zone[]): { zone: Zone; depth: number }[] {
  const known = new Set(zones.map(({ zone_id }) => zone_id));
  const children = new Map<string | null, Zone[]>();
  for (const zone of zones) {
    const parent = zone.parent_zone_id !== null && known.has(zone.parent_zone_id) ? zone.parent_zone_id : null;
    children.set(parent, [...(children.get(parent) ?? []), zone]);
  }
  const rows: { zone: Zone; depth: number }[] = [];
  const put = (parent: string | null, depth: number): void => {
    for (const zone of children.get(parent) ?? []) {
      rows.push({ zone, depth });
      put(zone.zone_id, depth + 1);
    }
  };
  put(null, 0);
  return rows;
}
