// One bill: every component with its rows, each followed to the tariff's line, and the versions of use it rests on.
import {
  correctedExceptionTexts,
  cubicMetres,
  exceptionTexts,
  grouped,
  reckoning,
  rowText,
} from '../../src/metering/billing/bill-words.ts';
import { dayAfter, dayBefore } from '../../src/metering/billing/billing-dates.ts';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { FollowedBillAnswer } from './billing-answers.ts';
import { linkTo } from './route.ts';

export function BillPage({ id }: { id: string }) {
  const { say } = useSpeech();
  const [bill, again] = useRemote<FollowedBillAnswer>(
    (signal) => askService(`/api/utility/bills/${encodeURIComponent(id)}`, undefined, signal),
    [id],
  );
  return (
    <>
      <PageTitle>{bill.state === 'ready' ? bill.value.number : say('고지서', 'Bill')}</PageTitle>
      {bill.state === 'loading' ? <Loading /> : null}
      {bill.state === 'failed' ? <ProblemNotice problem={bill.problem} again={again} /> : null}
      {bill.state === 'ready' ? (
        <>
          <Facts bill={bill.value} />
          <Components bill={bill.value} />
          <Corrections bill={bill.value} />
          <Versions bill={bill.value} />
        </>
      ) : null}
    </>
  );
}

function Facts({ bill: { id, document, document_sha256, run_id } }: { bill: FollowedBillAnswer }) {
  const { say, pick } = useSpeech();
  const { terms, use } = document;
  return (
    <section class="card" aria-label={say('고지 내용', 'The bill')}>
      <div class="stack">
        <p class="bill-payable" data-testid="bill-payable">
          {say(`${grouped(document.payable_won)}원`, `${grouped(document.payable_won)} won`)}
        </p>
        <dl class="facts">
          <dt>{say('납기일', 'Due on')}</dt>
          <dd>{document.due_on}</dd>
          <dt>{say('수용가', 'Service point')}</dt>
          <dd>
            <a href={linkTo({ page: 'service-point', id: document.service_point })}>{document.service_point}</a>
          </dd>
          <dt>{say('사용기간', 'Period of use')}</dt>
          <dd>
            {document.use_from} ~ {dayBefore(document.use_until)}
          </dd>
          <dt>{say('업종·구경', 'Class, bore')}</dt>
          <dd>
            {pick(terms.class_name)}
            {terms.bore_mm === null ? null : ` · ${terms.bore_mm} mm`}
            {terms.households === null ? null : say(` · ${terms.households}세대`, ` · ${terms.households} households`)}
          </dd>
          {terms.exceptions === undefined ? null : (
            <>
              <dt>{say('수용가 예외', 'Exceptions of the place')}</dt>
              <dd data-testid="bill-exceptions">{exceptionTexts(terms.exceptions).map(pick).join(', ')}</dd>
            </>
          )}
          <dt>{say('사용량', 'Use')}</dt>
          <dd>
            {cubicMetres(use.volume_l)} m³{' '}
            <a href="#versions-title">{say(`(판본 ${use.version})`, `(version ${use.version})`)}</a>
          </dd>
          <dt>{say('고지 작업', 'Bill run')}</dt>
          <dd>
            <a href={linkTo({ page: 'bill-run', id: String(run_id) })}>{run_id}</a>
          </dd>
          <dt>{say('증명된 자격', 'Proven')}</dt>
          <dd>{terms.proven.length === 0 ? '—' : terms.proven.join(', ')}</dd>
          <dt>{say('문서 해시', 'Hash of the document')}</dt>
          <dd>
            <code>{document_sha256}</code>
          </dd>
        </dl>
        {document.verified ? null : (
          <Notice tone="warn">
            {say('출처를 확인하지 못한 단가가 있습니다.', 'Some of its prices could not be seen at their source.')}
          </Notice>
        )}
        <div class="row">
          <a class="button plain quiet" href={`/api/utility/bills/${id}/paper`} target="_blank" rel="noreferrer">
            {say('고지서 (PDF)', 'The bill as PDF')}
          </a>
          <a class="button plain quiet" href={`/api/utility/bills/${id}/document`} target="_blank" rel="noreferrer">
            {say('문서 (JSON)', 'Its document (JSON)')}
          </a>
        </div>
      </div>
    </section>
  );
}

