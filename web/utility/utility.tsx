// The console's frame: staff enter with their staff credential or by a link, then move between meters, devices, intake,
// quarantine, ledger, issuing desk and audit.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageFrame, PageTitle } from '../shared/page-frame.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import { WalletSignIn } from '../shared/wallet-sign-in.tsx';
import { AlarmsPage } from './alarms-page.tsx';
import { AnchoringPage } from './anchoring-page.tsx';
import { AuditPage } from './audit-page.tsx';
import { BillPage } from './bill-page.tsx';
import { BillRunPage } from './bill-run-page.tsx';
import { BillRunsPage } from './bill-runs-page.tsx';
import { CompletenessPage } from './completeness-page.tsx';
import { DeskPage } from './desk-page.tsx';
import { DevicePage } from './device-page.tsx';
import { DevicesPage } from './devices-page.tsx';
import { FindingPage } from './finding-page.tsx';
import { FindingsPage } from './findings-page.tsx';
import { ImportsPage } from './imports-page.tsx';
import { IntakePage } from './intake-page.tsx';
import { MeterPage } from './meter-page.tsx';
import { MetersPage } from './meters-page.tsx';
import { QuarantinePage } from './quarantine-page.tsx';
import { RegistryPage } from './registry-page.tsx';
import { linkTo, type Route, useRoute } from './route.ts';
import { ServicePointPage } from './service-point-page.tsx';
import { ZonePage } from './zone-page.tsx';
import { ZonesPage } from './zones-page.tsx';

type Entry = { state: 'asking' } | { state: 'in' } | { state: 'out'; problem: ServiceProblem | null };

/** The token of `#enter=TOKEN`, taken out of the address at once so that it is neither kept in history nor shared. */
function takeToken(): string | null {
  const token = /^#enter=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return null;
  history.replaceState(null, '', location.pathname);
  return decodeURIComponent(token);
}

/** What the wallet sent the browser back with; it works once and leaves the address likewise. */
function takeAnswer(): { requestId: string; responseCode: string | null } | null {
  const query = new URLSearchParams(location.search);
  const requestId = query.get('request_id');
  if (requestId === null) return null;
  history.replaceState(null, '', location.pathname);
  return { requestId, responseCode: query.get('response_code') };
}

export function Utility() {
  const { say } = useSpeech();
  const [entry, setEntry] = useState<Entry>({ state: 'asking' });
  const route = useRoute();

  useEffect(() => {
    const enter = async (): Promise<void> => {
      const token = takeToken();
      const answer = takeAnswer();
      try {
        if (token !== null) await askService('/api/utility/sign-in', { token });
        if (answer !== null) await completeSignIn(answer.requestId, answer.responseCode);
        await askService('/api/utility/me');
        setEntry({ state: 'in' });
      } catch (error) {
        const problem = asServiceProblem(error);
        const plain = token === null && answer === null && problem.status === 401;
        setEntry({ state: 'out', problem: plain ? null : problem });
      }
    };
    void enter();
  }, []);

  const onVerified = useCallback(async (requestId: string, responseCode: string | null): Promise<void> => {
    setEntry({ state: 'asking' });
    try {
      await completeSignIn(requestId, responseCode);
      setEntry({ state: 'in' });
    } catch (error) {
      setEntry({ state: 'out', problem: asServiceProblem(error) });
    }
  }, []);
  const onProblem = useCallback((problem: ServiceProblem) => setEntry({ state: 'out', problem }), []);

  const leave = useCallback(async (): Promise<void> => {
    await askService('/api/utility/sign-out', {}).catch(() => {});
    setEntry({ state: 'out', problem: null });
  }, []);

  return (
    <PageFrame
      name={{ ko: '수도 사업소 콘솔', en: 'Utility console' }}
      home="#/meters"
      footer={{
        ko: '시민의 이름과 신원 정보는 발급 안내를 만들 때만 적고, 여기에 보이지 않습니다.',
        en: 'A citizen’s name is written only to make an offer, and is shown nowhere here.',
      }}
      navigation={entry.state === 'in' ? <Navigation route={route} onLeave={leave} /> : null}
    >
      {entry.state === 'asking' ? <Loading /> : null}
      {entry.state === 'out' ? <Outside problem={entry.problem} onVerified={onVerified} onProblem={onProblem} /> : null}
      {entry.state === 'in' ? <Page route={route} /> : null}
      {entry.state === 'in' ? null : <span class="visually-hidden">{say('로그인 전', 'Not signed in')}</span>}
    </PageFrame>
  );
}

