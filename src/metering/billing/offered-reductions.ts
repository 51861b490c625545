// Which reductions a tariff gives for a proof at a place, and what each takes off in a sentence for people.
import type { DateText } from './billing-dates.ts';
import type { Tariff } from './tariff.ts';
import type { ReductionComponent, ReductionLine } from './tariff-components.ts';

export interface Words {
  ko: string;
  en: string;
}

/** Of one predicate; several reductions may be given for the same proof. */
export interface OfferedReduction {
  predicate: string;
  name: Words;
  takesOff: Words;
}

/** @param on a day of use, and of billing */
export function offeredReductions(
  tariff: Tariff,
  place: { class: string; bore_mm: number | null },
  on: DateText,
): OfferedReduction[] {
  const offered = new Map<string, OfferedReduction>();
  for (const component of tariff.components) {
    if (component.kind !== 'reduction') continue;
    const line = component.lines.find((one) => isFor(one, place, on));
    if (line === undefined) continue;
    const takesOff = takesOffWords(tariff, component, line);
    const before = offered.get(component.predicate);
    offered.set(component.predicate, {
      predicate: component.predicate,
      name: before === undefined ? component.name : both(before.name, component.name, ' · '),
      takesOff: before === undefined ? takesOff : both(before.takesOff, takesOff, ' '),
    });
  }
  return [...offered.values()];
}

function isFor(line: ReductionLine, place: { class: string; bore_mm: number | null }, on: DateText): boolean {
  const within = (from: string | undefined, until: string | undefined) => (from ?? '') <= on && on < (until ?? '9');
  return (
    within(line.use_from, line.use_until) &&
    within(line.billed_from, line.billed_until) &&
    (line.classes?.includes(place.class) ?? true) &&
    (line.bores_mm === undefined || (place.bore_mm !== null && line.bores_mm.includes(place.bore_mm)))
  );
}

function takesOffWords(tariff: Tariff, component: ReductionComponent, line: ReductionLine): Words {
  const scope = component.of.flatMap((id) => tariff.components.find((one) => one.id === id)?.name ?? []);
  const from = { ko: scope.map(({ ko }) => ko).join(', '), en: scope.map(({ en }) => en).join(', ') };
  const scaled = {
    ko: line.per.includes('households') ? '세대마다 ' : '',
    en: line.per.includes('households') ? ' for each household' : '',
  };
  const monthly = line.per.includes('months') ? { ko: '한 달에 ', en: ' a month' } : { ko: '', en: '' };
  const bounds = [
    { bound: line.at_least, ko: '최소', en: 'at least' },
    { bound: line.at_most, ko: '최대', en: 'at most' },
  ].filter(({ bound }) => bound !== undefined);
  const ko = bounds.map((one) => `${one.ko} ${won(String(one.bound))}원`).join(', ');
  const en = bounds.map((one) => `${one.en} ${won(String(one.bound))} won`).join(', ');
  const cap =
    bounds.length === 0
      ? { ko: '', en: '' }
      : { ko: ` (${scaled.ko}${monthly.ko}${ko})`, en: ` (${en}${monthly.en}${scaled.en})` };
  if (line.percent !== undefined) {
    const percent = line.percent.toString();
    return {
      ko: `${from.ko}의 ${percent}%를 덜어 냅니다${cap.ko}.`,
      en: `Takes ${percent} % off: ${from.en}${cap.en}.`,
    };
  }
  const part =
    line.m3 === undefined
      ? { ko: `${won(line.amount?.toString() ?? '')}원`, en: 'won' }
      : { ko: `${line.m3}m³ 값`, en: 'm³' };
  const size = line.m3 === undefined ? won(line.amount?.toString() ?? '') : String(line.m3);
  return {
    ko: `${from.ko}에서 ${scaled.ko}${monthly.ko}${part.ko}을 덜어 냅니다${cap.ko}.`,
    en: `Takes ${line.m3 === undefined ? '' : 'the charge of '}${size} ${part.en}${monthly.en}${scaled.en} off: ${from.en}${cap.en}.`,
  };
}

/** Digits in groups of three. */
function won(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

function both(one: Words, other: Words, between: string): Words {
  return { ko: `${one.ko}${between}${other.ko}`, en: `${one.en}${between}${other.en}` };
}
