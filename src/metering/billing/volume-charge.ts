// The charge of a volume by one line: flat or in tiers that widen with months and households, or share by share.
import { Exact } from './exact.ts';
import type { UseSegment } from './line-in-force.ts';
import type { MeterPart } from './meter-parts.ts';
import { noPrice, wrongRequest } from './price-faults.ts';
import type { PriceCase } from './price-request.ts';
import { type PricedRow, row } from './priced-bill.ts';
import { roundInSteps } from './rounding.ts';
import { scaleOf } from './scale.ts';
import type { Tier, VolumeLine } from './tariff-components.ts';
import { unitPrice } from './unit-price.ts';

/** Shares of one size. */
interface EqualShares {
  volume_m3: Exact;
  times: number;
}

/**
 * @param segment the days; tiers are as much narrower as these are fewer
 * @throws TARIFF_NO_PRICE where the tiers end below the volume, or an index has no value
 */
export function chargeVolume(line: VolumeLine, part: MeterPart, segment: UseSegment, of: PriceCase): PricedRow[] {
  const { at_least_m3 } = line;
  const least = at_least_m3?.times(widening(line.scale, part, segment, of));
  const raised = least !== undefined && least.compare(part.volume_m3) > 0;
  const volume_m3 = raised ? least : part.volume_m3;
  const base = { line: line.id, class: part.class, from: segment.from, until: segment.until };
  if (line.free) return [row({ ...base, volume_m3, amount_won: Exact.zero, note: 'free' })];
  const note = raised ? ('minimum_use' as const) : null;
  const { shares } = line;
  const unshared = line.scale.filter((by) => !shares?.by.some((one) => one === by));
  const wide = widening(unshared, part, segment, of);
  return sharesOf(volume_m3, line, part, of).flatMap((share) => {
    const rows = tierRows(line, share.volume_m3, wide, segment, of).map((tier) => {
      const amount_won = tier.amount_won.times(Exact.whole(share.times));
      return { ...tier, ...base, times: share.times, amount_won, note };
    });
    const one = Exact.sum(rows.map(({ amount_won }) => amount_won)).over(Exact.whole(share.times));
    const rounded = roundInSteps(one, shares?.round ?? [])
      .value.minus(one)
      .times(Exact.whole(share.times));
    if (rounded.sign() === 0) return rows;
    return [...rows, row({ ...base, times: share.times, amount_won: rounded, note: 'share_rounding' })];
  });
}

function widening(scale: readonly string[], part: MeterPart, segment: UseSegment, of: PriceCase): Exact {
  return scaleOf(scale, part.households, of).times(segment.share);
}

/** The rows of one volume, tier by tier; a tier without volume has none. */
function tierRows(line: VolumeLine, volume_m3: Exact, wide: Exact, segment: UseSegment, of: PriceCase): PricedRow[] {
  const flat = line.price === undefined ? [] : [{ price: line.price, price_steps: line.price_steps }];
  const tiers: readonly Tier[] = line.tiers ?? flat;
  const rows: PricedRow[] = [];
  let over_m3 = Exact.zero;
  for (const [at, tier] of tiers.entries()) {
    if (over_m3.compare(volume_m3) >= 0) return rows;
    const up_to_m3 = tier.up_to_m3?.times(wide) ?? null;
    const reached = up_to_m3 === null ? volume_m3 : Exact.least(up_to_m3, volume_m3);
    const last = reached.compare(volume_m3) >= 0;
    const inTier = line.whole_volume ? volume_m3 : reached.minus(over_m3);
    over_m3 = reached;
    if (line.whole_volume && !last) continue;
    const { price_won, trace } = unitPrice(tier.price, tier.price_steps ?? [], segment.on, of);
    rows.push(
      row({
        line: line.id,
        from: segment.from,
        until: segment.until,
        tier: line.tiers === undefined ? null : at + 1,
        over_m3: line.tiers === undefined ? null : reached.minus(inTier),
        up_to_m3,
        volume_m3: inTier,
        unit_price_won: price_won,
        unit_price_steps: trace,
        amount_won: inTier.times(price_won),
      }),
    );
  }
  if (over_m3.compare(volume_m3) >= 0) return rows;
  throw noPrice('tiers_end', { line: line.id, end: String(over_m3), volume: String(volume_m3) });
}

/** One share where the line does not cut; otherwise whole ones that add up to the volume. */
function sharesOf(volume_m3: Exact, line: VolumeLine, part: MeterPart, of: PriceCase): EqualShares[] {
  const { shares } = line;
  if (shares === undefined) return [{ volume_m3, times: 1 }];
  if (shares.by.includes('months') && !of.months.isWhole()) {
    throw wrongRequest('months_not_whole', { line: line.id, months: String(of.months) });
  }
  const months = shares.by.includes('months') ? of.months.numerator : 1n;
  const count = months * BigInt(shares.by.includes('households') ? part.households : 1);
  const units = volume_m3.over(shares.to_m3);
  const wholeUnits = units.numerator / units.denominator;
  const small = Exact.whole(wholeUnits / count).times(shares.to_m3);
  const larger = shares.remainder === 'spread' ? wholeUnits % count : 0n;
  const dealt = Exact.whole((wholeUnits / count) * count + larger).times(shares.to_m3);
  const rest = volume_m3.minus(dealt);
  const sizes: EqualShares[] = [
    { volume_m3: small, times: Number(count - larger) },
    { volume_m3: small.plus(shares.to_m3), times: Number(larger) },
  ];
  return withRest(sizes, rest).filter(({ times }) => times > 0);
}

/** Gives what no unit is left for to the last share. */
function withRest(sizes: readonly EqualShares[], rest: Exact): EqualShares[] {
  if (rest.sign() === 0) return [...sizes];
  const at = sizes.findLastIndex(({ times }) => times > 0);
  const last = sizes[at];
  if (last === undefined) return [...sizes];
  const others = sizes.map((size, index) => (index === at ? { ...size, times: size.times - 1 } : size));
  return [...others, { volume_m3: last.volume_m3.plus(rest), times: 1 }];
}
