// The end of a DID: deactivating it, erasing its log too, and what is left to do afterwards.
import { useState } from 'preact/hooks';
import { dateOnly } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import type { Wallet } from './core/wallet.ts';
import type { StoredDid } from './core/wallet-store.ts';
import { RefusalNotice } from './refusal-notice.tsx';

interface Ending {
  wallet: Wallet;
  again: () => void;
}

export function DidEnd({ wallet, again }: Ending) {
  const { say } = useSpeech();
  const [asking, setAsking] = useState<'deactivate' | 'erase' | null>(null);
  return (
    <section class="card stack" aria-labelledby="did-end">
      <h2 id="did-end">{say('DID 끝내기', 'End the DID')}</h2>
      <p class="soft">
        {say(
          '끝낸 DID는 다시 살릴 수 없습니다. 복구 단어로도 되찾을 수 없습니다.',
          'A DID that has ended cannot be had again, not even with the recovery words.',
        )}
      </p>
      {asking === null ? (
        <div class="row">
          <button
            type="button"
            class="button plain"
            onClick={() => setAsking('deactivate')}
            data-testid="did-deactivate"
          >
            {say('끝내기', 'End it')}
          </button>
          <button type="button" class="button plain" onClick={() => setAsking('erase')} data-testid="did-erase">
            {say('끝내고 기록도 지우기', 'End it and erase its log')}
          </button>
        </div>
      ) : (
        <Confirm kind={asking} wallet={wallet} again={again} onKeep={() => setAsking(null)} />
      )}
    </section>
  );
}

function Confirm({
  kind,
  wallet,
  again,
  onKeep,
}: Ending & {
  kind: 'deactivate' | 'erase';
  onKeep: () => void;
}) {
  const { say } = useSpeech();
  const [understood, setUnderstood] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const end = async (): Promise<void> => {
    setBusy(true);
    setRefused(null);
    try {
      await wallet.did[kind]();
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
    again();
  };
  return (
    <fieldset class="stack wide" aria-labelledby="did-end-ask">
      <Notice tone="bad">
        <strong id="did-end-ask">
          {kind === 'deactivate'
            ? say('이 DID를 영영 끝낼까요?', 'End this DID for good?')
            : say('이 DID를 영영 끝내고 기록도 지울까요?', 'End this DID for good and erase its log?')}
        </strong>
        <span>
          {kind === 'deactivate'
            ? say(
                '끝났다는 사실이 기록에 남아, 누구나 더는 쓰지 않는 DID임을 압니다.',
                'Its log stays and says that it has ended, so that everybody knows.',
              )
            : say(
                '서비스에서 기록이 사라지고, 공개 장부에는 뜻 없는 숫자만 남습니다. 같은 DID는 다시 등록할 수 없습니다.',
                'The service deletes the log; a number that means nothing stays on the public ledger. The same DID can never be registered again.',
              )}
        </span>
      </Notice>
      <label class="row check">
        <input
          type="checkbox"
          checked={understood}
          onChange={(event) => setUnderstood(event.currentTarget.checked)}
          data-testid="did-end-understood"
        />
        <span>{say('되돌릴 수 없다는 것을 알았습니다', 'I know that this cannot be undone')}</span>
      </label>
      {refused === null ? null : <RefusalNotice error={refused} />}
      <div class="row">
        <button
          type="button"
          class="button danger"
          disabled={!understood || busy}
          onClick={end}
          data-testid="did-end-confirm"
        >
          {busy ? say('처리하는 중…', 'Working…') : say('영영 끝내기', 'End it for good')}
        </button>
        <button type="button" class="button plain" disabled={busy} onClick={onKeep}>
          {say('그대로 두기', 'Keep it')}
        </button>
      </div>
    </fieldset>
  );
}

export function DidEnded({ own, wallet, again }: Ending & { own: StoredDid }) {
  const { say, language } = useSpeech();
  const [erasing, setErasing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const erased = own.ended?.how === 'erased';
  const date = dateOnly(new Date(own.ended?.at_ms ?? 0).toISOString(), language);
  const beginAnew = async (): Promise<void> => {
    setBusy(true);
    setRefused(null);
    try {
      await wallet.did.beginAnew(language);
    } catch (error) {
      setRefused(error);
    }
    setBusy(false);
    again();
  };
  return (
    <section class="card stack" aria-labelledby="did-ended" data-testid="did-ended" data-how={own.ended?.how}>
      <h2 id="did-ended">{say('끝난 DID입니다', 'This DID has ended')}</h2>
      <p>
        {erased
          ? say(`${date}에 끝내고 기록도 지웠습니다.`, `Ended on ${date}, and its log erased.`)
          : say(`${date}에 끝냈습니다. 기록에는 끝났다고 적혀 있습니다.`, `Ended on ${date}. Its log says so.`)}
      </p>
      {refused === null ? null : <RefusalNotice error={refused} />}
      {erasing ? (
        <Confirm kind="erase" wallet={wallet} again={again} onKeep={() => setErasing(false)} />
      ) : (
        <div class="row">
          <button type="button" class="button" disabled={busy} onClick={beginAnew} data-testid="did-begin-anew">
            {say('새 DID 만들기', 'Make a new DID')}
          </button>
          {erased ? null : (
            <button type="button" class="button plain" onClick={() => setErasing(true)} data-testid="did-erase">
              {say('기록도 지우기', 'Erase its log too')}
            </button>
          )}
        </div>
      )}
    </section>
  );
}
