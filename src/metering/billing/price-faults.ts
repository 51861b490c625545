// Why something has no price by a tariff, and what does not fit in what is to be priced.
import { problemsIn } from '../../platform/fault-problems.ts';
import type { FaultCatalogue } from '../../platform/fault-texts.ts';

const noPriceFaults = {
  bore_missing: {
    ko: "요금 항목 '{component}': 구경을 모릅니다. 요율은 {bores} mm에만 있습니다.",
    en: "component '{component}': the bore is not given; its lines are for {bores} mm",
  },
  bore_without_line: {
    ko: "요금 항목 '{component}': 구경 {bore} mm의 요율이 없습니다. 요율은 {bores} mm에만 있습니다.",
    en: "component '{component}': no line for a bore of {bore} mm; its lines are for {bores} mm",
  },
  class_without_line: {
    ko: "요금 항목 '{component}': 업종 '{class}', 사용일 {on}, 고지일 {billed_on}의 요율이 없습니다. 더해 주세요. 무료라면 free: true로 적습니다.",
    en: "component '{component}' has no line for class '{class}', use on {on}, billed on {billed_on}; add one, with free: true if it costs nothing",
  },
  change_undivided: {
    ko: "요금 항목 '{component}': 사용 기간 중({days})에 요율이 바뀝니다. 어떻게 나눌지 요율표의 price_change에 적어 주세요.",
    en: "the price of '{component}' changes on {days}, within the days of use; the tariff has to say how that is divided: add price_change",
  },
  index_without_value: {
    ko: "지수 '{index}': {month}의 값이 없습니다. 요율표의 indices.{index}.values에 더해 주세요.",
    en: "index '{index}' has no value for {month}; add it to indices.{index}.values, or give it with the request",
  },
  index_without_band: {
    ko: "지수 '{index}': {value}에 이르는 구간이 없습니다. 더해 주세요.",
    en: "index '{index}': no band reaches {value}; add one",
  },
  count_missing: {
    ko: "요율표가 '{count}'의 수에 따르는데 그 수를 모릅니다. 수용가의 요금 예외로 적어 주세요.",
    en: "the tariff goes by '{count}', which is not given; give it as a count with the request, or enter it for the place",
  },
  amount_bore_missing: {
    ko: "요금 항목 '{component}': 구경에 따라 정해지는데 구경을 모릅니다. 구경은 {bores} mm 가운데 하나입니다.",
    en: "component '{component}' goes by the bore, which is not given; one of {bores} mm",
  },
  bore_without_amount: {
    ko: "요금 항목 '{component}': 구경 {bore} mm의 금액이 없습니다. {bores} mm에만 있습니다.",
    en: "component '{component}' has no {bore} mm; it has {bores} mm",
  },
  day_without_line: {
    ko: "요금 항목 '{component}': {day}까지 쓰고 {billed_on}에 고지하는 요율이 없습니다. 더해 주세요.",
    en: "component '{component}' has no line for use until {day}, billed on {billed_on}; add one",
  },
  tiers_end: {
    ko: "요율 '{line}': 구간이 {end} m³에서 끝나는데 사용량은 {volume} m³입니다. up_to_m3이 없는 구간을 더해 주세요.",
    en: "the tiers of line '{line}' end at {end} m3, the volume is {volume} m3; add a tier without up_to_m3",
  },
} as const satisfies FaultCatalogue;

