// One's bills: those of the time in which the home was one's own, and the reductions that make the next one lower.
import { useEffect } from 'preact/hooks';
import { cubicMetres } from '../../src/metering/billing/bill-words.ts';
import { dateOnly } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, type ServiceProblem } from '../shared/service-client.ts';
import type { BillInList } from '../shared/service-types.ts';
import { daysWords, won } from './bill-words.ts';
import { ForgetMe } from './forget-me.tsx';
import { linkToBill } from './portal-route.ts';
import { ReductionsCard } from './reductions-card.tsx';

export interface BillsPageProps {
  onProblem: (problem: ServiceProblem) => void;
  /** What went wrong with a proof that the wallet has just come back from. */
  proofProblem: ServiceProblem | null;
  onForgotten: () => void;
}

export function BillsPage({ onProblem, proofProblem, onForgotten }: BillsPageProps) {
  const { say } = useSpeech();
  const [remote, again] = useRemote<{ bills: BillInList[] }>(
    (signal) => askService('/api/portal/bills', undefined, signal),
    ['bills'],
  );
  useEffect(() => {
    if (remote.state === 'failed' && [401, 403].includes(remote.problem.status)) onProblem(remote.problem);
  }, [remote, onProblem]);
  return (
    <>
      <PageTitle>{say('우리 집 요금', 'My bills')}</PageTitle>
      <section class="card" aria-labelledby="bills-title">
        <div class="stack">
          <h2 id="bills-title">{say('지금까지의 요금', 'Bills so far')}</h2>
          {remote.state === 'loading' ? <Loading /> : null}
          {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
          {remote.state === 'ready' ? <List bills={remote.value.bills} /> : null}
        </div>
      </section>
      <ReductionsCard problem={proofProblem} />
      <ForgetMe onForgotten={onForgotten} />
    </>
  );
}

function List({ bills }: { bills: readonly BillInList[] }) {
  const { say, pick, language } = useSpeech();
  if (bills.length === 0) {
    return (
      <Empty>
        {say(
          '이 집에 산 기간의 요금이 아직 없습니다. 다음 고지 때 여기에 보입니다.',
          'There is no bill of your time here yet. The next one will be shown here.',
        )}
      </Empty>
    );
  }
  return (
    <ul class="bill-list">
      {bills.map((bill) => (
        <li key={bill.number}>
          <a href={linkToBill(bill.bill_id)} data-testid="bill-in-list">
            <strong>{pick(daysWords(bill.use_from, bill.use_until))}</strong>
            <span class="amount">{won(bill.payable_won, language)}</span>
            <span class="small soft">
              {cubicMetres(bill.volume_l)} m³ ·{' '}
              {say(`${dateOnly(bill.due_on, language)}까지 납부`, `due ${dateOnly(bill.due_on, language)}`)}
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}
