// A bill on paper: a PDF of A4 pages, Korean first and English beside it, every component with the rows it was worked out by.
import PDFDocument from 'pdfkit';
import type { BillCorrectionJson, BillDocument } from './bill-document.ts';
import {
  type BillRow,
  correctedExceptionTexts,
  cubicMetres,
  exceptionTexts,
  grouped,
  reckoning,
  rowText,
} from './bill-words.ts';
import { dayBefore } from './billing-dates.ts';

const margin_pt = 42;
const width_pt = 595.28 - 2 * margin_pt;
const bottom_pt = 841.89 - 56;
/** Item, reckoning, line of the tariff, won. */
const columns_pt = [0, 0.4 * width_pt, 0.66 * width_pt, 0.84 * width_pt, width_pt] as const;
const ink = '#12263a';
const soft = '#566577';
const line = '#c3ccd6';
const tint = '#eef4f8';

interface Text {
  ko: string;
  en: string;
}

/** @param fonts TrueType, with Korean letters @returns PDF; the same bill gives the same pages */
export function billPaper(bill: BillDocument, sha256: string, fonts: { plain: Buffer; bold: Buffer }): Promise<Buffer> {
  const paper = new Paper(bill, fonts);
  paper.heading(bill);
  paper.facts(factsOf(bill));
  paper.exceptions(exceptionTexts(bill.terms.exceptions));
  paper.payable(bill);
  paper.tableHead();
  for (const component of bill.components) {
    paper.sum(component.name, component.amount_won);
    for (const row of component.rows) paper.row(row, bill);
    for (const { before, after, to } of component.rounding) if (before !== after) paper.rounding(before, after, to);
  }
  paper.closing(bill);
  for (const correction of bill.corrections) paper.correction(correction);
  paper.balance(bill);
  paper.footnotes(bill, sha256);
  return paper.end();
}

function factsOf(bill: BillDocument): [Text, string][] {
  const { terms, use } = bill;
  const bore = terms.bore_mm === null ? '' : ` · ${terms.bore_mm} mm`;
  const households = terms.households === null ? '' : ` · ${terms.households}세대 households`;
  const estimated = use.estimated_l === 0 ? '' : ` (추정 estimated ${cubicMetres(use.estimated_l)} m³)`;
  return [
    [{ ko: '수용가번호', en: 'Service point' }, bill.service_point],
    [{ ko: '고지번호', en: 'Bill number' }, bill.number],
    [{ ko: '사용기간', en: 'Period of use' }, `${bill.use_from} ~ ${dayBefore(bill.use_until)}`],
    [{ ko: '고지일', en: 'Billed on' }, bill.billed_on],
    [{ ko: '업종·구경', en: 'Class, bore' }, `${terms.class_name.ko} ${terms.class_name.en}${bore}${households}`],
    [{ ko: '사용량', en: 'Use' }, `${cubicMetres(use.volume_l)} m³${estimated}`],
  ];
}

class Paper {
  readonly #pdf: PDFKit.PDFDocument;
  readonly #chunks: Buffer[] = [];
  #y = margin_pt;