async function completeSignIn(requestId: string, responseCode: string | null): Promise<void> {
  const path = `/api/utility/wallet-sign-in/${encodeURIComponent(requestId)}/complete`;
  await askService(path, responseCode === null ? {} : { response_code: responseCode });
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
        <a href={linkTo({ page: 'alarms' })} aria-current={current('alarms')} data-testid="alarms-link">
          {say('경보', 'Alarms')}
        </a>
        <a href={linkTo({ page: 'zones' })} aria-current={current('zones')} data-testid="zones-link">
          {say('구역', 'Zones')}
        </a>
        <a
          href={linkTo({ page: 'completeness' })}
          aria-current={current('completeness')}
          data-testid="completeness-link"
        >
          {say('수집률', 'Completeness')}
        </a>
        <a href={linkTo({ page: 'registry' })} aria-current={current('registry')} data-testid="registry-link">
          {say('등록 대장', 'Registry')}
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
        <a href={linkTo({ page: 'validation' })} aria-current={current('validation')} data-testid="validation-link">
          {say('검침 검증', 'Validation')}
        </a>
        <a href={linkTo({ page: 'anchoring' })} aria-current={current('anchoring')} data-testid="anchoring-link">
          {say('공개 장부', 'Ledger')}
        </a>
        <a href={linkTo({ page: 'bill-runs' })} aria-current={current('bill-runs')} data-testid="bill-runs-link">
          {say('요금 고지', 'Bills')}
        </a>
        <a href={linkTo({ page: 'desk' })} aria-current={current('desk')} data-testid="desk-link">
          {say('발급 창구', 'Desk')}
        </a>
        <a href={linkTo({ page: 'imports' })} aria-current={current('imports')} data-testid="imports-link">
          {say('일괄 발급', 'Imports')}
        </a>
        <a href={linkTo({ page: 'audit' })} aria-current={current('audit')} data-testid="audit-link">
          {say('감사 기록', 'Audit')}
        </a>
      </nav>
      <button type="button" class="button plain quiet" onClick={onLeave} data-testid="sign-out">
        {say('로그아웃', 'Sign out')}
      </button>
    </>
  );
}

type OfSection = 'device' | 'finding' | 'meter' | 'service-point' | 'bill-run' | 'bill' | 'zone';

function sectionOf({ page }: Route): Exclude<Route['page'], OfSection> {
  if (page === 'device') return 'devices';
  if (page === 'finding') return 'validation';
  if (page === 'bill-run' || page === 'bill') return 'bill-runs';
  if (page === 'zone') return 'zones';
  return page === 'meter' || page === 'service-point' ? 'meters' : page;
}

function Page({ route }: { route: Route }) {
  if (route.page === 'meter') return <MeterPage key={route.id} id={route.id} />;
  if (route.page === 'service-point') return <ServicePointPage key={route.id} id={route.id} />;
  if (route.page === 'device') return <DevicePage key={route.id} id={route.id} />;
  if (route.page === 'alarms') return <AlarmsPage />;
  if (route.page === 'zone') return <ZonePage key={route.id} id={route.id} />;
  if (route.page === 'zones') return <ZonesPage />;
  if (route.page === 'completeness') return <CompletenessPage />;
  if (route.page === 'registry') return <RegistryPage />;
  if (route.page === 'devices') return <DevicesPage />;
  if (route.page === 'validation') return <FindingsPage />;
  if (route.page === 'finding') return <FindingPage key={route.id} id={route.id} />;
  if (route.page === 'bill-runs') return <BillRunsPage />;
  if (route.page === 'bill-run') return <BillRunPage key={route.id} id={route.id} />;
  if (route.page === 'bill') return <BillPage key={route.id} id={route.id} />;
  if (route.page === 'intake') return <IntakePage />;
  if (route.page === 'quarantine') return <QuarantinePage />;
  if (route.page === 'anchoring') return <AnchoringPage />;
  if (route.page === 'desk') return <DeskPage />;
  if (route.page === 'imports') return <ImportsPage />;
  if (route.page === 'audit') return <AuditPage />;
  return <MetersPage />;
}

function Outside({
  problem,
  onVerified,
  onProblem,
}: {
  problem: ServiceProblem | null;
  onVerified: (requestId: string, responseCode: string | null) => void;
  onProblem: (problem: ServiceProblem) => void;
}) {
  const { say } = useSpeech();
  return (
    <div class="stack">
      <PageTitle takeFocus={false}>{say('직원 로그인', 'Staff sign-in')}</PageTitle>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <WalletSignIn
        path="/api/utility/wallet-sign-in"
        advice={{
          ko: '직원증이 없나요? 관리자에게 발급 안내를 받아 주세요.',
          en: 'No staff credential yet? Ask an administrator for an offer.',
        }}
        onVerified={onVerified}
        onProblem={onProblem}
      />
      <Notice>
        <strong>{say('관리자는 입장 링크로도 들어올 수 있습니다.', 'Administrators may also enter by a link.')}</strong>
        <span>
          {say(
            '서비스를 처음 시작할 때나 naru staff-link로 출력된 주소(/utility/#enter=…)를 이 브라우저에서 열면 됩니다.',
            'Open the address printed at the first start, or by naru staff-link (/utility/#enter=…), in this browser.',
          )}
        </span>
      </Notice>
    </div>
  );
}
