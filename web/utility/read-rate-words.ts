// What became of hours, in words.
import type { Text } from '../shared/language.tsx';
import type { ReadRate } from './zone-types.ts';

export interface Cause {
  /** In the ledger; small where the hour was estimated. */
  letter: string;
  name: Text;
  of: (rate: ReadRate) => number;
}

export const causes: readonly Cause[] = [
  { letter: 'R', name: { ko: '무선에서 잃음', en: 'Lost at the radio' }, of: (rate) => rate.lost_radio },
  { letter: 'M', name: { ko: '계량기에서 잃음', en: 'Lost at the meter' }, of: (rate) => rate.lost_meter },
  { letter: 'B', name: { ko: '수신에서 거절', en: 'Refused at the broker' }, of: (rate) => rate.lost_broker },
  { letter: 'D', name: { ko: '해독 실패', en: 'Not decoded' }, of: (rate) => rate.lost_decode },
  { letter: 'C', name: { ko: '시계 틀림', en: 'Wrong clock' }, of: (rate) => rate.lost_clock },
  { letter: 'V', name: { ko: '검증에서 제외', en: 'Not counted' }, of: (rate) => rate.lost_validation },
];

/** Of the expected hours those that came, late ones too; null where none was expected. */
export function rateOf({ expected, arrived, late }: ReadRate): number | null {
  return expected === 0 ? null : (arrived + late) / expected;
}
