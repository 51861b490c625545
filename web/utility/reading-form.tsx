// Adds a reading that no telegram told: from a photograph, from a visit; with who, when and why, like every edit.
import { useState } from 'preact/hooks';
import { decisionFaults } from '../../src/metering/validation/decision-faults.ts';
import { homeInstant } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';

const litresInM3 = 1_000;

/** @param path the meter's address at the service @param onDone it was recorded; the meter is to be read anew */
export function ReadingForm({ path, onDone }: { path: string; onDone: () => void }) {
  const { say } = useSpeech();
  const [at, setAt] = useState('');
  const [register_m3, setRegister] = useState('');
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);

  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const register_l = Math.round(Number(register_m3) * litresInM3);
      await askService(`${path}/reading-edits`, { at: homeInstant(at), deed: 'add', register_l, reason });
      onDone();
    } catch (error) {
      setProblem(asServiceProblem(error));
      setBusy(false);
    }
  };

  return (
    <details class="no-print" data-testid="reading-form">
      <summary>{say('지침 더하기', 'Add a reading')}</summary>
      <form class="offer-form reading-form" onSubmit={add}>
        <p class="small soft whole">
          {say(
            '사진이나 방문으로 확인한 지침을 넣습니다. 사용량이 다시 계산되고, 누가 왜 넣었는지 남습니다.',
            'For a register seen on a photograph or a visit. Use is worked out anew; who added it and why is kept.',
          )}
        </p>
        <div class="field">
          <label for="reading-at">{say('언제 본 지침', 'Seen at')}</label>
          <input
            id="reading-at"
            class="input"
            type="datetime-local"
            required
            value={at}
            onInput={(event) => setAt(event.currentTarget.value)}
            data-testid="reading-at"
          />
        </div>
        <div class="field">
          <label for="reading-register">
            {say('지침 (m³, 소수 셋째 자리까지)', 'Register (m³, up to three decimals)')}
          </label>
          <input
            id="reading-register"
            class="input"
            inputMode="decimal"
            pattern="[0-9]+([.][0-9]{1,3})?"
            title={say('225.151처럼 적습니다.', 'Written as 225.151')}
            required
            value={register_m3}
            onInput={(event) => setRegister(event.currentTarget.value)}
            data-testid="reading-register"
          />
        </div>
        <div class="field whole">
          <label for="reading-reason">{say('까닭', 'Reason')}</label>
          <input
            id="reading-reason"
            class="input"
            required
            maxLength={500}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
            data-testid="reading-reason"
          />
          <span class="hint">{say('이름 같은 개인정보는 적지 마세요.', 'No names, please.')}</span>
        </div>
        {problem === null ? null : (
          <div class="whole">
            <ProblemNotice problem={problem} faults={decisionFaults} />
          </div>
        )}
        <button type="submit" class="button" disabled={busy} data-testid="reading-add">
          {say('지침 더하기', 'Add the reading')}
        </button>
      </form>
    </details>
  );
}
