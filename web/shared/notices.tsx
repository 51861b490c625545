// What a page says about its own state: loading, empty, and what went wrong with what to do.
import type { ComponentChildren } from 'preact';
import type { FaultCatalogue } from '../../src/platform/fault-texts.ts';
import { useSpeech } from './language.tsx';
import { faultOf, sentenceOf } from './problem-sentences.ts';
import type { ServiceProblem } from './service-client.ts';

export type Tone = 'calm' | 'good' | 'warn' | 'bad';

export function Notice({
  tone = 'calm',
  live = false,
  testId,
  children,
}: {
  tone?: Tone;
  live?: boolean;
  testId?: string;
  children: ComponentChildren;
}) {
  return (
    <div
      class={`notice wide ${tone}`}
      data-testid={testId}
      {...(live ? { role: tone === 'bad' ? 'alert' : 'status' } : {})}
    >
      {children}
    </div>
  );
}

export function Loading({ children }: { children?: string }) {
  const { say } = useSpeech();
  return (
    <div class="loading" role="status">
      <svg class="wave" viewBox="0 0 42 16" aria-hidden="true">
        <path
          d="M2 10c4-5 7-5 11 0s7 5 11 0 7-5 11 0 4 3 6 1"
          fill="none"
          stroke="currentColor"
          stroke-width="3"
          stroke-linecap="round"
        />
      </svg>
      <span>{children ?? say('불러오는 중입니다…', 'Loading…')}</span>
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return (
    <div class="empty wide">
      <svg width="72" height="36" viewBox="0 0 72 36" aria-hidden="true">
        <path
          d="M4 26c6-5 10-5 16 0s10 5 16 0 10-5 16 0 10 5 16 0"
          fill="none"
          stroke="var(--ripple)"
          stroke-width="3"
          stroke-linecap="round"
        />
        <path d="M26 6v11h18" fill="none" stroke="var(--line-strong)" stroke-width="4" stroke-linecap="round" />
      </svg>
      <div>{children}</div>
    </div>
  );
}

interface ProblemNoticeProps {
  problem: ServiceProblem;
  again?: () => void;
  /** What the service may name as the fault here: its sentence is said in place of what its code says in general. */
  faults?: FaultCatalogue;
}

export function ProblemNotice({ problem, again, faults = {} }: ProblemNoticeProps) {
  const { say, pick } = useSpeech();
  const general = sentenceOf(problem);
  const fault = faultOf(problem, faults);
  return (
    <Notice tone="bad" live testId="problem">
      <strong>{pick(fault ?? general.what)}</strong>
      {fault === null ? <span>{pick(general.advice)}</span> : null}
      <span class="small soft">
        {say('오류 부호', 'Error code')} <code data-testid="problem-code">{problem.code}</code>
      </span>
      {again === undefined ? null : (
        <button type="button" class="button plain quiet" onClick={again}>
          {say('다시 시도', 'Try again')}
        </button>
      )}
    </Notice>
  );
}
