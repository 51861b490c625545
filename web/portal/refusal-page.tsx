// Why the door stays shut: the reason in a sentence, and every step of the check.
import { useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { sentenceOf } from '../shared/problem-sentences.ts';
import type { ServiceProblem } from '../shared/service-client.ts';
import type { TraceStep } from '../shared/service-types.ts';
import { TraceList } from '../shared/trace-list.tsx';

export function RefusalPage({ problem, onAgain }: { problem: ServiceProblem; onAgain: () => void }) {
  const { say, pick } = useSpeech();
  const trace = Array.isArray(problem.members.trace) ? (problem.members.trace as TraceStep[]) : [];
  const failed = trace.find(({ outcome }) => outcome === 'failed');
  const sentence = sentenceOf(problem, failed?.reason);
  return (
    <div class="stack" data-testid="refusal" data-code={failed?.reason ?? problem.code}>
      <PageTitle>{say('로그인할 수 없습니다', 'You cannot sign in')}</PageTitle>
      <Notice tone="bad" live>
        <strong>{pick(failed === undefined ? sentence.what : failed.detail)}</strong>
        <span>{pick(sentence.advice)}</span>
        <code>{failed?.reason ?? problem.code}</code>
      </Notice>
      <button type="button" class="button" onClick={onAgain}>
        {say('다른 증명서로 다시 로그인', 'Sign in with another credential')}
      </button>
      {trace.length === 0 ? null : (
        <section class="card" aria-labelledby="refusal-trace">
          <div class="stack">
            <h2 id="refusal-trace">{say('이렇게 확인했습니다', 'This is how it was checked')}</h2>
            <TraceList trace={trace} />
          </div>
        </section>
      )}
    </div>
  );
}
