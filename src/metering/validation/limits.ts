// What is usual, as data: by usage class and by bore, each figure with its source or why it was chosen.

export interface ClassLimits {
  /** An hour above this many times the highest of the four weeks before is a spike. */
  spikeTimes: number;
  /** A day this many spreads above the median of the four weeks before is high (a spread is 1.4826 times the median deviation). */
  highSpreads: number;
  /** A day below this share of the median of the four weeks before is low. */
  lowShare: number;
  /** A day above this many times the median of the zone's places of the class is high. */
  zoneTimes: number;
  /** Below this much a day nothing is called high or spiking. */
  floor_l: number;
  /** This many days of no use in a row are long. */
  zeroDays: number;
  /** A place with use on each day before that tells no use for this many days has a meter that is stuck. */
  stuckDays: number;
}

/**
 * - Spreads: a normal variable is above 5 robust spreads once in some millions of days, and water use, whose tail is longer,
 *   about once in a hundred; business days differ more from closed ones, so other classes get 8.
 * - Households: 6 m³ a person and month is 200 l a day, so that 1,000 l a day is a family of five and no finding.
 * - No use: two weeks are longer than most holidays and shorter than a month's bill. Bath houses and factories close
 *   less long without saying so.
 * - Stuck: a household is away over a long weekend; a place that used water on 28 days of 28 rarely is for four.
 */
const classLimits: Readonly<Record<string, ClassLimits>> = {
  domestic: {
    ...{ spikeTimes: 4, highSpreads: 5, lowShare: 0.15, zoneTimes: 10, floor_l: 1_000, zeroDays: 14, stuckDays: 4 },
  },
  general: {
    ...{ spikeTimes: 4, highSpreads: 8, lowShare: 0.1, zoneTimes: 30, floor_l: 3_000, zeroDays: 14, stuckDays: 5 },
  },
  bath: {
    ...{ spikeTimes: 3, highSpreads: 8, lowShare: 0.15, zoneTimes: 20, floor_l: 10_000, zeroDays: 10, stuckDays: 4 },
  },
  industrial: {
    ...{ spikeTimes: 4, highSpreads: 8, lowShare: 0.1, zoneTimes: 50, floor_l: 10_000, zeroDays: 10, stuckDays: 5 },
  },
};

/**
 * Permanent flow Q3 in litres an hour that meters of a bore are commonly rated for; the standard fixes the values to choose
 * from and leaves the bore to the maker. A meter between two of these bores is taken as the larger.
 * Source: ISO 4064-1:2014, 4.1 (R5 series of Q3: 2.5, 4, 6.3, 10, 16 … m³/h).
 */
const permanentFlow_l_per_h: readonly (readonly [bore_mm: number, q3_l_per_h: number])[] = [
  ...([
    [15, 2_500],
    [20, 4_000],
    [25, 6_300],
    [32, 10_000],
    [40, 16_000],
    [50, 40_000],
  ] as const),
  ...([
    [80, 63_000],
    [100, 100_000],
    [150, 250_000],
    [200, 400_000],
    [250, 630_000],
    [300, 1_000_000],
  ] as const),
];
/** Overload flow Q4 is Q3 times this: a meter bears it for a short time. Source: ISO 4064-1:2014, 4.1. */
const overload = 1.25;

export interface PlaceLimits extends ClassLimits {
  /** What a meter of the bore can carry, for a short time. */
  most_l_per_h: number;
}

/** @param usageClass one without limits of its own is judged as `general` */
export function limitsOf(usageClass: string, bore_mm: number): PlaceLimits {
  const limits = classLimits[usageClass] ?? (classLimits.general as ClassLimits);
  return { ...limits, most_l_per_h: mostFlow_l_per_h(bore_mm) };
}

export function mostFlow_l_per_h(bore_mm: number): number {
  const rated = permanentFlow_l_per_h.find(([bore]) => bore >= bore_mm) ?? permanentFlow_l_per_h.at(-1);
  return (rated?.[1] ?? 0) * overload;
}

/** Changed whenever a figure above is: what was judged with the old ones is judged again. */
export const limitsVersion = 1;

/** Days before a day that it is held against. */
export const historyDays = 28;
/** Of them, those that must be known for a day to be called unusual. */
export const leastKnownDays = 14;
/** Places whose median a day is held against, at least. */
export const leastPeers = 10;
/** Two readings are held to be at least this far apart when their rate is worked out: clocks and litres are coarse. */
export const shortestStep_h = 0.25;