/** `part` is the part of the request. */
const requestFaults = {
  not_date: {
    ko: "{part}: '{text}' — 2024-10-01 같은 날짜로 적어 주세요.",
    en: "{part}: '{text}' is not a date as 2024-10-01",
  },
  not_after: {
    ko: '{part}: {until} — {from}보다 뒤가 아닙니다. 마지막 날의 다음 날을 적어 주세요.',
    en: '{part}: {until} is not after {from}; the end is the first day after the last one',
  },
  days_above: { ko: '{part}: {days}일 — {most}일보다 깁니다.', en: '{part}: {days} days are more than {most}' },
  not_count: {
    ko: '{part}: {value} — {least}부터 {most}까지의 정수가 아닙니다.',
    en: '{part}: {value} is not a whole number from {least} to {most}',
  },
  months_outside: {
    ko: 'months: 0보다 크고 {most} 이하인 수가 아닙니다.',
    en: 'months: is not above 0 and at most {most}',
  },
  months_not_whole: {
    ko: 'months: 달수로 나누는 요율({line})이 있는데 달수가 정수가 아닙니다: {months}',
    en: "months: line '{line}' divides by months; {months} is not a whole number of them",
  },
  class_unknown: {
    ko: "{part}: 요율표에 없는 업종입니다: '{class}'. 있는 업종: {known}",
    en: "{part}: there is no class '{class}'; classes are {known}",
  },
  class_twice: { ko: "others: 같은 업종이 두 번 있습니다: '{class}'", en: "others: class '{class}' is given twice" },
  classes_above: { ko: 'others: 업종이 {most}개보다 많습니다.', en: 'others: more than {most} classes' },
  class_above_meter: {
    ko: "others.volume_l: 업종 '{class}'의 사용량이 계량기보다 많습니다.",
    en: "others.volume_l: class '{class}' has more than the meter",
  },
  households_twice: {
    ko: 'households: 업종 {class}의 가구수가 두 번 있습니다. 하나를 빼 주세요.',
    en: 'households: households of class {class} are given twice; leave one out',
  },
  mix_missing: {
    ko: "others: 요율표에 없는 업종 혼용입니다: '{class}', '{other}'. mixes에 더하거나 사용량을 적어 주세요.",
    en: "others: the tariff has no mix of '{class}' with '{other}'; add one to its mixes, or give the volume",
  },
  index_unknown: {
    ko: "index_values: 요율표에 없는 지수입니다: '{name}'. 있는 지수: {known}",
    en: "index_values: there is no index '{name}'; there are {known}",
  },
  count_unknown: {
    ko: "counts: 요율표에 없는 수입니다: '{name}'. 있는 수: {known}",
    en: "counts: there is no count '{name}'; there are {known}",
  },
  changes_above: {
    ko: 'changes: 사용 기간 중의 변경이 {most}번보다 많습니다.',
    en: 'changes: more than {most} changes',
  },
  change_outside: {
    ko: "changes: '{day}' — {before}보다 뒤이고 {until}보다 앞인 날이 아닙니다.",
    en: "changes: '{day}' is no day after {before} and before {until}",
  },
  component_unknown: {
    ko: "{part}: 요율표에 없는 요금 항목입니다: '{component}'. 있는 항목: {known}",
    en: "{part}: there is no component '{component}'; there are {known}",
  },
  component_without_class: {
    ko: "class_of: 요금 항목 '{component}'에는 따로 업종이 없습니다.",
    en: "class_of: '{component}' has no class of its own",
  },
  component_without_volume: {
    ko: "volume_l_of: 요금 항목 '{component}'에는 사용량이 없습니다.",
    en: "volume_l_of: '{component}' has no volume",
  },
  not_optional: {
    ko: "without: 모든 계량기에 있는 요금 항목입니다(optional: true가 아님): '{component}'",
    en: "without: every meter has '{component}'; it is not optional: true",
  },
  measured_apart: {
    ko: 'measured: 한 부분이 {from}에 시작하는데 그 앞은 {end}에 끝납니다.',
    en: 'measured: a part begins on {from}, but the days before it end at {end}',
  },
  measured_end: {
    ko: 'measured: 부분들은 {end}에, 사용 기간은 {until}에 끝납니다.',
    en: 'measured: the parts end at {end}, the use at {until}',
  },
  measured_sum: {
    ko: 'measured: 부분들의 합이 {volume} l가 아니라 {sum} l입니다.',
    en: 'measured: the parts are {sum} l together, not {volume}',
  },
  measured_missing: {
    ko: 'measured: 요율이 {days}에 바뀝니다. 그 앞과 뒤의 사용량이 있어야 합니다.',
    en: 'measured: the price changes on {days}: the use before and after has to be given',
  },
  measured_spans: {
    ko: 'measured: {from}부터의 부분이 요율이 바뀌는 {change}에 걸쳐 있습니다. 둘로 나누어 주세요.',
    en: 'measured: the part from {from} spans {change}, when the price changes; give it as two',
  },
  credit_not_whole: {
    ko: 'credit_won: 0 이상의 정수가 아닙니다.',
    en: 'credit_won: is not whole won from 0 up',
  },
} as const satisfies FaultCatalogue;

export const priceFaults = { ...noPriceFaults, ...requestFaults };
export const noPrice = problemsIn('TARIFF_NO_PRICE', noPriceFaults);
export const wrongRequest = problemsIn('PRICE_REQUEST_INVALID', requestFaults);
