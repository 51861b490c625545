// The service's answers about findings, and the words for them.
import type { EstimateMethod } from '../../src/metering/readings/estimate-method.ts';
import { locale } from '../shared/format.ts';
import type { Language, Text } from '../shared/language.tsx';

export interface FindingCase {
  finding: string;
  rule: string;
  severity: number;
  days: number;
  first_day: string;
  last_day: string;
  service_point: string;
  zone: string;
  meter: { id: string; serial: string };
}

export interface CasePage {
  cases: FindingCase[];
  next_cursor: string | null;
  open: { rule: string; open: number }[];
}

export type Numbers = Record<string, number | string | null>;

export interface Finding {
  id: string;
  day: string;
  from: string;
  to: string;
  severity: number;
  state: 'open' | 'accepted' | 'closed';
  evidence: Numbers;
}

export interface ShownCase {
  install: string;
  meter: string;
  service_point: string;
  rule: string;
  findings: Finding[];
  history: { at: string; what: string; day: string; actor: string | null; reason: string | null }[];
  edits: {
    id: string;
    at: string;
    deed: string;
    register_l: number | null;
    edited_at: string;
    actor: string | null;
    reason: string;
  }[];
  estimates: {
    day: string;
    version: number;
    method: EstimateMethod;
    hours: number;
    sum_l: number;
    made_at: string;
    actor: string | null;
    rule: string | null;
    reason: string;
  }[];
}

export interface ShownRegister {
  at: string;
  register_l: number;
  state: 'counts' | 'left_out' | 'voided' | 'set' | 'read_off';
}

const rules: Record<string, Text> = {
  missing: { ko: '값 없음', en: 'Missing' },
  conflict: { ko: '서로 어긋남', en: 'Conflict' },
  negative: { ko: '지침 감소', en: 'Register fell' },
  implausible_rate: { ko: '있을 수 없는 유량', en: 'Implausible rate' },
  spike: { ko: '순간 급증', en: 'Spike' },
  unusual_for_place: { ko: '평소와 다름', en: 'Unusual for the place' },
  unusual_for_zone: { ko: '구역과 다름', en: 'Unusual for the zone' },
  zero_too_long: { ko: '오래 사용 없음', en: 'No use for long' },
  stuck: { ko: '지침 멈춤', en: 'Stuck' },
  wrong_time: { ko: '시각 오류', en: 'Wrong time' },
};
export const ruleNames = Object.keys(rules);
export const ruleName = (rule: string): Text => rules[rule] ?? { ko: rule, en: rule };

const severities: Record<number, { tone: string; text: Text }> = {
  1: { tone: '', text: { ko: '살펴봄', en: 'Worth a look' } },
  2: { tone: 'warn', text: { ko: '의심', en: 'Likely wrong' } },
  3: { tone: 'bad', text: { ko: '값 없음·오류', en: 'Untold or wrong' } },
};
export const severityOf = (severity: number) => severities[severity] ?? { tone: '', text: { ko: '', en: '' } };

const words: Record<string, Text> = {
  open: { ko: '열림', en: 'Open' },
  opened: { ko: '찾음', en: 'Found' },
  changed: { ko: '값이 바뀜', en: 'Changed' },
  reopened: { ko: '다시 열림', en: 'Opened again' },
  closed: { ko: '까닭이 없어져 닫힘', en: 'Closed: its cause is gone' },
  accepted: { ko: '그대로 인정', en: 'Accepted as it is' },
  void: { ko: '지침 무효', en: 'Voided' },
  replace: { ko: '지침 고침', en: 'Replaced' },
  add: { ko: '지침 더함', en: 'Added' },
  restore: { ko: '처음 지침으로', en: 'Restored' },
  own_profile: { ko: '제 수용가의 지난 4주', en: 'Own last four weeks' },
  class_profile: { ko: '같은 업종 평균', en: 'Average of the class' },
  withdrawn: { ko: '거둠', en: 'Withdrawn' },
};
export const word = (code: string): Text => words[code] ?? { ko: code, en: code };

const units: Record<string, Text> = {
  l: { ko: 'L', en: 'L' },
  'l/h': { ko: 'L/시간', en: 'L/h' },
  h: { ko: '시간', en: 'h' },
  d: { ko: '일', en: 'days' },
};

/** What was judged against what: "4,000 L (한도 1,200 L)". */
export function evidenceText({ measured, limit, unit }: Numbers, language: Language): string {
  const name = units[String(unit ?? '')]?.[language] ?? { ko: '건', en: 'readings' }[language];
  // Korean words stand at their number, signs of units do not.
  const between = /^[가-힣]/.test(name) ? '' : ' ';
  const told = (value: number | string) => `${Number(value).toLocaleString(locale(language))}${between}${name}`;
  const value = told(measured ?? 0);
  if (limit === undefined || limit === null) return value;
  return `${value} (${language === 'ko' ? '한도' : 'limit'} ${told(limit)})`;
}
