// The water balance of a zone in the terms of the International Water Association, and what its nights say of leakage.
// Source: IWA standard water balance, as in Lambert and Hirner, "Losses from Water Supply Systems" (IWA Blue Pages, 2000).

/** An inflow meter's mean flow over an interval, or null where it told none. */
export interface FlowSample {
  start_ms: number;
  end_ms: number;
  flow_l_per_s: number | null;
}

export interface InflowSum {
  /** Of the hours that were told; null where none was. Never what the gaps would have held. */
  told_l: number | null;
  told_h: number;
  missing_h: number;
  /** The whole span's inflow; null where any of it is missing. */
  system_input_l: number | null;
}

const HOUR_ms = 3_600_000;

/**
 * What entered within a span. Samples may leave gaps and may be of any length; two that overlap count twice, so give each
 * hour once.
 *
 * @param samples ascending
 */
export function sumInflow(samples: readonly FlowSample[], span: { from_ms: number; to_ms: number }): InflowSum {
  let told_ms = 0;
  let volume_l = 0;
  for (const { start_ms, end_ms, flow_l_per_s } of samples) {
    const within_ms = Math.min(end_ms, span.to_ms) - Math.max(start_ms, span.from_ms);
    if (within_ms <= 0 || flow_l_per_s === null) continue;
    told_ms += within_ms;
    volume_l += (flow_l_per_s * within_ms) / 1_000;
  }
  const missing_ms = span.to_ms - span.from_ms - told_ms;
  const rounded_l = Math.round(volume_l);
  return {
    told_l: told_ms === 0 ? null : rounded_l,
    told_h: told_ms / HOUR_ms,
    missing_h: missing_ms / HOUR_ms,
    system_input_l: missing_ms === 0 ? rounded_l : null,
  };
}

/** What left the zone by right, and what the meters are known to miss. All in litres over the same span. */
export interface Consumption {
  billed_metered_l: number;
  billed_unmetered_l: number;
  unbilled_metered_l: number;
  unbilled_unmetered_l: number;
  /** Unauthorised use and what meters and the handling of their data miss. */
  apparent_losses_l: number;
}

export interface WaterBalance {
  system_input_l: number;
  authorised_consumption_l: number;
  billed_l: number;
  unbilled_l: number;
  water_losses_l: number;
  apparent_losses_l: number;
  real_losses_l: number;
  non_revenue_water_l: number;
  /** Non-revenue water as a part of the system input; null where nothing entered. */
  non_revenue_share: number | null;
}

/**
 * Losses can come out negative where meters disagree: that is told as it is, because it says that one of them is wrong.
 *
 * @param system_input_l of a whole span: a balance over gaps would call what wasn't told a loss or a gain
 */
export function waterBalance(system_input_l: number, consumption: Consumption): WaterBalance {
  const billed_l = consumption.billed_metered_l + consumption.billed_unmetered_l;
  const unbilled_l = consumption.unbilled_metered_l + consumption.unbilled_unmetered_l;
  const authorised_consumption_l = billed_l + unbilled_l;
  const water_losses_l = system_input_l - authorised_consumption_l;
  const { apparent_losses_l } = consumption;
  const non_revenue_water_l = system_input_l - billed_l;
  return {
    system_input_l,
    authorised_consumption_l,
    billed_l,
    unbilled_l,
    water_losses_l,
    apparent_losses_l,
    real_losses_l: water_losses_l - apparent_losses_l,
    non_revenue_water_l,
    non_revenue_share: system_input_l === 0 ? null : non_revenue_water_l / system_input_l,
  };
}

/**
 * The least mean flow of the samples that lie whole within the night; null where one of its hours was not told, because
 * the missing one could have been the least.
 *
 * @param night the local hours in which people sleep, mostly 02:00 to 05:00, as instants
 */
export function minimumNightFlow(
  samples: readonly FlowSample[],
  night: { from_ms: number; to_ms: number },
): number | null {
  const within = samples.filter(({ start_ms, end_ms }) => start_ms >= night.from_ms && end_ms <= night.to_ms);
  if (sumInflow(within, night).missing_h > 0) return null;
  return Math.min(...within.map(({ flow_l_per_s }) => flow_l_per_s ?? Number.POSITIVE_INFINITY));
}

/**
 * How the night flow moves: the median of all slopes between two nights, which a burst week or a wrong night does not sway.
 * Source: Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau" (1968).
 *
 * @param nights a night each, null where it is not known; at most `mostNights` are looked at, the newest
 * @returns litres a second gained in a year; null below a week of known nights
 */
export function leakageTrend(nights: readonly { at_ms: number; flow_l_per_s: number | null }[]): number | null {
  const known = nights.filter((night) => night.flow_l_per_s !== null).slice(-mostNights);
  if (known.length < 7) return null;
  const slopes: number[] = [];
  for (const [index, one] of known.entries()) {
    for (const other of known.slice(index + 1)) {
      const years = (other.at_ms - one.at_ms) / (365.25 * 24 * HOUR_ms);
      if (years > 0) slopes.push(((other.flow_l_per_s ?? 0) - (one.flow_l_per_s ?? 0)) / years);
    }
  }
  slopes.sort((one, other) => one - other);
  const middle = slopes.length / 2;
  return slopes.length === 0 ? null : ((slopes[Math.floor(middle)] ?? 0) + (slopes[Math.ceil(middle) - 1] ?? 0)) / 2;
}

/** Nights a trend is taken over: slopes grow with their square. */
const mostNights = 400;
