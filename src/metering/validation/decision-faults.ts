// Why staff can't edit a reading or have hours estimated as they asked.
import { problemsIn } from '../../platform/fault-problems.ts';
import type { FaultCatalogue } from '../../platform/fault-texts.ts';

const nothingThere = {
  nothing_to_void: {
    ko: '그 시각에 유효한 지침이 없어 무효로 할 것이 없습니다.',
    en: 'at: no register holds at this instant; nothing to void',
  },
  nothing_to_replace: {
    ko: '그 시각에 받은 지침이 없습니다. 고치는 대신 지침을 더하세요.',
    en: 'at: nothing was told at this instant; add a register instead',
  },
  nothing_to_restore: {
    ko: '그 시각의 지침은 고쳐진 적이 없어 되돌릴 것이 없습니다.',
    en: 'at: no edit holds at this instant; nothing to restore',
  },
} as const satisfies FaultCatalogue;

const editFaults = {
  beyond_dials: {
    ko: '지침이 너무 큽니다. 이 계량기의 지침은 {wraps_at_l} L보다 작습니다.',
    en: 'register_l: this meter shows less than {wraps_at_l} l',
  },
  ahead: {
    ko: '아직 오지 않은 시각입니다. 그때의 지침은 아무도 볼 수 없습니다.',
    en: 'at: lies ahead; nothing was told then yet',
  },
  already_told: {
    ko: '그 시각에는 이미 지침이 있습니다. 더하는 대신 그 지침을 고치세요.',
    en: 'at: a register was told at this instant; replace it instead',
  },
} as const satisfies FaultCatalogue;

const estimateFaults = {
  install_unknown: { ko: '그런 번호의 설치가 없습니다.', en: 'install: there is none of this number' },
  too_many_days: { ko: '한 번에 {most}일까지만 추정합니다.', en: 'at most {most} days at once' },
  not_over: {
    ko: '{day}은 아직 끝나지 않았습니다. 지침이 더 올 수 있습니다.',
    en: '{day} is not over; its readings may still come',
  },
  all_measured: { ko: '이 날들에는 빈 시간이 없습니다.', en: 'every hour of these days is measured' },
  too_little_known: {
    ko: '{day}을 추정하기에는 이곳과 비슷한 곳의 기록이 너무 적습니다.',
    en: 'too little is known of {day}, here and at places like this one',
  },
} as const satisfies FaultCatalogue;

/** Of all that staff can decide about readings and use. */
export const decisionFaults = { ...nothingThere, ...editFaults, ...estimateFaults };

export const nothingToEdit = problemsIn('READING_UNKNOWN', nothingThere);
export const cannotEdit = problemsIn('EDIT_IMPOSSIBLE', editFaults);
export const cannotEstimate = problemsIn('ESTIMATE_IMPOSSIBLE', estimateFaults);
