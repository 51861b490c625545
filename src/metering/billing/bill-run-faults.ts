// Why a bill run is not started, and why a place that it reached is held.
import { problemsIn } from '../../platform/fault-problems.ts';
import { type FaultCatalogue, faultsIn } from '../../platform/fault-texts.ts';
import { priceFaults } from './price-faults.ts';

export const billRunFaults = {
  not_date: {
    ko: "{part}: '{text}' — 2026-03-01 같은 날짜로 적어 주세요.",
    en: "{part}: '{text}' is not a date as 2026-03-01",
  },
  not_after: {
    ko: '사용 끝 다음 날({until})이 사용 첫날({from})보다 뒤가 아닙니다. 마지막 날의 다음 날을 적어 주세요.',
    en: 'use_until: {until} is not after {from}; write the first day after the last',
  },
  days_above: {
    ko: '사용 기간이 {days}일입니다. {most}일을 넘을 수 없습니다.',
    en: 'use_until: {days} days are more than {most}',
  },
  not_passed: {
    ko: '{day}은 아직 지나지 않은 날입니다. 오늘은 {today}입니다.',
    en: 'use_until: {day} has not passed yet; today is {today}',
  },
  due_before_bill: {
    ko: '납기일({due_on})이 고지일({billed_on})보다 앞입니다.',
    en: "due_on: {due_on} is before the bills' date, {billed_on}",
  },
  months_outside: {
    ko: '몇 달치: 1부터 {most}까지의 정수가 아닙니다({months}).',
    en: 'months: {months} is not a whole number from 1 to {most}',
  },
  zone_unknown: {
    ko: '그런 구역이 없습니다. 등록부에 올리거나, 전체를 고지하려면 비워 두세요.',
    en: 'zone: there is no such zone; read it in with the registry, or leave it out for all places',
  },
} as const satisfies FaultCatalogue;

const heldPlaceFaults = {
  hours_untold: { ko: '{from}부터 모두 {hours}시간', en: '{hours} h from {from}' },
  other_days: {
    ko: '고지서 {bill}의 사용 기간이 {from}부터 {until} 전날까지입니다.',
    en: 'bill {bill} is for days from {from} until {until}',
  },
} as const satisfies FaultCatalogue;

/** With why the tariff has no price for a place. */
export const heldFaults = { ...heldPlaceFaults, ...priceFaults };

export const wrongRun = problemsIn('BILL_RUN_INVALID', billRunFaults);
export const heldFault = faultsIn(heldPlaceFaults);
