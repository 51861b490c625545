// The rules that estimate by themselves: what people call them, and why each makes or changes an estimate.
import type { FaultSentence } from '../../platform/fault-texts.ts';
import type { EstimateMethod } from '../readings/estimate-method.ts';

const measured = { ko: '뒤늦게 검침값이 왔습니다.', en: 'measured after all' };

export const estimateRules = {
  gap_estimate: {
    name: { ko: '빈 시간 추정', en: 'Estimates of gaps' },
    reasons: {
      own_profile: {
        ko: '검침값이 없어, 앞선 몇 주 같은 요일의 같은 시간처럼 채웠습니다.',
        en: 'nothing measured tells: as in these hours of the same weekday in the weeks before',
      },
      class_profile: {
        ko: '검침값이 없고 새 계량기라, 같은 구역·업종·구경의 사용처럼 채웠습니다.',
        en: 'nothing measured tells and the meter is new: as places of the zone, class and bore used',
      },
      withdrawn: {
        ko: '아는 것이 너무 적어져 근거가 없습니다.',
        en: 'its ground is gone: too little is known',
      },
    },
  },
  measured: {
    name: { ko: '검침값 우선', en: 'Measured first' },
    reasons: { own_profile: measured, class_profile: measured, withdrawn: measured },
  },
} as const satisfies Record<string, { name: FaultSentence; reasons: Record<EstimateMethod, FaultSentence> }>;

export type EstimateRule = keyof typeof estimateRules;

/** @returns null for a rule that is not known here */
export function estimateRule(rule: string) {
  return Object.hasOwn(estimateRules, rule) ? estimateRules[rule as EstimateRule] : null;
}