  constructor(bill: BillDocument, fonts: { plain: Buffer; bold: Buffer }) {
    this.#pdf = new PDFDocument({
      ...{ size: 'A4', margin: 0, font: '', lang: 'ko', displayTitle: true },
      info: { Title: `${bill.tariff.name.ko} ${bill.number}`, CreationDate: new Date(`${bill.billed_on}T00:00:00Z`) },
    });
    this.#pdf.registerFont('plain', fonts.plain);
    this.#pdf.registerFont('bold', fonts.bold);
    this.#pdf.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }

  heading({ tariff }: BillDocument): void {
    const [ko, en] = [`${tariff.name.ko} 고지서`, `${tariff.name.en}: bill`];
    this.#text(ko, 0, { size: this.#fitting(ko, 'bold', 20), bold: true });
    this.#text(en, 0, { size: this.#fitting(en, 'plain', 10), color: soft, below: 26 });
    this.#y += 50;
  }

  facts(facts: readonly [Text, string][]): void {
    const width = width_pt / 2 - 8;
    let highest = 0;
    for (const [at, [label, value]] of facts.entries()) {
      const left = at % 2 === 0 ? 0 : width_pt / 2;
      this.#text(`${label.ko}  ${label.en}`, left, { size: 7.5, color: soft });
      this.#text(value, left, { size: 10, below: 11, width });
      highest = Math.max(at % 2 === 0 ? 0 : highest, this.#height(value, width, 10));
      if (at % 2 === 1) this.#y += highest + 19;
    }
    this.#y += 4;
  }

  /** What the place has otherwise, under its facts. */
  exceptions(told: readonly Text[]): void {
    if (told.length === 0) return;
    this.#text('수용가 예외  Exceptions of the place', 0, { size: 7.5, color: soft });
    this.#y += 11;
    for (const { ko, en } of told) {
      const text = `${ko}  ${en}`;
      this.#text(text, 0, { size: 9, width: width_pt });
      this.#y += this.#height(text, width_pt, 9) + 1;
    }
    this.#y += 6;
  }

  payable({ payable_won, due_on }: BillDocument): void {
    this.#pdf.rect(margin_pt, this.#y, width_pt, 50).fill(tint);
    this.#y += 10;
    this.#text('납부하실 금액  Amount payable', 12, { size: 8, color: soft });
    this.#text(`${grouped(payable_won)}원`, 12, { size: 19, bold: true, below: 12 });
    this.#text('납기일  Due on', width_pt / 2, { size: 8, color: soft });
    this.#text(due_on, width_pt / 2, { size: 14, bold: true, below: 15 });
    this.#y += 56;
  }

  tableHead(): void {
    for (const [at, label] of ['항목 Item', '산출 Reckoning', '요율표 줄 Tariff line', '금액(원) Won'].entries()) {
      this.#cell(at, label, { size: 7.5, color: soft });
    }
    this.#rule(12);
  }

  sum(name: Text, amount_won: number | string): void {
    this.#y += 3;
    this.#room(30);
    this.#text(name.ko, 0, { size: 10, bold: true });
    const beside = this.#pdf.widthOfString(name.ko) + 6;
    this.#text(name.en, beside, { size: 8, color: soft, below: 2 });
    this.#cell(3, grouped(amount_won), { size: 10, bold: true });
    this.#y += 16;
  }

  row(row: BillRow, bill: BillDocument): void {
    const { ko, en } = rowText(row, bill);
    const text = ko === '' ? '' : ko === en ? ko : `${ko}  ${en}`;
    const height = this.#height(text, columns_pt[1] - 18, 7.5);
    this.#room(height + 3);
    this.#text(text, 10, { size: 7.5, color: soft, width: columns_pt[1] - 18 });
    this.#cell(1, reckoning(row), { size: 8 });
    this.#cell(2, row.line, { size: 7, color: soft });
    this.#cell(3, grouped(row.amount_won), { size: 8 });
    this.#y += Math.max(height, 10) + 3;
    for (const { step, by, index, after } of row.unit_price_steps) {
      const measured = index?.measured === undefined || index.measured === null ? '' : ` = ${index.measured}`;
      const of = index === undefined ? by : `${by} (${index.name} ${index.month}${measured})`;
      const sign = { times: '×', plus: '+', round: '단수 처리 round to' }[step];
      this.#note(`단가 unit price: ${sign} ${of} = ${grouped(after)}`);
    }
  }

  rounding(before: string, after: string, to: string): void {
    this.#note(`단수 처리 rounded to ${to}: ${grouped(before)} → ${grouped(after)}`);
  }

  closing({ superseded, components, rounding, total_won }: BillDocument): void {
    const nameOf = (id: string) => components.find((one) => one.id === id)?.name.ko ?? id;
    for (const { id, by } of superseded) this.#note(`${id}: 금액이 더 큰 ${nameOf(by)}만 적용  gives way to ${by}`);
    for (const { before, after, to } of rounding) this.rounding(before, after, to);
    this.#rule(4);
    this.sum({ ko: '이번 사용분 요금', en: 'Charge of this period' }, total_won);
  }

  correction(one: BillCorrectionJson): void {
    this.#room(60);
    this.#rule(2);
    this.sum({ ko: `정정: 고지번호 ${one.bill}`, en: 'correction of an earlier bill' }, one.amount_won);
    const use = `${cubicMetres(one.volume_before_l)} → ${cubicMetres(one.volume_after_l)} m³`;
    this.#note(`사용량 use ${use}  (판본 version ${one.version_before} → ${one.version_after})`);
    for (const { ko, en } of correctedExceptionTexts(one)) this.#note(`${ko}  ${en}`);
    for (const { component, name, amount_won } of one.lines) {
      this.#room(14);
      const label = component === null ? '합계 단수 차액  rounding of the total' : `${name?.ko}  ${name?.en}`;
      this.#text(label, 10, { size: 8 });
      this.#cell(3, grouped(amount_won), { size: 8 });
      this.#y += 12;
    }
  }

  balance({ credit_won, payable_won, credit_left_won }: BillDocument): void {
    if (credit_won > 0) this.sum({ ko: '지난 고지에서 이월된 금액', en: 'credit of earlier bills' }, -credit_won);
    this.#room(40);
    this.#rule(4);
    this.sum({ ko: '납부하실 금액', en: 'Amount payable' }, payable_won);
    if (credit_left_won > 0) {
      this.sum({ ko: '다음 고지로 이월되는 금액', en: 'credit for the next bill' }, credit_left_won);
    }
  }

  footnotes(bill: BillDocument, sha256: string): void {
    this.#room(90);
    this.#y += 6;
    if (!bill.verified) {
      this.#note('출처를 확인하지 못한 단가가 있어 참고용입니다.  Some prices could not be seen at their source.');
    }
    this.#note(`요율표 tariff ${bill.tariff.id}, SHA-256 ${bill.tariff.sha256}`);
    this.#note(`사용량 판본 version of use ${bill.use.version}`);
    this.#note(`이 고지서의 전자문서 SHA-256 of this bill's document ${sha256}`);
  }

  end(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#pdf.once('error', reject);
      this.#pdf.once('end', () => resolve(Buffer.concat(this.#chunks)));
      this.#pdf.end();
    });
  }

  #note(text: string): void {
    this.#room(12);
    this.#text(text, 10, { size: 7, color: soft });
    this.#y += 11;
  }

  #rule(after_pt: number): void {
    this.#y += after_pt;
    this.#pdf
      .moveTo(margin_pt, this.#y)
      .lineTo(margin_pt + width_pt, this.#y)
      .lineWidth(0.6)
      .stroke(line);
    this.#y += 6;
  }

  /** Goes on on another page where so much is not left on this one. */
  #room(height_pt: number): void {
    if (this.#y + height_pt <= bottom_pt) return;
    this.#pdf.addPage();
    this.#y = margin_pt;
  }

  /** So small that it stays on its one line. */
  #fitting(text: string, font: 'plain' | 'bold', size: number): number {
    return size * Math.min(1, width_pt / this.#pdf.font(font).fontSize(size).widthOfString(text));
  }

  #height(text: string, width: number, size: number): number {
    return text === '' ? 0 : this.#pdf.font('plain').fontSize(size).heightOfString(text, { width });
  }

  /** The last column is set flush right. */
  #cell(column: number, text: string, style: Omit<Style, 'width' | 'below'>): void {
    const left = columns_pt[column] ?? 0;
    const right = columns_pt[column + 1] ?? width_pt;
    this.#text(text, left, { ...style, width: right - left, align: column === 3 ? 'right' : 'left' });
  }

  #text(text: string, left: number, { size, bold, color, below, width, align }: Style): void {
    this.#pdf
      .font(bold ? 'bold' : 'plain')
      .fontSize(size)
      .fillColor(color ?? ink)
      .text(text, margin_pt + left, this.#y + (below ?? 0), {
        ...(width === undefined ? { lineBreak: false } : { width }),
        align: align ?? 'left',
      });
  }
}

interface Style {
  size: number;
  bold?: boolean;
  color?: string;
  below?: number;
  width?: number;
  align?: 'left' | 'right';
}
