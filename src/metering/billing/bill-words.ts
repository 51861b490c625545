// What a bill's parts are called in Korean and English, on paper and on pages.
import type { BillCorrectionJson, BillDocument, ExceptionsJson } from './bill-document.ts';

type Text = { ko: string; en: string };
type Component = BillDocument['components'][number];
export type BillRow = Component['rows'][number];

const notes: Readonly<Record<NonNullable<BillRow['note']>, Text>> = {
  minimum_use: { ko: '최소 사용량', en: 'minimum use' },
  share_rounding: { ko: '분할 단수 처리', en: 'rounding of the shares' },
  free: { ko: '무료', en: 'no charge' },
  cap: { ko: '한도 적용', en: 'cap' },
  least_off: { ko: '최저 감면액까지', en: 'up to the least that is taken off' },
  at_least: { ko: '최저 요금까지', en: 'up to the least' },
  at_most: { ko: '최고 요금까지', en: 'down to the most' },
};

/** What a row is of: class, days where they are not the whole period, tier, the component it is reckoned on, its note. */
export function rowText(row: BillRow, { terms, components, use_from, use_until }: BillDocument): Text {
  const of = components.find(({ id }) => id === row.of)?.name;
  const tier = tierText(row);
  const isMixed = Object.keys(terms.class_names).length > 1;
  const told: Text[] = [
    ...(row.class === null || !isMixed ? [] : [terms.class_names[row.class] ?? { ko: row.class, en: row.class }]),
    ...(row.from === use_from && row.until === use_until ? [] : [days(row.from, row.until)]),
    ...(tier === null ? [] : [tier]),
    ...(of === undefined ? [] : [{ ko: `${of.ko} 기준`, en: `of ${of.en}` }]),
    ...(row.note === null ? [] : [notes[row.note]]),
  ];
  return { ko: told.map(({ ko }) => ko).join(', '), en: told.map(({ en }) => en).join(', ') };
}

function tierText({ tier, over_m3, up_to_m3 }: BillRow): Text | null {
  if (tier === null) return null;
  const span = up_to_m3 === null ? `${over_m3 ?? '0'}~` : `${over_m3 ?? '0'}~${up_to_m3}`;
  return { ko: `${tier}단계 (${span}m³)`, en: `tier ${tier} (${span} m³)` };
}

function days(from: string, until: string): Text {
  return { ko: `${from}부터 ${until} 전까지`, en: `from ${from} until ${until}` };
}

/**
 * What a place has otherwise than the tariff says by itself, a sentence each; with the first day where it begins within the
 * period, or ends.
 */
export function exceptionTexts(exceptions: ExceptionsJson | null | undefined): Text[] {
  const { stretches, component_names, count_names, class_names } = exceptions ?? nothing;
  const component = (id: string) => component_names[id] ?? { ko: id, en: id };
  return stretches.flatMap(({ from, without, class_of, counts }): Text[] => {
    const told: Text[] = [
      ...without.map((id) => ({ ko: `${component(id).ko} 없음`, en: `no charge for ${component(id).en}` })),
      ...Object.entries(class_of).flatMap(([id, name]) => {
        const of = class_names[name] ?? { ko: name, en: name };
        const isPaid = !without.includes(id);
        return isPaid ? [{ ko: `${component(id).ko}: ${of.ko} 요율`, en: `${component(id).en} as ${of.en}` }] : [];
      }),
      ...Object.entries(counts).map(([id, value]) => {
        const of = count_names[id] ?? { ko: id, en: id };
        return { ko: `${of.ko} ${value}`, en: `${of.en}: ${value}` };
      }),
    ];
    const all = told.length === 0 ? [{ ko: '예외 없음', en: 'no exception' }] : told;
    if (stretches.length === 1) return all;
    return all.map(({ ko, en }) => ({ ko: `${from}부터 ${ko}`, en: `from ${from} ${en}` }));
  });
}

/** By which exceptions a corrected bill is charged now, and by which it was; nothing where they are the same. */
export function correctedExceptionTexts({ exceptions }: BillCorrectionJson): Text[] {
  if (exceptions === undefined) return [];
  const [before, after] = [exceptions.before, exceptions.after].map((one) => {
    const told = exceptionTexts(one);
    const texts = told.length === 0 ? [{ ko: '예외 없음', en: 'no exception' }] : told;
    return { ko: texts.map(({ ko }) => ko).join(', '), en: texts.map(({ en }) => en).join(', ') };
  });
  return [{ ko: `수용가 예외: ${before?.ko} → ${after?.ko}`, en: `exceptions: ${before?.en} → ${after?.en}` }];
}

const nothing: ExceptionsJson = { stretches: [], component_names: {}, count_names: {}, class_names: {} };

/** `20 m³ × 650`, or nothing where a row is no volume times a price. */
export function reckoning({ volume_m3, unit_price_won, times }: BillRow): string {
  if (volume_m3 === null || unit_price_won === null) return '';
  return `${grouped(volume_m3)} m³ × ${grouped(unit_price_won)}${times === 1 ? '' : ` × ${times}`}`;
}

/** Thousands set apart; fractions without an end stay as they are. */
export function grouped(amount: string | number): string {
  const text = String(amount);
  if (text.includes('/')) return text;
  const [whole = '', part] = text.split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${part === undefined ? '' : `.${part}`}`;
}

/** Litres as m³ with three decimals. */
export function cubicMetres(volume_l: number): string {
  return `${grouped(Math.floor(volume_l / 1_000))}.${String(volume_l % 1_000).padStart(3, '0')}`;
}
