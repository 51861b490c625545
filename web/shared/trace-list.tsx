// A verdict's trace as people read it: every step in order, passed, failed or not checked, with its reason.
import { AnchorPanel } from './anchor-panel.tsx';
import { useSpeech } from './language.tsx';
import type { TraceStep } from './service-types.ts';
import { term } from './terms.ts';
import './styles/trace.css';

export function TraceList({ trace }: { trace: readonly TraceStep[] }) {
  return (
    <ol class="trace">
      {trace.map((step) => (
        <TraceItem key={step.step} step={step} />
      ))}
    </ol>
  );
}

function TraceItem({ step }: { step: TraceStep }) {
  const { say, pick } = useSpeech();
  const data = Object.entries(step.data ?? {}).filter(([, value]) => value !== null);
  return (
    <li class={`trace-step ${step.outcome}`} data-testid="trace-step" data-step={step.step} data-outcome={step.outcome}>
      <OutcomeSign outcome={step.outcome} />
      <div class="trace-body">
        <h3>
          {pick(term('step', step.step))}{' '}
          <span class="trace-outcome">
            <span class="visually-hidden">: </span>
            {pick(term('outcome', step.outcome))}
          </span>
        </h3>
        <p>{pick(step.detail)}</p>
        {data.length === 0 && step.outcome === 'passed' ? null : (
          <details>
            <summary>{say('자세히', 'Details')}</summary>
            <dl class="facts small">
              <dt>{say('판정 부호', 'Code')}</dt>
              <dd>
                <code>{step.reason}</code>
              </dd>
              {data.map(([name, value]) => [
                <dt key={`${name}-name`}>
                  <code>{name}</code>
                </dt>,
                <dd key={`${name}-value`}>
                  <code>{String(value)}</code>
                </dd>,
              ])}
            </dl>
          </details>
        )}
        {step.anchor === undefined ? null : <AnchorPanel anchor={step.anchor} />}
      </div>
    </li>
  );
}

function OutcomeSign({ outcome }: { outcome: TraceStep['outcome'] }) {
  const path = { passed: 'M7 12.5l3.4 3.4L17 8.8', failed: 'M8 8l8 8M16 8l-8 8', not_checked: 'M7.5 12h9' }[outcome];
  return (
    <svg class="trace-sign" width="28" height="28" viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="11" />
      <path d={path} fill="none" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
