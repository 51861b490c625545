// A priced bill for people, in Korean or English: what each component comes to, and how.
import type { Exact } from '../metering/billing/exact.ts';
import type { PriceRequest } from '../metering/billing/price-request.ts';
import type { PricedBill, PricedComponent, PricedRow } from '../metering/billing/priced-bill.ts';
import type { Tariff } from '../metering/billing/tariff.ts';

type Language = 'ko' | 'en';

const words = {
  en: {
    won: (amount: string) => `${amount} won`,
    tier: (tier: number) => `tier ${tier}`,
    times: (count: number) => `, ${count} times`,
    of: (name: string) => `of ${name}`,
    rounded: (before: string, after: string, unit: string) => `${before} becomes ${after}, rounded to ${unit}`,
    total: 'Total',
    notVerified: 'Some of these prices could not be seen at their source: not a bill to rely on.',
    superseded: (name: string, by: string) => `${name} gives way to ${by}, which is larger`,
    notes: {
      minimum_use: 'minimum use',
      share_rounding: 'rounding of the shares',
      free: 'no charge',
      cap: 'cap',
      least_off: 'up to the least that is taken off',
      at_least: 'up to the least',
      at_most: 'down to the most',
    },
  },
  ko: {
    won: (amount: string) => `${amount}원`,
    tier: (tier: number) => `${tier}단계`,
    times: (count: number) => ` × ${count}`,
    of: (name: string) => `${name} 기준`,
    rounded: (before: string, after: string, unit: string) => `${before} → ${after} (${unit} 단위 처리)`,
    total: '합계',
    notVerified: '출처를 확인하지 못한 단가가 있어 참고용입니다.',
    superseded: (name: string, by: string) => `${name}: 금액이 더 큰 ${by}만 적용`,
    notes: {
      minimum_use: '최소 사용량',
      share_rounding: '분할 단수 처리',
      free: '무료',
      cap: '한도 적용',
      least_off: '최저 감면액까지',
      at_least: '최저 요금까지',
      at_most: '최고 요금까지',
    },
  },
};

export function priceText(tariff: Tariff, request: PriceRequest, bill: PricedBill, language: Language): string {
  const say = words[language];
  const names = new Map(tariff.components.map(({ id, name }) => [id, name[language]]));
  const className = tariff.classes[request.class]?.[language] ?? request.class;
  const volume = grouped(String(request.volume_l / 1_000));
  const lines = [`${tariff.name[language]}: ${className}, ${volume} m3, ${request.use_from}`, ''];
  for (const component of bill.components) lines.push(...componentLines(component, names, language));
  for (const { id, by } of bill.superseded) lines.push(`  ${say.superseded(names.get(id) ?? id, names.get(by) ?? by)}`);
  for (const { before, after, to } of bill.total.rounding) {
    lines.push(`  ${say.rounded(money(before), money(after), String(to))}`);
  }
  lines.push(columns(say.total, say.won(grouped(String(bill.total.amount_won)))));
  if (!bill.verified) lines.push('', say.notVerified);
  return `${lines.join('\n')}\n`;
}

function componentLines(component: PricedComponent, names: ReadonlyMap<string, string>, language: Language): string[] {
  const say = words[language];
  const rows = component.rows.map((one) => `  ${rowText(one, names, language)}`);
  const rounding = component.rounding
    .filter(({ before, after }) => before.compare(after) !== 0)
    .map(({ before, after, to }) => `  ${say.rounded(money(before), money(after), String(to))}`);
  return [columns(component.name[language], say.won(money(component.amount_won))), ...rows, ...rounding];
}

function rowText(one: PricedRow, names: ReadonlyMap<string, string>, language: Language): string {
  const say = words[language];
  const told = [
    ...(one.tier === null ? [] : [say.tier(one.tier)]),
    ...(one.of === null ? [] : [say.of(names.get(one.of) ?? one.of)]),
    ...(one.note === null ? [] : [say.notes[one.note]]),
  ];
  const times = one.times === 1 ? '' : say.times(one.times);
  const reckoned =
    one.volume_m3 === null || one.unit_price_won === null
      ? ''
      : `${grouped(String(one.volume_m3))} m3 x ${money(one.unit_price_won)}${times} = `;
  return `${told.length === 0 ? '' : `${told.join(', ')}: `}${reckoned}${money(one.amount_won)}  [${one.line}]`;
}

function columns(left: string, right: string): string {
  const width = [...left].reduce((sum, letter) => sum + (letter > '\u10ff' ? 2 : 1), 0);
  return `${left}${' '.repeat(Math.max(2, 56 - width - right.length))}${right}`;
}

function money(amount: Exact): string {
  return grouped(String(amount));
}

/** Thousands set apart; fractions without an end stay as they are. */
function grouped(text: string): string {
  const [whole = '', part] = text.split('.');
  if (text.includes('/')) return text;
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${part === undefined ? '' : `.${part}`}`;
}
