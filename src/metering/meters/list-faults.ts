// What can be wrong with a list of devices or of the registry, beyond what can be wrong with any list.
import { csvFaults } from '../../platform/csv-faults.ts';
import { type FaultCatalogue, faultsIn } from '../../platform/fault-texts.ts';
import { exceptionFaults } from '../billing/exception-faults.ts';

const deviceFaults = {
  formats_count: { ko: '형식이 없거나 {most}개보다 많습니다.', en: 'names no format, or more than {most}' },
  format_too_long: {
    ko: '{most}자보다 긴 형식 이름이 있습니다.',
    en: 'names a format longer than {most} characters',
  },
  secret_too_short: {
    ko: '{least}자보다 짧습니다. 비워 두면 만들어 드립니다.',
    en: 'has fewer than {least} characters; leave it empty to be given one',
  },
  not_printable: {
    ko: '인쇄할 수 있는 ASCII가 아닌 글자가 있습니다.',
    en: 'holds other characters than printable ASCII',
  },
  not_hexadecimal: { ko: '16진수 {digits}자리가 아닙니다.', en: 'is not {digits} hexadecimal digits' },
} as const satisfies FaultCatalogue;

/** Where a row contradicts what is known, or another row. */
const registryFaults = {
  parent_unknown: { ko: '모르는 구역입니다.', en: 'names a zone that is not known' },
  zones_in_circle: { ko: '구역이 서로를 돌아가며 품습니다.', en: 'makes a circle of zones' },
  zone_unknown: {
    ko: '모르는 구역입니다. 구역 목록을 먼저 올려 주세요.',
    en: 'names a zone that is not known; read in the list of zones first',
  },
  place_unknown: {
    ko: '모르는 수용가입니다. 수용가 목록을 먼저 올려 주세요.',
    en: 'names a place that is not known; read in the list of places first',
  },
  not_after_from_at: { ko: 'from_at보다 뒤가 아닙니다.', en: 'is not after from_at' },
  without_until_at: { ko: 'until_at 없이 적혀 있습니다.', en: 'is given without until_at' },
  other_place: {
    ko: '그 시각에 이 계량기가 설치된 것으로 알려진 수용가와 다릅니다.',
    en: 'is another than the meter is known to have come to at that instant',
  },
  other_end: { ko: '알려진 끝과 다릅니다.', en: 'is another end than the one that is known' },
  other_register: { ko: '알려진 지침과 다릅니다.', en: 'is another register than the one that is known' },
  meter_elsewhere: {
    ko: '그때 이 계량기는 이미 다른 곳에 있었습니다.',
    en: 'the meter stood somewhere at that time already',
  },
  place_taken: {
    ko: '그때 이 수용가에는 다른 계량기가 있었습니다.',
    en: 'another meter stood at the place at that time',
  },
  inlet_already: {
    ko: '그때 이 수용가는 이미 이 구역의 유입이었습니다.',
    en: 'the place was an inlet of the zone at that time already',
  },
} as const satisfies FaultCatalogue;

export type RegistryFaultCode = keyof typeof registryFaults;

export const listFaults = { ...csvFaults, ...deviceFaults, ...registryFaults, ...exceptionFaults };
export const listFault = faultsIn(listFaults);
