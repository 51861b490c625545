// One bill run: how far it is, the places it held with the reason, and its bills.
import { useState } from 'preact/hooks';
import { heldFaults } from '../../src/metering/billing/bill-run-faults.ts';
import { cubicMetres, grouped } from '../../src/metering/billing/bill-words.ts';
import { faultText } from '../../src/platform/fault-texts.ts';
import { type Text, useSpeech } from '../shared/language.tsx';
import { Loading, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import { RunFacts } from './bill-runs-page.tsx';
import type { BillRunAnswer, BillSummaryAnswer, HeldAnswer, HeldReason } from './billing-answers.ts';
import { linkTo } from './route.ts';

const refresh_ms = 2_000;

const reasons: Record<HeldReason, Text> = {
  no_meter: { ko: '기간 중 계량기가 없던 때가 있음', en: 'no meter for a part of the period' },
  no_reading: { ko: '검침값이 없음', en: 'no reading' },
  register_broken: { ko: '지침이 이어지지 않음', en: 'the register did not go on' },
  overlaps_bill: { ko: '기간이 다른 고지서와 겹침', en: 'billed for other days of the period' },
  unknown_exception: {
    ko: '요율표에 없는 요금 예외: 수용가 화면에서 고치거나 끝내 주세요',
    en: 'an exception that the tariff does not have: correct or end it at the place',
  },
  no_price: { ko: '요율표에 요율이 없음', en: 'the tariff has no price' },
};

/** What was held before there were codes is said as it was written. */
const detailText = ({ fault, detail }: HeldAnswer): Text =>
  (fault && faultText(heldFaults, fault)) ?? { ko: detail, en: detail };

export function BillRunPage({ id }: { id: string }) {
  const { say } = useSpeech();
  const [run, again] = useRemote<BillRunAnswer>(
    (signal) => askService(`/api/utility/bill-runs/${encodeURIComponent(id)}`, undefined, signal),
    [id],
    refresh_ms,
    (value) => value.state === 'done',
  );
  return (
    <>
      <PageTitle>{say(`${id}번 고지 작업`, `Bill run ${id}`)}</PageTitle>
      {run.state === 'loading' ? <Loading /> : null}
      {run.state === 'failed' ? <ProblemNotice problem={run.problem} again={again} /> : null}
      {run.state === 'ready' ? (
        <>
          <section
            class="card"
            aria-label={say('진행', 'Progress')}
            data-testid="bill-run"
            data-state={run.value.state}
          >
            <RunFacts run={run.value} />
          </section>
          <Held id={id} state={run.value.state} />
          <Bills id={id} counted={run.value.billed} />
        </>
      ) : null}
    </>
  );
}

/** Read again when the run is done, not each time that it holds one: the reader may be in the midst of them. */
function Held({ id, state }: { id: string; state: BillRunAnswer['state'] }) {
  const { say, pick } = useSpeech();
  const pages = usePages<{ held: HeldAnswer[]; next_cursor: string | null }>(
    (cursor, signal) => {
      const query = cursor === null ? '' : `?${new URLSearchParams({ cursor })}`;
      return askService(`/api/utility/bill-runs/${encodeURIComponent(id)}/held${query}`, undefined, signal);
    },
    [id, state],
  );
  const held = pages.loaded.flatMap((page) => page.held);
  return (
    <section class="card" aria-labelledby="held-title">
      <div class="section">
        <h2 id="held-title">{say('보류된 곳', 'Held places')}</h2>
        <ul class="issued">
          {held.map((place) => (
            <li key={place.service_point} class="issued-row" data-testid="bill-held" data-reason={place.reason}>
              <div class="import-facts">
                <p class="row">
                  <a href={linkTo({ page: 'service-point', id: place.service_point })}>{place.service_point}</a>
                  <span class="badge warn">{pick(reasons[place.reason])}</span>
                </p>
                <p class="small soft">{pick(detailText(place))}</p>
              </div>
              {place.bill_id === null ? null : (
                <a class="button plain quiet" href={linkTo({ page: 'bill', id: String(place.bill_id) })}>
                  {say('나중에 고지됨', 'Billed later')}
                </a>
              )}
            </li>
          ))}
        </ul>
        <PageTail pages={pages} nothing={held.length > 0 ? null : say('보류된 곳이 없습니다.', 'No place is held.')} />
      </div>
    </section>
  );
}

function Bills({ id, counted }: { id: string; counted: number }) {
  const { say } = useSpeech();
  const [seen, setSeen] = useState(counted);
  const pages = usePages<{ bills: BillSummaryAnswer[]; next_cursor: string | null }>(
    (cursor, signal) => {
      const query = cursor === null ? '' : `?${new URLSearchParams({ cursor })}`;
      return askService(`/api/utility/bill-runs/${encodeURIComponent(id)}/bills${query}`, undefined, signal);
    },
    [id, seen],
  );
  const bills = pages.loaded.flatMap((page) => page.bills);
  return (
    <section class="card" aria-labelledby="bills-title">
      <div class="section">
        <h2 id="bills-title">{say('고지서', 'Bills')}</h2>
        {counted > seen ? (
          <button type="button" class="button plain" onClick={() => setSeen(counted)} data-testid="bills-again">
            {say(`새 고지서 ${counted - seen}건 보기`, `Show ${counted - seen} new bills`)}
          </button>
        ) : null}
        {bills.length > 0 ? (
          <div class="table-scroll wide">
            <table class="table stacked">
              <thead>
                <tr>
                  <th scope="col">{say('고지번호', 'Number')}</th>
                  <th scope="col" class="number">
                    {say('사용량', 'Use')}
                  </th>
                  <th scope="col" class="number">
                    {say('납부할 금액', 'Payable')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {bills.map((bill) => (
                  <tr key={bill.id} data-testid="bill-row">
                    <th scope="row">
                      <a href={linkTo({ page: 'bill', id: String(bill.id) })}>{bill.number}</a>
                    </th>
                    <td class="number" data-heading={say('사용량', 'Use')}>
                      {cubicMetres(bill.volume_l)} m³
                    </td>
                    <td class="number" data-heading={say('납부할 금액', 'Payable')}>
                      {say(`${grouped(bill.payable_won)}원`, `${grouped(bill.payable_won)} won`)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : null}
        <PageTail pages={pages} nothing={bills.length > 0 ? null : say('아직 고지서가 없습니다.', 'No bill yet.')} />
      </div>
    </section>
  );
}
