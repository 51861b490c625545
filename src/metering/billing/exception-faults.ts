// What can be wrong with an exception of a place, whatever the tariff; in a list the English goes behind "line 7, value: ".
import { type Fault, type FaultCatalogue, faultsIn } from '../../platform/fault-texts.ts';
import { ownScales, tariffName } from './tariff-names.ts';

export const exceptionFaults = {
  not_tariff_name: {
    ko: '요율표의 이름이 아닙니다. a-z, 0-9, -, _ 로 적고 글자로 시작합니다.',
    en: 'is not a name of a tariff: a-z, 0-9, - and _, a letter first',
  },
  households_apart: {
    ko: '가구수는 수용가 목록에 적습니다.',
    en: 'is no count of its own: households stand in the list of places',
  },
  count_of_every_bill: {
    ko: '모든 고지서에 있는 수라 따로 적지 않습니다.',
    en: 'is no count of its own: every bill has it',
  },
  not_yes: { ko: 'yes도 -(끝남)도 아닙니다.', en: 'is neither yes nor -' },
  not_class_name: { ko: '업종 이름도 -(끝남)도 아닙니다.', en: 'is neither the name of a class nor -' },
  not_number: {
    ko: '소수 셋째 자리까지의 수도 -(끝남)도 아닙니다.',
    en: 'is neither a number with up to three decimals nor -',
  },
} as const satisfies FaultCatalogue;

const faultOf = faultsIn(exceptionFaults);

/** What is wrong with a name; null: nothing. */
export function exceptionNameFault(kind: string, name: string): Fault | null {
  if (!tariffName.test(name)) return faultOf('not_tariff_name');
  if (kind !== 'count' || !ownScales.some((own) => own === name)) return null;
  return faultOf(name === 'households' ? 'households_apart' : 'count_of_every_bill');
}

/** What is wrong with a value of the kind; null: nothing. */
export function exceptionValueFault(kind: string, value: string): Fault | null {
  if (kind === 'without') return value === 'yes' ? null : faultOf('not_yes');
  if (kind === 'class_of') return tariffName.test(value) ? null : faultOf('not_class_name');
  return /^\d{1,9}(\.\d{1,3})?$/.test(value) ? null : faultOf('not_number');
}
