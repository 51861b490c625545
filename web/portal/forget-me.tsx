// Being forgotten: what the portal keeps of a person, erased at their wish.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';

export function ForgetMe({ onForgotten }: { onForgotten: () => void }) {
  const { say } = useSpeech();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const forget = (): void => {
    askService('/api/portal/forget-me', {}).then(onForgotten, (error: unknown) => setProblem(asServiceProblem(error)));
  };
  return (
    <section class="card no-print" aria-labelledby="forget-title">
      <div class="stack">
        <h2 id="forget-title">{say('내 정보 지우기', 'Be forgotten')}</h2>
        <p class="soft">
          {say(
            '이 포털이 아는 것은 여러분의 가명과 이 집, 받고 있는 감면뿐입니다. 지우면 감면은 오늘 끝나고, 증명서는 지갑에 그대로 남습니다.',
            'All that is known here is a pseudonym, this home, and your reductions. Once erased, reductions end today; your credentials stay in your wallet.',
          )}
        </p>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        {asking ? (
          <div class="row" role="alert">
            <span>{say('정말 지울까요?', 'Erase it all?')}</span>
            <button type="button" class="button danger quiet" onClick={forget} data-testid="forget-confirm">
              {say('지우기', 'Erase')}
            </button>
            <button type="button" class="button plain quiet" onClick={() => setAsking(false)}>
              {say('그대로 두기', 'Keep')}
            </button>
          </div>
        ) : (
          <p>
            <button type="button" class="button plain quiet" onClick={() => setAsking(true)} data-testid="forget-me">
              {say('내 정보 지우기…', 'Erase what is known of me…')}
            </button>
          </p>
        )}
      </div>
    </section>
  );
}
