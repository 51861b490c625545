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

/** 500 won for each of the first ten whole cubic metres, 900 for each further one, and 1,100 for the bore. */
export function won(volume_l: number): number {
  const cubicMetres = Math.floor(volume_l / 1_000);
  return Math.min(cubicMetres, 10) * 500 + Math.max(cubicMetres - 10, 0) * 900 + 1_100;
}

export interface OracleBill {
  month: string;
  volume_l: number;
  corrected_won: number;
  payable_won: number;
}

/** A place's bills, one run after another; what was charged before is corrected by whichever bill comes next. */
export class BillOracle {
  readonly bills: OracleBill[] = [];
  readonly #charged_l = new Map<string, number>();
  #credit_won = 0;

  /** @param volumeOf litres of a month as they are known at the run; null: they can't be told */
  run(month: string, volumeOf: (month: string) => number | null): void {
    const volume_l = volumeOf(month);
    if (this.#charged_l.has(month) || volume_l === null) return;
    let corrected_won = 0;
    for (const [earlier, charged_l] of this.#charged_l) {
      const known_l = volumeOf(earlier);
      if (known_l === null) continue;
      corrected_won += won(known_l) - won(charged_l);
      this.#charged_l.set(earlier, known_l);
    }
    const due_won = won(volume_l) + corrected_won - this.#credit_won;
    this.bills.push({ month, volume_l, corrected_won, payable_won: Math.max(due_won, 0) });
    this.#credit_won = Math.max(-due_won, 0);
    this.#charged_l.set(month, volume_l);
  }
}
