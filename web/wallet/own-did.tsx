// The wallet's own DID on the first page: how it stands, what is still to be done, and the way to everything about it.
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice } from '../shared/notices.tsx';
import { DidStatus } from './did-status.tsx';
import { linkTo } from './route.ts';
import type { OwnDidState } from './use-own-did.ts';

export function OwnDid({ own }: { own: OwnDidState }) {
  const { say } = useSpeech();
  if (own.state === 'none') return null;
  return (
    <section class="card" aria-labelledby="did-title">
      <div class="stack">
        <h2 id="did-title">{say('내 공개 이름표 (DID)', 'My public identifier (DID)')}</h2>
        {own.state === 'opening' ? <Loading>{say('확인하는 중입니다…', 'Checking it…')}</Loading> : null}
        {own.state === 'failed' ? <NotRegistered again={own.again} /> : null}
        {own.state === 'known' ? (
          <>
            <p class="small">
              <code data-testid="wallet-did">{own.check.own.did}</code>
            </p>
            <DidStatus check={own.check} again={own.again} />
            <a class="button plain quiet" href={linkTo({ page: 'did' })} data-testid="to-did">
              {say('DID 관리', 'Manage it')}
            </a>
          </>
        ) : null}
      </div>
    </section>
  );
}

function NotRegistered({ again }: { again: () => void }) {
  const { say } = useSpeech();
  return (
    <Notice tone="warn" live>
      <span>
        {say(
          '서비스에 연결되지 않아 아직 등록하지 못했습니다. 가진 증명서는 그대로 볼 수 있습니다.',
          'Not registered yet: the service is out of reach. The credentials you hold can still be seen.',
        )}
      </span>
      <button type="button" class="button plain quiet" onClick={again}>
        {say('다시 시도', 'Try again')}
      </button>
    </Notice>
  );
}

/** Said until the words are confirmed: without them a lost phone is a lost DID. */
export function WordsReminder() {
  const { say } = useSpeech();
  return (
    <Notice tone="warn" testId="words-waiting">
      <strong>{say('복구 단어를 아직 적어 두지 않았습니다.', 'Your recovery words are not written down yet.')}</strong>
      <span>
        {say(
          '적어 두지 않으면 휴대전화를 잃었을 때 DID를 되찾을 수 없습니다.',
          'Without them, a lost phone means a lost DID.',
        )}
      </span>
      <a class="button quiet" href={linkTo({ page: 'words' })} data-testid="to-words">
        {say('지금 적기', 'Write them down now')}
      </a>
    </Notice>
  );
}
