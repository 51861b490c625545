// The console's frame: staff enter by the link printed at the first start, then move between meters, devices, intake,
// quarantine and ledger.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageFrame, PageTitle } from '../shared/page-frame.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import { AnchoringPage } from './anchoring-page.tsx';
import { DevicePage } from './device-page.tsx';
import { DevicesPage } from './devices-page.tsx';
import { IntakePage } from './intake-page.tsx';
import { MeterPage } from './meter-page.tsx';
import { MetersPage } from './meters-page.tsx';
import { QuarantinePage } from './quarantine-page.tsx';
import { linkTo, type Route, useRoute } from './route.ts';
import { ServicePointPage } from './service-point-page.tsx';

type Entry = { state: 'asking' } | { state: 'in' } | { state: 'out'; problem: ServiceProblem | null };

/** The token of `#enter=TOKEN`, taken out of the address at once so that it is neither kept in history nor shared. */
function takeToken(): string | null {
  const token = /^#enter=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return null;
  history.replaceState(null, '', location.pathname);
  return decodeURIComponent(token);
}

export function Utility() {
  const { say } = useSpeech();
  const [entry, setEntry] = useState<Entry>({ state: 'asking' });
  const route = useRoute();

  useEffect(() => {
    const enter = async (): Promise<void> => {
      const token = takeToken();
      try {
        if (token !== null) await askService('/api/utility/sign-in', { token });
        await askService('/api/utility/me');
        setEntry({ state: 'in' });
      } catch (error) {
        const problem = asServiceProblem(error);
        setEntry({ state: 'out', problem: token === null && problem.status === 401 ? null : problem });
      }
    };
    void enter();
  }, []);

  const leave = useCallback(async (): Promise<void> => {
    await askService('/api/utility/sign-out', {}).catch(() => {});
    setEntry({ state: 'out', problem: null });
  }, []);

  return (
    <PageFrame
      name={{ ko: '수도 사업소 콘솔', en: 'Utility console' }}
      home="#/meters"
      footer={{
        ko: '콘솔은 계량기와 수용가만 다룹니다. 시민의 이름과 신원 정보는 여기에 없습니다.',
        en: 'The console knows meters and service points only. No citizen’s name or identity is here.',
      }}
      navigation={entry.state === 'in' ? <Navigation route={route} onLeave={leave} /> : null}
    >
      {entry.state === 'asking' ? <Loading /> : null}
      {entry.state === 'out' ? <Outside problem={entry.problem} /> : null}
      {entry.state === 'in' ? <Page route={route} /> : null}
      {entry.state === 'in' ? null : <span class="visually-hidden">{say('로그인 전', 'Not signed in')}</span>}
    </PageFrame>
  );
}

function Navigation({ route, onLeave }: { route: Route; onLeave: () => void }) {
  const { say } = useSpeech();
  const here = sectionOf(route);
  const current = (page: typeof here) => (here === page ? 'page' : undefined);
  return (
    <>
      <nav class="console-nav" aria-label={say('주 메뉴', 'Main')}>
        <a href={linkTo({ page: 'meters' })} aria-current={current('meters')}>
          {say('계량기', 'Meters')}
        </a>
        <a href={linkTo({ page: 'devices' })} aria-current={current('devices')} data-testid="devices-link">
          {say('장치', 'Devices')}
        </a>
        <a href={linkTo({ page: 'intake' })} aria-current={current('intake')} data-testid="intake-link">
          {say('수신', 'Intake')}
        </a>
        <a href={linkTo({ page: 'quarantine' })} aria-current={current('quarantine')} data-testid="quarantine-link">
          {say('격리함', 'Quarantine')}
        </a>
        <a href={linkTo({ page: 'anchoring' })} aria-current={current('anchoring')} data-testid="anchoring-link">
          {say('공개 장부', 'Ledger')}
        </a>
      </nav>
      <button type="button" class="button plain quiet" onClick={onLeave} data-testid="sign-out">
        {say('로그아웃', 'Sign out')}
      </button>
    </>
  );
}

function sectionOf({ page }: Route): 'meters' | 'devices' | 'intake' | 'quarantine' | 'anchoring' {
  if (page === 'device') return 'devices';
  return page === 'meter' || page === 'service-point' ? 'meters' : page;
}

function Page({ route }: { route: Route }) {
  if (route.page === 'meter') return <MeterPage key={route.id} id={route.id} />;
  if (route.page === 'service-point') return <ServicePointPage key={route.id} id={route.id} />;
  if (route.page === 'device') return <DevicePage key={route.id} id={route.id} />;
  if (route.page === 'devices') return <DevicesPage />;
  if (route.page === 'intake') return <IntakePage />;
  if (route.page === 'quarantine') return <QuarantinePage />;
  if (route.page === 'anchoring') return <AnchoringPage />;
  return <MetersPage />;
}

function Outside({ problem }: { problem: ServiceProblem | null }) {
  const { say } = useSpeech();
  return (
    <div class="stack">
      <PageTitle takeFocus={false}>{say('직원 로그인', 'Staff sign-in')}</PageTitle>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <Notice>
        <strong>{say('입장 링크로 들어와 주세요.', 'Please enter by your link.')}</strong>
        <span>
          {say(
            '서비스를 처음 시작할 때 출력된 주소(/utility/#enter=…)를 이 브라우저에서 열면 됩니다.',
            'Open the address printed when the service was first started (/utility/#enter=…) in this browser.',
          )}
        </span>
      </Notice>
    </div>
  );
}
