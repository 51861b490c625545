// One bill: what is to be paid, every line of it, the file, and taking it into the wallet.
import { useEffect } from 'preact/hooks';
import type { BillDocument } from '../../src/metering/billing/bill-document.ts';
import { cubicMetres, exceptionTexts } from '../../src/metering/billing/bill-words.ts';
import { dateOnly } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, type ServiceProblem } from '../shared/service-client.ts';
import type { MyBill } from '../shared/service-types.ts';
import { BillCheck } from './bill-check.tsx';
import { BillCredential } from './bill-credential.tsx';
import { BillLines } from './bill-lines.tsx';
import { daysWords, won } from './bill-words.ts';

export function BillPage({ id, onProblem }: { id: string; onProblem: (problem: ServiceProblem) => void }) {
  const { say } = useSpeech();
  const path = `/api/portal/bills/${encodeURIComponent(id)}`;
  const [remote, again] = useRemote<MyBill>((signal) => askService(path, undefined, signal), [path]);
  useEffect(() => {
    if (remote.state === 'failed' && [401, 403].includes(remote.problem.status)) onProblem(remote.problem);
  }, [remote, onProblem]);
  return (
    <>
      <p class="no-print">
        <a href="#/bills">{say('← 모든 요금', '← All bills')}</a>
      </p>
      {remote.state === 'loading' ? <Loading /> : null}
      {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
      {remote.state === 'ready' ? (
        <>
          <Bill bill={remote.value.document} path={path} />
          <BillCheck path={path} bill={remote.value.document} />
          <BillCredential path={path} bill={remote.value} onChange={again} />
        </>
      ) : null}
    </>
  );
}

function Bill({ bill, path }: { bill: BillDocument; path: string }) {
  const { say, pick, language } = useSpeech();
  const days = pick(daysWords(bill.use_from, bill.use_until));
  return (
    <>
      <PageTitle>{say(`${days} 수도 요금`, `Water bill, ${days}`)}</PageTitle>
      <section class="card" aria-label={say('요약', 'In short')}>
        <div class="two-columns">
          <div class="stack">
            <p class="bill-sum" data-testid="bill-sum">
              {won(bill.payable_won, language)}
            </p>
            <p>
              {say(
                `${dateOnly(bill.due_on, language)}까지 내 주세요.`,
                `Please pay by ${dateOnly(bill.due_on, language)}.`,
              )}
            </p>
            <p class="no-print">
              <a href={`${path}/pdf`} download data-testid="bill-pdf">
                {say('PDF로 받기', 'Download as PDF')}
              </a>
            </p>
          </div>
          <dl class="facts">
            <dt>{say('고지 번호', 'Number')}</dt>
            <dd>{bill.number}</dd>
            <dt>{say('사용량', 'Use')}</dt>
            <dd>{cubicMetres(bill.use.volume_l)} m³</dd>
            <dt>{say('업종 · 구경', 'Class and bore')}</dt>
            <dd>
              {pick(bill.terms.class_name)}
              {bill.terms.bore_mm === null ? '' : ` · ${bill.terms.bore_mm} mm`}
              {bill.terms.households === null
                ? ''
                : say(` · ${bill.terms.households}세대`, ` · ${bill.terms.households} households`)}
            </dd>
            {bill.terms.exceptions === undefined ? null : (
              <>
                <dt>{say('수용가 예외', 'Exceptions of the place')}</dt>
                <dd data-testid="bill-exceptions">{exceptionTexts(bill.terms.exceptions).map(pick).join(', ')}</dd>
              </>
            )}
            <dt>{say('고지일', 'Billed on')}</dt>
            <dd>{dateOnly(bill.billed_on, language)}</dd>
            <dt>{say('요금표', 'Tariff')}</dt>
            <dd>{pick(bill.tariff.name)}</dd>
          </dl>
        </div>
      </section>
      {bill.use.estimated_l === 0 ? null : (
        <Notice tone="warn">
          {say(
            `사용량 가운데 ${cubicMetres(bill.use.estimated_l)} m³는 추정한 값입니다. 실제 값을 알게 되면 다음 요금에서 바로잡습니다.`,
            `${cubicMetres(bill.use.estimated_l)} m³ of the use is estimated. What is learnt later is put right on the next bill.`,
          )}
        </Notice>
      )}
      {bill.verified ? null : (
        <Notice tone="warn">
          {say(
            '이 요금표의 금액 가운데 공식 출처에서 확인하지 못한 것이 있습니다.',
            'Some figures of this tariff were not seen at their official source.',
          )}
        </Notice>
      )}
      <section class="card" aria-labelledby="lines-title">
        <div class="stack">
          <h2 id="lines-title">{say('어떻게 나온 금액인가요?', 'How it comes to that')}</h2>
          <BillLines bill={bill} />
        </div>
      </section>
    </>
  );
}
