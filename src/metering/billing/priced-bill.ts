// What pricing gives: components with rows that each name their tariff line, so that every won can be followed.
import type { DateText } from './billing-dates.ts';
import type { Exact } from './exact.ts';
import type { RoundingTrace } from './rounding.ts';
import type { TariffComponent } from './tariff-components.ts';

/** One step from a line's price to the unit price. */
export interface UnitPriceTrace {
  step: 'times' | 'plus' | 'round';
  by: Exact;
  /** The index that the factor came from, the month, and what was measured where bands turn that into a factor. */
  index?: { name: string; month: string; measured: Exact | null };
  after: Exact;
}

/** Why a row is there that is not simply volume times price. */
export type RowNote = 'minimum_use' | 'share_rounding' | 'free' | 'cap' | 'least_off' | 'at_least' | 'at_most';

export interface PricedRow {
  /** The id of the tariff line. */
  line: string;
  class: string | null;
  /** Days of use that the row is for; `until` is the first day after. */
  from: DateText;
  until: DateText;
  /** Counted from 1; null where the line has no tiers. */
  tier: number | null;
  over_m3: Exact | null;
  up_to_m3: Exact | null;
  volume_m3: Exact | null;
  /** How many shares of this volume there are; 1 where the volume is not cut into shares. */
  times: number;
  unit_price_won: Exact | null;
  unit_price_steps: UnitPriceTrace[];
  /** The component that the row is reckoned on. */
  of: string | null;
  /** Before the component's rounding. */
  amount_won: Exact;
  note: RowNote | null;
}

export interface PricedComponent {
  id: string;
  name: { ko: string; en: string };
  kind: TariffComponent['kind'];
  rows: PricedRow[];
  /** Sum of the rows. */
  exact_won: Exact;
  rounding: RoundingTrace[];
  amount_won: Exact;
}

export interface PricedBill {
  components: PricedComponent[];
  /** Reductions that were proven and gave way to a larger one of their group. */
  superseded: { id: string; by: string }[];
  total: { exact_won: Exact; rounding: RoundingTrace[]; amount_won: number };
  /** Whether every line that was used is of figures seen at their source. */
  verified: boolean;
}

/** A row with what most rows do not have. */
export function row(given: Pick<PricedRow, 'line' | 'from' | 'until' | 'amount_won'> & Partial<PricedRow>): PricedRow {
  return {
    class: null,
    tier: null,
    over_m3: null,
    up_to_m3: null,
    volume_m3: null,
    times: 1,
    unit_price_won: null,
    unit_price_steps: [],
    of: null,
    note: null,
    ...given,
  };
}
