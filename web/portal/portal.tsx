// Which of the portal's pages is shown: the way in, the way back from the wallet, one's meter and bills, or a refusal.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, ProblemNotice } from '../shared/notices.tsx';
import { PageFrame } from '../shared/page-frame.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { Me } from '../shared/service-types.ts';
import { BillPage } from './bill-page.tsx';
import { BillsPage } from './bills-page.tsx';
import { CarePage } from './care-page.tsx';
import { Landing } from './landing.tsx';
import { MeterPage } from './meter-page.tsx';
import { type PortalRoute, usePortalRoute } from './portal-route.ts';
import { RefusalPage } from './refusal-page.tsx';

type View =
  | { page: 'asking' }
  | { page: 'landing' }
  | { page: 'home'; me: Me }
  | { page: 'refused'; problem: ServiceProblem }
  | { page: 'failed'; problem: ServiceProblem };

/** A verdict against the person's credential is shown with its trace; everything else is a fault to try again. */
function isRefusal(problem: ServiceProblem): boolean {
  return problem.status === 403 || Array.isArray(problem.members.trace);
}

export function Portal() {
  const { say } = useSpeech();
  const route = usePortalRoute();
  const [view, setView] = useState<View>({ page: 'asking' });
  const [proofProblem, setProofProblem] = useState<ServiceProblem | null>(null);

  const onProblem = useCallback((problem: ServiceProblem): void => {
    if (isRefusal(problem)) setView({ page: 'refused', problem });
    else if (problem.status === 401) setView({ page: 'landing' });
    else setView({ page: 'failed', problem });
  }, []);

  const showHome = useCallback(async (): Promise<void> => {
    try {
      setView({ page: 'home', me: await askService<Me>('/api/portal/me') });
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
      await showHome();
    },
    [onProblem, showHome],
  );

  /** A proof for a reduction, with which the wallet has come back. */
  const completeProof = useCallback(
    async (predicate: string, requestId: string, responseCode: string | null): Promise<void> => {
      const proof = `${encodeURIComponent(predicate)}/proof/${encodeURIComponent(requestId)}`;
      const body = responseCode === null ? {} : { response_code: responseCode };
      await askService(`/api/portal/reductions/${proof}/complete`, body).then(
        () => setProofProblem(null),
        (error: unknown) => setProofProblem(asServiceProblem(error)),
      );
      await showHome();
    },
    [showHome],
  );

  useEffect(() => {
    const query = new URLSearchParams(location.search);
    const requestId = query.get('request_id');
    const responseCode = query.get('response_code');
    const predicate = query.get('reduction');
    if (requestId === null) {
      void showHome();
      return;
    }
    // The code works once; it leaves the address so that reloading or sharing the page does not carry it along.
    history.replaceState(null, '', location.pathname);
    if (predicate === null) {
      void complete(requestId, responseCode);
      return;
    }
    location.hash = '#/bills';
    void completeProof(predicate, requestId, responseCode);
  }, [complete, completeProof, showHome]);

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
      navigation={view.page === 'home' ? <Navigation route={route} onLeave={leave} /> : null}
    >
      {view.page === 'asking' ? <Loading>{say('확인하는 중입니다…', 'Checking…')}</Loading> : null}
      {view.page === 'landing' ? <Landing onVerified={complete} onProblem={onProblem} /> : null}
      {view.page === 'home' ? (
        <Home
          route={route}
          me={view.me}
          proofProblem={proofProblem}
          onProblem={onProblem}
          onForgotten={() => setView({ page: 'landing' })}
        />
      ) : null}
      {view.page === 'refused' ? (
        <RefusalPage problem={view.problem} onAgain={() => setView({ page: 'landing' })} />
      ) : null}
      {view.page === 'failed' ? <ProblemNotice problem={view.problem} again={showHome} /> : null}
    </PageFrame>
  );
}

interface HomeProps {
  route: PortalRoute;
  me: Me;
  proofProblem: ServiceProblem | null;
  onProblem: (problem: ServiceProblem) => void;
  onForgotten: () => void;
}

function Home({ route, me, proofProblem, onProblem, onForgotten }: HomeProps) {
  if (route.page === 'bills')
    return <BillsPage onProblem={onProblem} proofProblem={proofProblem} onForgotten={onForgotten} />;
  if (route.page === 'care') return <CarePage onProblem={onProblem} />;
  if (route.page === 'bill') return <BillPage id={route.id} onProblem={onProblem} />;
  return <MeterPage me={me} onProblem={onProblem} />;
}

function Navigation({ route, onLeave }: { route: PortalRoute; onLeave: () => void }) {
  const { say } = useSpeech();
  const current = (here: boolean) => (here ? { 'aria-current': 'page' as const } : {});
  return (
    <nav class="portal-nav" aria-label={say('우리 집 물', 'My water')}>
      <a href="#/" {...current(route.page === 'meter')}>
        {say('계량기', 'Meter')}
      </a>
      <a href="#/bills" {...current(route.page === 'bills' || route.page === 'bill')} data-testid="to-bills">
        {say('요금', 'Bills')}
      </a>
      <a href="#/care" {...current(route.page === 'care')} data-testid="to-care">
        {say('안부', 'Welfare')}
      </a>
      <button type="button" class="button plain quiet" onClick={onLeave} data-testid="sign-out">
        {say('로그아웃', 'Sign out')}
      </button>
    </nav>
  );
}
