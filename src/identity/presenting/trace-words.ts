// A verdict's trace in words: the names of steps and outcomes, and the whole as lines of text. Pages and API share them.
import type { TraceOutcome, TraceStep, TraceStepName } from './verdict.ts';

interface Words {
  ko: string;
  en: string;
}

export const stepNames: Readonly<Record<TraceStepName, Words>> = {
  format: { ko: '증명서의 형식', en: 'Format of the credential' },
  signature: { ko: '발급 기관의 서명', en: "Issuer's signature" },
  issuer: { ko: '믿을 수 있는 발급 기관', en: 'Trusted issuer' },
  status: { ko: '폐지 여부', en: 'Not revoked' },
  validity: { ko: '유효 기간', en: 'Period of validity' },
  holder: { ko: '소지자 본인의 열쇠', en: "Holder's own key" },
  disclosures: { ko: '보여 준 내용이 원본과 같음', en: 'What was shown matches the original' },
  anchor: { ko: '공개 장부의 기록', en: 'Record on the public ledger' },
};

export const outcomeNames: Readonly<Record<TraceOutcome, Words>> = {
  passed: { ko: '통과', en: 'Passed' },
  failed: { ko: '실패', en: 'Failed' },
  not_checked: { ko: '확인 안 함', en: 'Not checked' },
};

/** One line a step, in each language. */
export function traceText(trace: readonly TraceStep[]): Words {
  const lines = (language: keyof Words) =>
    trace.map(
      ({ step, outcome, detail }) =>
        `${stepNames[step][language]}: ${outcomeNames[outcome][language]}. ${detail[language]}`,
    );
  return { ko: lines('ko').join('\n'), en: lines('en').join('\n') };
}