function Components({ bill: { document, tariff_lines } }: { bill: FollowedBillAnswer }) {
  const { say, pick } = useSpeech();
  return (
    <section class="card" aria-labelledby="components-title">
      <div class="section">
        <h2 id="components-title">{say('요금이 나온 과정', 'How it comes about')}</h2>
        {document.components.map((component) => (
          <div key={component.id} class="bill-component" data-testid="bill-component">
            <h3 class="bill-line">
              <span>{pick(component.name)}</span>
              <span>{grouped(component.amount_won)}</span>
            </h3>
            {component.rows.map((row) => {
              const line = tariff_lines[row.line];
              return (
                <details
                  key={`${row.line} ${row.class} ${row.from} ${row.tier} ${row.of} ${row.note} ${row.volume_m3}`}
                >
                  <summary>
                    <span class="bill-line small">
                      <span>
                        {[pick(rowText(row, document)), reckoning(row)].filter((part) => part !== '').join(': ') ||
                          row.line}
                      </span>
                      <span>{grouped(row.amount_won)}</span>
                    </span>
                  </summary>
                  <p class="small">
                    {say('요율표', 'Tariff')} <code>{document.tariff.id}</code>
                    {line === undefined ? null : say(` ${line.at_line}번째 줄`, `, line ${line.at_line}`)}
                  </p>
                  <pre class="small bill-source">{line?.text ?? row.line}</pre>
                  {row.unit_price_steps.map((step) => (
                    <p key={`${step.step} ${step.by} ${step.after}`} class="small soft">
                      {step.step} {step.by} {step.index === undefined ? '' : `(${step.index.name} ${step.index.month})`}{' '}
                      → {grouped(step.after)}
                    </p>
                  ))}
                </details>
              );
            })}
            {component.rounding
              .filter(({ before, after }) => before !== after)
              .map(({ before, after, to }) => (
                <p key={`${before} ${to}`} class="small soft">
                  {say(`단수 처리 (${to}): `, `rounded to ${to}: `)}
                  {grouped(before)} → {grouped(after)}
                </p>
              ))}
          </div>
        ))}
        <p class="bill-line">
          <strong>{say('이번 사용분 요금', 'Charge of this period')}</strong>
          <strong>{grouped(document.total_won)}</strong>
        </p>
        {document.corrections.map((one) => (
          <div key={one.bill} class="bill-component" data-testid="bill-correction">
            <h3 class="bill-line">
              <span>{say(`정정: ${one.bill}`, `Correction of ${one.bill}`)}</span>
              <span>{grouped(one.amount_won)}</span>
            </h3>
            <p class="small soft">
              {cubicMetres(one.volume_before_l)} → {cubicMetres(one.volume_after_l)} m³{' '}
              {say(
                `(판본 ${one.version_before} → ${one.version_after})`,
                `(version ${one.version_before} → ${one.version_after})`,
              )}
            </p>
            {correctedExceptionTexts(one).map((told) => (
              <p key={told.en} class="small soft">
                {pick(told)}
              </p>
            ))}
            {one.lines.map((line) => (
              <p key={line.component ?? ''} class="bill-line small">
                <span>{line.name === null ? say('합계 단수 차액', 'rounding of the total') : pick(line.name)}</span>
                <span>{grouped(line.amount_won)}</span>
              </p>
            ))}
          </div>
        ))}
        {document.credit_won === 0 ? null : (
          <p class="bill-line">
            <span>{say('이월된 금액', 'Credit of earlier bills')}</span>
            <span>{grouped(-document.credit_won)}</span>
          </p>
        )}
        <p class="bill-line">
          <strong>{say('납부할 금액', 'Payable')}</strong>
          <strong>{grouped(document.payable_won)}</strong>
        </p>
        {document.credit_left_won === 0 ? null : (
          <p class="bill-line">
            <span>{say('다음으로 이월', 'Credit for the next bill')}</span>
            <span>{grouped(document.credit_left_won)}</span>
          </p>
        )}
      </div>
    </section>
  );
}

function Corrections({ bill: { corrected_by } }: { bill: FollowedBillAnswer }) {
  const { say } = useSpeech();
  if (corrected_by.length === 0) return null;
  return (
    <section class="card" aria-labelledby="corrected-title">
      <div class="stack">
        <h2 id="corrected-title">{say('나중에 정정됨', 'Corrected later')}</h2>
        <ul class="issued">
          {corrected_by.map((one) => (
            <li key={one.bill_id} class="issued-row" data-testid="bill-corrected-by">
              <a href={linkTo({ page: 'bill', id: String(one.bill_id) })}>{one.number}</a>
              <span>
                {say(
                  `판본 ${one.version_before} → ${one.version_after}: ${grouped(one.amount_won)}원`,
                  `version ${one.version_before} → ${one.version_after}: ${grouped(one.amount_won)} won`,
                )}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Versions({ bill: { versions, document } }: { bill: FollowedBillAnswer }) {
  const { say, language } = useSpeech();
  return (
    <section class="card" aria-labelledby="versions-title">
      <div class="section">
        <h2 id="versions-title">{say('사용량의 판본', 'Versions of the use')}</h2>
        {versions.map((one) => (
          <details key={one.version} data-testid="bill-version" open={one.version === document.use.version}>
            <summary>
              {say(`판본 ${one.version}: `, `Version ${one.version}: `)}
              {cubicMetres(one.volume_l)} m³
              {one.estimated_l === 0
                ? null
                : say(` (추정 ${cubicMetres(one.estimated_l)} m³)`, ` (${cubicMetres(one.estimated_l)} m³ estimated)`)}
              {one.version === document.use.version ? say(' · 이 고지서', ' · this bill') : null}
            </summary>
            <p class="small soft">{dateTime(one.computed_at, language)}</p>
            {one.parts.map((part) => (
              <div key={part.install_id} class="stack">
                <p class="small">
                  <a href={linkTo({ page: 'meter', id: String(part.meter_id) })}>
                    {say(`계량기 ${part.meter_id}`, `Meter ${part.meter_id}`)}
                  </a>
                </p>
                <ol class="bill-days small">
                  {daysOf(part).map(({ day, litres, estimated_l }) => (
                    <li key={day}>
                      <span class="soft">{day.slice(5)}</span> {grouped(litres)} L
                      {estimated_l === 0 ? null : <span class="badge warn">{say('추정', 'estimated')}</span>}
                    </li>
                  ))}
                </ol>
              </div>
            ))}
          </details>
        ))}
      </div>
    </section>
  );
}

function daysOf({ from, days_l, estimated }: FollowedBillAnswer['versions'][number]['parts'][number]) {
  const guessed = new Map(estimated.map(({ day, volume_l }) => [day, volume_l]));
  let next = from;
  return days_l.map((litres) => {
    const day = next;
    next = dayAfter(next);
    return { day, litres, estimated_l: guessed.get(day) ?? 0 };
  });
}
