// Asks before a credential is revoked, suspended or resumed: what it means and, where it takes something away, why.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { IssuedCredential } from '../shared/service-types.ts';
import { typeName } from '../shared/terms.ts';

interface Words {
  title: [string, string];
  means: [string, string];
  act: [string, string];
  /** Suggested; null where none is asked. */
  reason: [string, string] | null;
}

const changes = {
  revoke: {
    title: ['증명서를 폐지할까요?', 'Revoke this credential?'],
    means: [
      '폐지하면 이 증명서로는 더 이상 로그인할 수 없고, 되돌릴 수 없습니다.',
      'It will no longer open anything, and this cannot be undone.',
    ],
    act: ['폐지', 'Revoke'],
    reason: ['이사', 'Moved out'],
  },
  suspend: {
    title: ['증명서를 정지할까요?', 'Suspend this credential?'],
    means: [
      '정지하면 해제할 때까지 이 증명서를 쓸 수 없습니다. 확인하는 곳에는 길어야 몇 분 안에 알려집니다.',
      'It cannot be used until it is resumed. Whoever checks it learns of this within minutes.',
    ],
    act: ['정지', 'Suspend'],
    reason: ['분실 신고', 'Reported lost'],
  },
  resume: {
    title: ['정지를 해제할까요?', 'Resume this credential?'],
    means: ['해제하면 이 증명서를 다시 쓸 수 있습니다.', 'It can be used again.'],
    act: ['정지 해제', 'Resume'],
    reason: null,
  },
} satisfies Record<string, Words>;
export type StatusChange = keyof typeof changes;

export function StatusDialog({
  change,
  credential,
  onClose,
}: {
  change: StatusChange;
  credential: Pick<IssuedCredential, 'id' | 'type'>;
  onClose: (changed: boolean) => void;
}) {
  const { say, pick } = useSpeech();
  const words: Words = changes[change];
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState(() => (words.reason === null ? '' : say(...words.reason)));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  useEffect(() => dialog.current?.showModal(), []);

  const act = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const body = words.reason === null ? {} : { reason: reason.trim() };
      await askService(`/api/utility/credentials/${encodeURIComponent(credential.id)}/${change}`, body);
      onClose(true);
    } catch (error) {
      setProblem(asServiceProblem(error));
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} aria-labelledby="status-title" onClose={() => onClose(false)}>
      <form class="stack" onSubmit={act}>
        <h2 id="status-title">{say(...words.title)}</h2>
        <p>
          {pick(typeName(credential.type))}: {say(...words.means)}
        </p>
        {words.reason === null ? null : (
          <div class="field wide">
            <label for="status-reason">{say('사유', 'Reason')}</label>
            <input
              id="status-reason"
              class="input"
              required
              maxLength={200}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
              data-testid={`${change}-reason`}
            />
            <span class="hint">
              {say('이름 같은 개인정보는 적지 마세요.', 'Write no name or other personal data.')}
            </span>
          </div>
        )}
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="row">
          <button
            type="submit"
            class={change === 'revoke' ? 'button danger' : 'button'}
            disabled={busy}
            data-testid={`${change}-confirm`}
          >
            {say(...words.act)}
          </button>
          <button type="button" class="button plain" onClick={() => onClose(false)}>
            {say('취소', 'Cancel')}
          </button>
        </div>
      </form>
    </dialog>
  );
}
