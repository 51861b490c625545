// A zone's stored days as balances, by the day and the month: what is known is summed, what is not known is counted in
// hours, and a loss is told only where nothing is missing.
import { minimumNightFlow, type WaterBalance, waterBalance } from './water-balance.ts';

/** What is stored of a zone's day, with the use of all zones below it. */
export interface ZoneDay {
  /** ISO 8601 */
  day: string;
  /** Inlets of the zone itself, outlets among them. */
  inlets: number;
  /** Net, of each hour; null where it can't be told. */
  inflow_l: readonly (number | null)[];
  /** Bit n: hour n lies between two readings of an inlet, and has none. */
  bridged_hours: number;
  billed_l: number;
  unbilled_l: number;
  meter_hours: number;
  estimated_meter_hours: number;
  missing_meter_hours: number;
}

/** Start and end of each hour of a local day, and its night's. */
export interface DayHours {
  boundaries_ms: readonly number[];
  night: { from_ms: number; to_ms: number };
}

export interface ZoneBalance {
  inlets: number;
  /** Of the span: each is told by readings, bridged (the register is known before and after), or missing. */
  hours: number;
  bridged_hours: number;
  missing_hours: number;
  /** What the hours that are not missing had; null where all are. */
  known_inflow_l: number | null;
  billed_metered_l: number;
  unbilled_metered_l: number;
  meter_hours: number;
  estimated_meter_hours: number;
  missing_meter_hours: number;
  /** Null where an hour of inflow or of any meter is missing: a balance over gaps would call them a loss or a gain. */
  balance: WaterBalance | null;
  /** What can have been lost at most: use that is not known could only make it less. Null where inflow is missing. */
  water_losses_at_most_l: number | null;
  /** Least mean flow of an hour of the night, of a month the mean of its nights; null where none is known. */
  night_flow_l_per_s: number | null;
}

export function dayBalance(day: ZoneDay, hours: DayHours): ZoneBalance {
  const known = day.inflow_l.filter((flow_l) => flow_l !== null);
  return withBalance({
    inlets: day.inlets,
    hours: day.inflow_l.length,
    bridged_hours: bitsOf(day.bridged_hours),
    missing_hours: day.inflow_l.length - known.length,
    known_inflow_l: known.length === 0 ? null : sum(known),
    billed_metered_l: day.billed_l,
    unbilled_metered_l: day.unbilled_l,
    meter_hours: day.meter_hours,
    estimated_meter_hours: day.estimated_meter_hours,
    missing_meter_hours: day.missing_meter_hours,
    night_flow_l_per_s: nightFlow(day, hours),
  });
}

/** @param of at least one day's */
export function sumOfBalances(of: readonly ZoneBalance[]): ZoneBalance {
  const total = (value: (one: ZoneBalance) => number) => sum(of.map(value));
  const inflows = of.flatMap(({ known_inflow_l }) => (known_inflow_l === null ? [] : [known_inflow_l]));
  const nights = of.flatMap(({ night_flow_l_per_s }) => (night_flow_l_per_s === null ? [] : [night_flow_l_per_s]));
  return withBalance({
    inlets: Math.max(...of.map(({ inlets }) => inlets)),
    hours: total(({ hours }) => hours),
    bridged_hours: total(({ bridged_hours }) => bridged_hours),
    missing_hours: total(({ missing_hours }) => missing_hours),
    known_inflow_l: inflows.length === 0 ? null : sum(inflows),
    billed_metered_l: total(({ billed_metered_l }) => billed_metered_l),
    unbilled_metered_l: total(({ unbilled_metered_l }) => unbilled_metered_l),
    meter_hours: total(({ meter_hours }) => meter_hours),
    estimated_meter_hours: total(({ estimated_meter_hours }) => estimated_meter_hours),
    missing_meter_hours: total(({ missing_meter_hours }) => missing_meter_hours),
    night_flow_l_per_s: nights.length === 0 ? null : sum(nights) / nights.length,
  });
}

function withBalance(sums: Omit<ZoneBalance, 'balance' | 'water_losses_at_most_l'>): ZoneBalance {
  const input_l = sums.missing_hours === 0 ? sums.known_inflow_l : null;
  const most =
    input_l === null
      ? null
      : waterBalance(input_l, {
          billed_metered_l: sums.billed_metered_l,
          unbilled_metered_l: sums.unbilled_metered_l,
          // Not measured here: what is used without a meter, and what meters miss, stays within the losses.
          billed_unmetered_l: 0,
          unbilled_unmetered_l: 0,
          apparent_losses_l: 0,
        });
  return {
    ...sums,
    balance: sums.missing_meter_hours === 0 ? most : null,
    water_losses_at_most_l: most?.water_losses_l ?? null,
  };
}

/** An hour that is only bridged may have had any part of what passed: it tells nothing of a least flow. */
function nightFlow(day: ZoneDay, { boundaries_ms, night }: DayHours): number | null {
  const samples = day.inflow_l.map((flow_l, hour) => {
    const start_ms = boundaries_ms[hour] ?? 0;
    const end_ms = boundaries_ms[hour + 1] ?? start_ms;
    const isBridged = (day.bridged_hours & (1 << hour)) !== 0;
    const told_l = isBridged ? null : flow_l;
    return { start_ms, end_ms, flow_l_per_s: told_l === null ? null : told_l / ((end_ms - start_ms) / 1_000) };
  });
  return minimumNightFlow(samples, night);
}

function bitsOf(mask: number): number {
  let bits = 0;
  for (let left = mask; left !== 0; left &= left - 1) bits += 1;
  return bits;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
