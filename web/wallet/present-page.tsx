// Answering a request: reads it, shows the consent sheet, sends only on agreement, and says where to go on.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { ConsentSheet } from './consent-sheet.tsx';
import type { PresentationRequest, Wallet } from './core/wallet.ts';
import { RefusalNotice } from './refusal-notice.tsx';

type Outcome = { at: 'asking' } | { at: 'sending' } | { at: 'kept' } | { at: 'sent'; redirect_to: string | null };

export function PresentPage({ request, wallet }: { request: string; wallet: Wallet }) {
  const { say } = useSpeech();
  const [refused, setRefused] = useState<unknown>(null);
  const [outcome, setOutcome] = useState<Outcome>({ at: 'asking' });
  const [asked, again] = useRemote<PresentationRequest | null>(async () => {
    setRefused(null);
    try {
      return await wallet.parsePresentationRequest(request);
    } catch (error) {
      setRefused(error);
      return null;
    }
  }, [request]);

  const share = async (of: PresentationRequest, chosen: Record<string, string>): Promise<void> => {
    setOutcome({ at: 'sending' });
    setRefused(null);
    try {
      const { redirect_to } = await wallet.answerPresentationRequest(of, chosen);
      setOutcome({ at: 'sent', redirect_to });
      if (redirect_to !== null) location.assign(redirect_to);
    } catch (error) {
      setRefused(error);
      setOutcome({ at: 'asking' });
    }
  };

  const keep = async (of: PresentationRequest): Promise<void> => {
    setOutcome({ at: 'kept' });
    // Whether or not the verifier hears of it, nothing was shared.
    await wallet.declinePresentationRequest(of).catch(() => {});
  };

  if (outcome.at === 'kept') return <Kept />;
  if (outcome.at === 'sent') return <Sent redirect_to={outcome.redirect_to} />;
  return (
    <>
      <PageTitle>{say('보여 줄까요?', 'Share this?')}</PageTitle>
      {asked.state === 'loading' ? <Loading>{say('요청을 읽는 중입니다…', 'Reading the request…')}</Loading> : null}
      {refused === null ? null : <RefusalNotice error={refused} again={again} />}
      {asked.state === 'ready' && asked.value !== null ? (
        <ConsentSheet
          request={asked.value}
          busy={outcome.at === 'sending'}
          onRefuse={() => asked.value !== null && keep(asked.value)}
          onShare={(chosen) => asked.value !== null && share(asked.value, chosen)}
        />
      ) : null}
      {refused === null ? null : (
        <p>
          <a href="#/">{say('내 증명서로 돌아가기', 'Back to my credentials')}</a>
        </p>
      )}
    </>
  );
}

function Kept() {
  const { say } = useSpeech();
  return (
    <>
      <PageTitle>{say('보내지 않았습니다', 'Nothing was shared')}</PageTitle>
      <Notice live testId="presentation-kept">
        {say(
          '아무것도 지갑을 떠나지 않았습니다. 이 창을 닫아도 됩니다.',
          'Nothing left your wallet. You may close this window.',
        )}
      </Notice>
      <p>
        <a href="#/">{say('내 증명서로 돌아가기', 'Back to my credentials')}</a>
      </p>
    </>
  );
}

function Sent({ redirect_to }: { redirect_to: string | null }) {
  const { say } = useSpeech();
  return (
    <>
      <PageTitle>{say('보여 주었습니다', 'Shared')}</PageTitle>
      {redirect_to === null ? (
        <Notice tone="good" live testId="presentation-sent">
          <strong>{say('다른 기기에서 계속하세요.', 'Continue on the other device.')}</strong>
          <span>
            {say('로그인하던 화면이 스스로 넘어갑니다.', 'The page where you were signing in goes on by itself.')}
          </span>
        </Notice>
      ) : (
        <Notice tone="good" live testId="presentation-sent">
          <strong>{say('돌아가는 중입니다…', 'Going back…')}</strong>
          <a href={redirect_to}>{say('넘어가지 않으면 누르세요', 'Follow this if nothing happens')}</a>
        </Notice>
      )}
      <p>
        <a href="#/shared">{say('보여 준 기록 보기', 'See what was shared')}</a>
      </p>
    </>
  );
}
