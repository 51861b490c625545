// Who gets how much of a meter's volume: the parts of a time in which a price changes, and the classes on one meter.

import { Exact } from './exact.ts';
import type { UseSegment } from './line-in-force.ts';
import { wrongRequest } from './price-faults.ts';
import type { PriceCase } from './price-request.ts';
import { roundTo } from './rounding.ts';

/** The part of a volume that is priced as one class. */
export interface MeterPart {
  class: string;
  households: number;
  volume_m3: Exact;
}

/** What is charged of a measured volume, in m3. */
export function chargedVolume(volume_l: number, { tariff }: PriceCase): Exact {
  return roundTo(cubicMetres(volume_l), tariff.volume.round);
}

/**
 * Divides a charged volume over the segments: by days, or as measured where the tariff divides by use. The parts are made
 * whole as the tariff says; the last one gets the rest, so that they add up to the volume.
 * @param ownVolume whether the volume is not the meter's: it is then divided in proportion to the meter's
 * @throws PRICE_REQUEST_INVALID where the tariff divides by use and the use was not given for each segment
 */
export function volumesOfSegments(
  volume_m3: Exact,
  ownVolume: boolean,
  segments: readonly UseSegment[],
  of: PriceCase,
): Exact[] {
  if (segments.length === 1) return [volume_m3];
  const { price_change } = of.tariff;
  const byDays = segments.map(({ share }) => volume_m3.times(share));
  const wanted = price_change?.divide === 'by_use' ? measuredVolumes(volume_m3, ownVolume, segments, of) : byDays;
  let left = volume_m3;
  return wanted.map((exact, at) => {
    const rounded = price_change?.round === undefined ? exact : roundTo(exact, price_change.round);
    const volume = at === wanted.length - 1 ? left : Exact.least(rounded, left);
    left = left.minus(volume);
    return volume;
  });
}

function measuredVolumes(
  volume_m3: Exact,
  ownVolume: boolean,
  segments: readonly UseSegment[],
  { measured, volume_l }: PriceCase,
): Exact[] {
  if (measured === undefined) {
    const days = segments.slice(1).map(({ from }) => from);
    throw wrongRequest('measured_missing', { days: days.join(', ') });
  }
  return segments.map(({ from, until, share }) => {
    let part_l = 0;
    for (const part of measured) {
      if (part.from < from && part.until > from) {
        throw wrongRequest('measured_spans', { from: part.from, change: from });
      }
      if (part.from >= from && part.until <= until) part_l += part.volume_l;
    }
    if (!ownVolume) return cubicMetres(part_l);
    return volume_m3.times(volume_l === 0 ? share : Exact.ratio(BigInt(part_l), BigInt(volume_l)));
  });
}

/**
 * Divides a segment's volume among the classes on the meter: known volumes first, then so many m3 a household, then by
 * percent, then evenly by units; what is left is the meter's own class's.
 * @param mainClass the meter's class in this component
 * @throws PRICE_REQUEST_INVALID where the other classes' volumes are more than there is
 */
export function partsOfMeter(volume_m3: Exact, mainClass: string, share: Exact, of: PriceCase): MeterPart[] {
  let left = volume_m3;
  const taken = new Map<string, Exact>();
  const take = (className: string, wanted: Exact) => {
    const volume = Exact.least(wanted, left);
    taken.set(className, volume);
    left = left.minus(volume);
  };
  for (const other of of.others) {
    if (other.volume_l === undefined) continue;
    const known = chargedVolume(other.volume_l, of).times(share);
    if (known.compare(left) > 0) throw wrongRequest('class_above_meter', { class: other.class });
    take(other.class, known);
  }
  for (const other of of.others) {
    const each = mixOf(other.class, of)?.m3_per_household;
    if (taken.has(other.class) || each === undefined) continue;
    take(other.class, each.times(Exact.whole(other.households)).times(of.months).times(share));
  }
  const before = left;
  for (const other of of.others) {
    const percent = mixOf(other.class, of)?.percent;
    if (taken.has(other.class) || percent === undefined) continue;
    take(other.class, roundTo(before.times(percent).over(Exact.whole(100)), of.tariff.volume.round));
  }
  const evenly = of.others.filter((other) => !taken.has(other.class));
  const units = evenly.reduce((sum, { households }) => sum + households, of.mainHouseholds);
  const divided = left;
  for (const other of evenly) {
    const part = divided.times(Exact.ratio(BigInt(other.households), BigInt(units)));
    take(other.class, roundTo(part, of.tariff.volume.round));
  }
  const others = of.others.map((other) => ({
    class: other.class,
    households: other.households,
    volume_m3: taken.get(other.class) ?? Exact.zero,
  }));
  return [...others, { class: mainClass, households: of.mainHouseholds, volume_m3: left }];
}

function mixOf(className: string, of: PriceCase) {
  return of.tariff.mixes.find((mix) => mix.main === of.class && mix.with === className);
}

function cubicMetres(volume_l: number): Exact {
  return Exact.ratio(BigInt(volume_l), 1_000n);
}
