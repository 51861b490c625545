// What can be wrong with a CSV list and its cells, whatever it is a list of; the English goes behind "line 7, bore_mm: ".
import { type FaultCatalogue, faultsIn } from './fault-texts.ts';

export const csvFaults = {
  not_csv: { ko: 'CSV가 아닙니다 ({error}). 따옴표가 짝이 맞는지 살펴 주세요.', en: 'is not CSV ({error})' },
  no_rows: { ko: '제목 줄 아래에 아무 줄도 없습니다.', en: 'there is no line below the heading' },
  column_missing: { ko: '제목 줄에 이 열이 없습니다.', en: 'is missing' },
  column_unknown: { ko: '{place}번째 열은 모르는 이름입니다.', en: 'column {place} has a name that is not known' },
  column_twice: { ko: '같은 열이 두 번 있습니다.', en: 'stands there twice' },
  cells: {
    ko: '칸이 {cells}개인데 제목 줄에는 {heading}개입니다.',
    en: 'has {cells} cells, and the heading {heading}',
  },
  repeated: { ko: '{line}번째 줄에도 있습니다.', en: 'stands on line {line} too' },
  wrong: { ko: '맞지 않습니다.', en: 'is wrong' },
  empty: { ko: '비어 있습니다.', en: 'is empty' },
  too_long: { ko: '{most}자보다 깁니다.', en: 'is longer than {most} characters' },
  not_whole_number: { ko: '정수가 아닙니다.', en: 'is not a whole number' },
  not_between: { ko: '{least}부터 {most}까지의 수가 아닙니다.', en: 'is not between {least} and {most}' },
  not_one_of: { ko: '다음 가운데 하나가 아닙니다: {choices}', en: 'is not one of {choices}' },
  not_identifier: {
    ko: 'A-Z a-z 0-9 _ . : - 로 된 1~64자가 아닙니다.',
    en: 'is not 1 to 64 of A-Z a-z 0-9 _ . : -',
  },
  not_day: { ko: '2026-03-01 같은 날짜가 아닙니다.', en: 'is not a day such as 2026-03-01' },
  not_instant: {
    ko: '2026-03-01T09:00:00+09:00 같은 시각이 아닙니다.',
    en: 'is not an instant such as 2026-03-01T09:00:00+09:00',
  },
} as const satisfies FaultCatalogue;

export const csvFault = faultsIn(csvFaults);
