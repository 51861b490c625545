// What a bill charges: each component with its lines, what was corrected of earlier bills, and what is to be paid.
import type { BillDocument } from '../../src/metering/billing/bill-document.ts';
import { correctedExceptionTexts } from '../../src/metering/billing/bill-words.ts';
import { useSpeech } from '../shared/language.tsx';
import { type BillComponent, lineWords, won } from './bill-words.ts';

export function BillLines({ bill }: { bill: BillDocument }) {
  const { say, pick, language } = useSpeech();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section class="table-scroll" tabIndex={0} aria-label={say('요금 내역', 'Lines of the bill')}>
      <table class="table bill-lines">
        <thead>
          <tr>
            <th scope="col">{say('항목', 'Item')}</th>
            <th scope="col" class="number">
              {say('금액', 'Amount')}
            </th>
          </tr>
        </thead>
        {bill.components.map((component) => (
          <Component component={component} bill={bill} key={component.id} />
        ))}
        {bill.corrections.map((correction) => (
          <tbody data-testid="bill-correction" key={correction.bill}>
            <tr class="bill-component">
              <th scope="row">
                {say(`지난 요금 정정 (${correction.bill})`, `Correction of ${correction.bill}`)}
                <span class="small soft">
                  {say(
                    `사용량 ${correction.volume_before_l} L → ${correction.volume_after_l} L`,
                    `use ${correction.volume_before_l} l, now ${correction.volume_after_l} l`,
                  )}
                </span>
                {correctedExceptionTexts(correction).map((told) => (
                  <span class="small soft" key={told.en}>
                    {pick(told)}
                  </span>
                ))}
              </th>
              <td class="number">{won(correction.amount_won, language)}</td>
            </tr>
            {correction.lines.map((line) => (
              <tr key={line.component ?? 'rounding'}>
                <th scope="row">{line.name === null ? say('끝수', 'Rounding') : pick(line.name)}</th>
                <td class="number soft">{won(line.amount_won, language)}</td>
              </tr>
            ))}
          </tbody>
        ))}
        <tfoot>
          {bill.credit_won === 0 ? null : (
            <tr>
              <th scope="row">{say('지난번에 남은 금액', 'Left in your favour last time')}</th>
              <td class="number">{won(-bill.credit_won, language)}</td>
            </tr>
          )}
          <tr class="bill-payable">
            <th scope="row">{say('내실 금액', 'To be paid')}</th>
            <td class="number" data-testid="bill-payable">
              {won(bill.payable_won, language)}
            </td>
          </tr>
          {bill.credit_left_won === 0 ? null : (
            <tr>
              <th scope="row">{say('다음 요금에서 뺄 금액', 'Taken off your next bill')}</th>
              <td class="number">{won(bill.credit_left_won, language)}</td>
            </tr>
          )}
        </tfoot>
      </table>
    </section>
  );
}

function Component({ component, bill }: { component: BillComponent; bill: BillDocument }) {
  const { pick, say, language } = useSpeech();
  const { rows } = component;
  // A charge of one line that says no more than the component does not repeat it.
  const [only] = rows;
  const isPlain = rows.length === 1 && only !== undefined && only.volume_m3 === null && only.of === null;
  const yielded = bill.superseded.filter(({ by }) => by === component.id);
  return (
    <tbody data-testid="bill-component" data-component={component.id}>
      <tr class="bill-component">
        <th scope="row">{pick(component.name)}</th>
        <td class="number">{won(component.amount_won, language)}</td>
      </tr>
      {isPlain
        ? null
        : rows.map((row, at) => (
            <tr key={`${row.line}-${at}`}>
              <th scope="row">
                {pick(lineWords(row, component, bill))}
                {row.volume_m3 === null || row.unit_price_won === null ? null : (
                  <span class="bill-reckoning">
                    {row.volume_m3} m³ × {won(row.unit_price_won, language)}
                    {row.times === 1 ? '' : ` × ${row.times}`}
                  </span>
                )}
                <span class="bill-line-name">{row.line}</span>
              </th>
              <td class="number soft">{won(row.amount_won, language)}</td>
            </tr>
          ))}
      {yielded.length === 0 ? null : (
        <tr>
          <th scope="row" colSpan={2} class="soft small">
            {say(
              '함께 증명한 다른 감면보다 커서 이것만 뺐습니다.',
              'Larger than the other reduction proven, which gave way.',
            )}
          </th>
        </tr>
      )}
    </tbody>
  );
}
