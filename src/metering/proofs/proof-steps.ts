// The steps of a bill's check, each with what it found and where it breaks: said in Korean and English.

export const proofSteps = ['form', 'document', 'price', 'volume', 'use', 'readings', 'bytes', 'chain'] as const;
export type ProofStepName = (typeof proofSteps)[number];

export interface Said {
  ko: string;
  en: string;
}

/** Where a step breaks. */
export interface ProofBreak {
  says: Said;
  /** Local day, and the meter's serial. */
  day?: string;
  meter?: string;
  /** Of the reading: local, `2026-03-04 10:17:00`. */
  measured_at?: string;
}

export interface ProofStep {
  step: ProofStepName;
  /** null: it could not be checked here. */
  passed: boolean | null;
  says: Said;
  /** The first `breaksShown` at most. */
  breaks: ProofBreak[];
}

const breaksShown = 20;

/** @param good what is said where nothing breaks */
export function stepOf(step: ProofStepName, breaks: readonly ProofBreak[], good: Said): ProofStep {
  const [first] = breaks;
  return first === undefined
    ? { step, passed: true, says: good, breaks: [] }
    : { step, passed: false, says: first.says, breaks: breaks.slice(0, breaksShown) };
}

/** Whether nothing broke: what could not be checked here is for the reader to judge. */
export function isProven(steps: readonly ProofStep[]): boolean {
  return steps.every(({ passed }) => passed !== false);
}

export const stepNames: Readonly<Record<ProofStepName, Said>> = {
  form: { ko: '증명 파일', en: 'The file' },
  document: { ko: '요금 고지서', en: 'The bill' },
  price: { ko: '요금 계산', en: 'The price' },
  volume: { ko: '사용량', en: 'The volume' },
  use: { ko: '검침값에서 사용량으로', en: 'From readings to use' },
  readings: { ko: '검침값', en: 'The readings' },
  bytes: { ko: '계량기가 보낸 바이트', en: 'The bytes the meter sent' },
  chain: { ko: '체인', en: 'The chain' },
};
