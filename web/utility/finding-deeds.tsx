// What staff can do about a case: accept it, void or set a reading, or estimate; each with a reason.
import { useState } from 'preact/hooks';
import { decisionFaults } from '../../src/metering/validation/decision-faults.ts';
import { litres, shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import { Choice } from './choice.tsx';
import type { Finding, ShownCase, ShownRegister } from './findings.ts';

const deeds = ['accept', 'void', 'replace', 'restore', 'estimate'] as const;
type Deed = (typeof deeds)[number];

interface DeedsProps {
  id: string;
  shown: ShownCase;
  finding: Finding;
  /** It was recorded; the case is to be read anew. */
  onDone: () => void;
}

export function FindingDeeds({ id, shown, finding, onDone }: DeedsProps) {
  const { say } = useSpeech();
  const [deed, setDeed] = useState<Deed>(shown.rule === 'missing' ? 'estimate' : 'accept');
  const [reason, setReason] = useState('');
  const [at, setAt] = useState('');
  const [litres, setLitres] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const names: Record<Deed, string> = {
    accept: say('그대로 인정', 'Accept as it is'),
    void: say('지침 무효', 'Void a reading'),
    replace: say('지침 고치기', 'Replace a reading'),
    restore: say('처음 지침으로', 'Restore a reading'),
    estimate: say('빈 시간 추정', 'Estimate missing hours'),
  };
  const isOfReading = deed === 'void' || deed === 'replace' || deed === 'restore';
  const days = shown.findings.filter(({ state }) => state === 'open').map(({ day }) => day);

  const act = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const sum = litres === '' ? {} : { [deed === 'estimate' ? 'sum_l' : 'register_l']: Number(litres) };
      if (deed === 'accept') await askService(`/api/utility/findings/${encodeURIComponent(id)}/accept`, { reason });
      else if (deed === 'estimate') {
        const span = { from: days.at(-1) ?? finding.day, to: days[0] ?? finding.day };
        await askService(`/api/utility/installs/${encodeURIComponent(shown.install)}/estimates`, {
          ...span,
          ...sum,
          reason,
        });
      } else {
        const body = { at, deed, reason, ...(deed === 'replace' ? sum : {}) };
        await askService(`/api/utility/meters/${encodeURIComponent(shown.meter)}/reading-edits`, body);
      }
      onDone();
    } catch (error) {
      setProblem(asServiceProblem(error));
    }
    setBusy(false);
  };

  return (
    <form class="stack" onSubmit={act} data-testid="finding-deeds">
      <Choice
        id="deed"
        label={say('할 일', 'Deed')}
        value={deed}
        options={deeds.map((one) => [one, names[one]])}
        onChoose={(chosen) => setDeed(chosen as Deed)}
      />
      {isOfReading ? <ReadingChoice shown={shown} finding={finding} deed={deed} at={at} onChoose={setAt} /> : null}
      {deed === 'replace' || deed === 'estimate' ? (
        <div class="field">
          <label for="deed-litres">
            {deed === 'replace'
              ? say('맞는 지침 (L)', 'Right register (L)')
              : say('아는 합계 (L, 없으면 비움)', 'Known sum (L, or empty)')}
          </label>
          <input
            id="deed-litres"
            class="input"
            inputMode="numeric"
            pattern="[0-9]*"
            required={deed === 'replace'}
            value={litres}
            onInput={(event) => setLitres(event.currentTarget.value)}
          />
        </div>
      ) : null}
      <div class="field">
        <label for="deed-reason">{say('까닭', 'Reason')}</label>
        <input
          id="deed-reason"
          class="input"
          required
          maxLength={500}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
          data-testid="deed-reason"
        />
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} faults={decisionFaults} />}
      <button type="submit" class="button" disabled={busy} data-testid="deed-send">
        {names[deed]}
      </button>
    </form>
  );
}

interface ReadingChoiceProps {
  shown: ShownCase;
  finding: Finding;
  deed: Deed;
  at: string;
  onChoose: (at: string) => void;
}

/** The readings of the finding; those that an edit holds for, where one is to be restored. */
function ReadingChoice({ shown, finding, deed, at, onChoose }: ReadingChoiceProps) {
  const { say, language } = useSpeech();
  const query = new URLSearchParams({ from: finding.from, to: finding.to });
  const path = `/api/utility/meters/${encodeURIComponent(shown.meter)}/registers?${query}`;
  const [remote] = useRemote<{ registers: ShownRegister[] }>(
    (signal) => askService(path, undefined, signal),
    [path, shown.edits.length],
  );
  const told = remote.state === 'ready' ? remote.value.registers : [];
  const choices = told.filter(({ state }) => {
    if (deed === 'restore') return state === 'voided' || state === 'set';
    return state === 'counts' || state === 'left_out' || state === 'set';
  });
  return (
    <div class="field">
      <label for="deed-at">{say('어느 지침', 'Which reading')}</label>
      <select
        id="deed-at"
        class="input"
        required
        value={at}
        onChange={(event) => onChoose(event.currentTarget.value)}
        data-testid="deed-at"
      >
        <option value="">{say('고르세요', 'Choose')}</option>
        {choices.map((one) => (
          <option key={`${one.at} ${one.register_l}`} value={one.at}>
            {shortDateTime(one.at, language)} · {litres(one.register_l, language)}
          </option>
        ))}
      </select>
    </div>
  );
}
