// Asks before a credential is revoked: why, and that it cannot be undone.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { IssuedCredential } from '../shared/service-types.ts';
import { typeName } from '../shared/terms.ts';

export function RevokeDialog({
  credential,
  onClose,
}: {
  credential: Pick<IssuedCredential, 'id' | 'type'>;
  onClose: (revoked: boolean) => void;
}) {
  const { say, pick } = useSpeech();
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState(() => say('이사', 'Moved out'));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  useEffect(() => dialog.current?.showModal(), []);

  const revoke = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await askService(`/api/utility/credentials/${encodeURIComponent(credential.id)}/revoke`, {
        reason: reason.trim(),
      });
      onClose(true);
    } catch (error) {
      setProblem(asServiceProblem(error));
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} aria-labelledby="revoke-title" onClose={() => onClose(false)}>
      <form class="stack" onSubmit={revoke}>
        <h2 id="revoke-title">{say('증명서를 폐지할까요?', 'Revoke this credential?')}</h2>
        <p>
          {pick(typeName(credential.type))}:{' '}
          {say(
            '폐지하면 이 증명서로는 더 이상 로그인할 수 없고, 되돌릴 수 없습니다.',
            'It will no longer open anything, and this cannot be undone.',
          )}
        </p>
        <div class="field wide">
          <label for="revoke-reason">{say('사유', 'Reason')}</label>
          <input
            id="revoke-reason"
            class="input"
            required
            maxLength={200}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
            data-testid="revoke-reason"
          />
          <span class="hint">{say('이름 같은 개인정보는 적지 마세요.', 'Write no name or other personal data.')}</span>
        </div>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="row">
          <button type="submit" class="button danger" disabled={busy} data-testid="revoke-confirm">
            {say('폐지', 'Revoke')}
          </button>
          <button type="button" class="button plain" onClick={() => onClose(false)}>
            {say('취소', 'Cancel')}
          </button>
        </div>
      </form>
    </dialog>
  );
}
