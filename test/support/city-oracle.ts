// What a place's bills must be, worked out slowly from what is true of it: no dial, no wrap, no order, no store.
//
// Of the meter it knows the litres that passed by each instant of which a register has arrived, and where a reset cut what
// can be known. Of the rule it knows one sentence: at a boundary the litres are interpolated between what is known before and
// after, rounded down.

/** Litres that had truly passed at the place by an instant, known from some time on. */
export interface Known {
  at_ms: number;
  passed_l: number;
  since_ms: number;
}

export interface PlaceTruth {
  /** In no order. */
  known: readonly Known[];
  /** When the meter forgot its register; null: never. */
  reset_ms: number | null;
}

/** Litres between ascending boundaries, by what is known at a time; null where nothing can be told. */
export function litresBetween({ known, reset_ms }: PlaceTruth, boundaries_ms: readonly number[], now_ms: number) {
  const told = known.filter(({ since_ms }) => since_ms <= now_ms).sort((one, other) => one.at_ms - other.at_ms);
  let next = 0;
  const at = boundaries_ms.map((at_ms) => {
    while (next < told.length && (told[next] as Known).at_ms < at_ms) next += 1;
    const [before, after] = [told[next - 1], told[next]];
    if (after?.at_ms === at_ms) return { passed_l: after.passed_l, from_ms: at_ms, to_ms: at_ms };
    if (before === undefined || after === undefined) return null;
    const share_l = BigInt(after.passed_l - before.passed_l) * BigInt(at_ms - before.at_ms);
    // What the meter forgot in between is told by neither.
    const passed_l = before.passed_l + Number(share_l / BigInt(after.at_ms - before.at_ms));
    return { passed_l, from_ms: before.at_ms, to_ms: after.at_ms };
  });
  return at.slice(1).map((to, index) => {
    const from = at[index] ?? null;
    if (from === null || to === null) return null;
    if (reset_ms !== null && from.from_ms < reset_ms && to.to_ms >= reset_ms) return null;
    return to.passed_l - from.passed_l;
  });
}

/** What is true of a place's bill on one day, beside its use. */
export interface DayTerms {
  persons: number;
  /** Won per m3 of the sewer; 0 where the place has none. */
  sewer_won: number;
}

/** The tariff that the oracle knows by heart, for the service to charge by. */
export const cityTariff = `naru_tariff: 1
id: city
name: { ko: 시험, en: Made for a test }
verified: true
sources: [{ document: made for a test, as_of: 2025-01-01 }]
classes:
  domestic: { ko: 가정용, en: domestic }
  general: { ko: 일반용, en: general }
price_change: { divide: by_days }
counts:
  persons: { name: { ko: 인원, en: persons } }
components:
  - id: water
    kind: volume
    name: { ko: 상수도, en: Water }
    lines:
      - { id: water-tiers, scale: [months, persons], tiers: [{ up_to_m3: 4, price: 500 }, { price: 900 }] }
  - id: sewer
    kind: volume
    optional: true
    name: { ko: 하수도, en: Sewer }
    lines:
      - { id: sewer-domestic, classes: [domestic], price: 210 }
      - { id: sewer-general, classes: [general], price: 370 }
  - id: bore
    kind: fixed
    name: { ko: 구경별 정액요금, en: Bore charge }
    lines: [{ id: bore-charge, by_bore: { 15: 1100 } }]
`;

/**
 * 500 won for each of the first four whole cubic metres a person, 900 for each further one, the sewer, and 1,100 for the bore.
 * Each day is charged as if all of the period were like it, and counts as much as any other.
 */
export function won(volume_l: number, days: readonly DayTerms[]): number {
  const cubicMetres = Math.floor(volume_l / 1_000);
  const water = days.map(({ persons }) => {
    const low = Math.min(cubicMetres, 4 * persons);
    return low * 500 + (cubicMetres - low) * 900;
  });
  const sewer = days.map(({ sewer_won }) => cubicMetres * sewer_won);
  const mean = (amounts: readonly number[]) => Math.floor(amounts.reduce((sum, one) => sum + one, 0) / days.length);
  return mean(water) + mean(sewer) + 1_100;
}

export interface OracleBill {
  month: string;
  volume_l: number;
  corrected_won: number;
  payable_won: number;
}

/** What is known of a month at a run: its litres, null where they can't be told, and each of its days. */
export interface KnownMonth {
  volume_l: number | null;
  days: readonly DayTerms[];
}

/** A place's bills, one run after another; what was charged before is corrected by whichever bill comes next. */
export class BillOracle {
  readonly bills: OracleBill[] = [];
  /** As it was charged at last. */
  readonly #charged = new Map<string, { volume_l: number; won: number }>();
  #credit_won = 0;

  /** @param known of a month at the run */
  run(month: string, known: (month: string) => KnownMonth): void {
    const { volume_l, days } = known(month);
    if (this.#charged.has(month) || volume_l === null) return;
    let corrected_won = 0;
    for (const [earlier, charged] of this.#charged) {
      const now = known(earlier);
      // Litres that can't be told any more stay what was charged until they can.
      const now_l = now.volume_l ?? charged.volume_l;
      const now_won = won(now_l, now.days);
      corrected_won += now_won - charged.won;
      this.#charged.set(earlier, { volume_l: now_l, won: now_won });
    }
    const due_won = won(volume_l, days) + corrected_won - this.#credit_won;
    this.bills.push({ month, volume_l, corrected_won, payable_won: Math.max(due_won, 0) });
    this.#credit_won = Math.max(-due_won, 0);
    this.#charged.set(month, { volume_l, won: won(volume_l, days) });
  }
}
