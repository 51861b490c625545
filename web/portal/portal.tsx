// Which of the portal's pages is shown: the way in, the way back from the wallet, one's meter, or a refusal.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, ProblemNotice } from '../shared/notices.tsx';
import { PageFrame } from '../shared/page-frame.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { Me } from '../shared/service-types.ts';
import { Landing } from './landing.tsx';
import { MeterPage } from './meter-page.tsx';
import { RefusalPage } from './refusal-page.tsx';

type View =
  | { page: 'asking' }
  | { page: 'landing' }
  | { page: 'meter'; me: Me }
  | { page: 'refused'; problem: ServiceProblem }
  | { page: 'failed'; problem: ServiceProblem };

/** A verdict against the person's credential is shown with its trace; everything else is a fault to try again. */
function isRefusal(problem: ServiceProblem): boolean {
  return problem.status === 403 || Array.isArray(problem.members.trace);
}

export function Portal() {
  const { say } = useSpeech();
  const [view, setView] = useState<View>({ page: 'asking' });

  const onProblem = useCallback((problem: ServiceProblem): void => {
    if (isRefusal(problem)) setView({ page: 'refused', problem });
    else if (problem.status === 401) setView({ page: 'landing' });
    else setView({ page: 'failed', problem });
  }, []);

  const showMeter = useCallback(async (): Promise<void> => {
    try {
      setView({ page: 'meter', me: await askService<Me>('/api/portal/me') });
    } catch (error) {
      onProblem(asServiceProblem(error));
    }
  }, [onProblem]);

  const complete = useCallback(
    async (requestId: string, responseCode: string | null): Promise<void> => {
      setView({ page: 'asking' });
      try {
        const body = responseCode === null ? {} : { response_code: responseCode };
        await askService(`/api/portal/sign-in/${encodeURIComponent(requestId)}/complete`, body);
      } catch (error) {
        onProblem(asServiceProblem(error));
        return;
      }
      await showMeter();
    },
    [onProblem, showMeter],
  );

  useEffect(() => {
    const query = new URLSearchParams(location.search);
    const requestId = query.get('request_id');
    const responseCode = query.get('response_code');
    if (requestId === null) {
      void showMeter();
      return;
    }
    // The code works once; it leaves the address so that reloading or sharing the page does not carry it along.
    history.replaceState(null, '', location.pathname);
    void complete(requestId, responseCode);
  }, [complete, showMeter]);

  const leave = useCallback(async (): Promise<void> => {
    await askService('/api/portal/sign-out', {}).catch(() => {});
    setView({ page: 'landing' });
  }, []);

  return (
    <PageFrame
      name={{ ko: '우리 집 물', en: 'My water' }}
      home="/"
      footer={{
        ko: '나루는 이름과 주민등록번호를 받지 않습니다. 이 화면은 여러분이 보여 준 증명서만으로 열립니다.',
        en: 'Naru takes neither your name nor a registration number. Only the credential you show opens these pages.',
      }}
      navigation={
        view.page === 'meter' ? (
          <button type="button" class="button plain quiet" onClick={leave} data-testid="sign-out">
            {say('로그아웃', 'Sign out')}
          </button>
        ) : null
      }
    >
      {view.page === 'asking' ? <Loading>{say('확인하는 중입니다…', 'Checking…')}</Loading> : null}
      {view.page === 'landing' ? <Landing onVerified={complete} onProblem={onProblem} /> : null}
      {view.page === 'meter' ? <MeterPage me={view.me} onProblem={onProblem} /> : null}
      {view.page === 'refused' ? (
        <RefusalPage problem={view.problem} onAgain={() => setView({ page: 'landing' })} />
      ) : null}
      {view.page === 'failed' ? <ProblemNotice problem={view.problem} again={showMeter} /> : null}
    </PageFrame>
  );
}
