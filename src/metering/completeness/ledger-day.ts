// What became of each hour of a day in which a meter was expected to tell its register: a letter an hour, and where what is
// missing was lost.

/** Letters of the ledger; the lost ones stand in small where the hour was estimated. */
export const arrived = 'A';
export const late = 'L';
export const notExpected = '-';
export const lostAt = { meter: 'M', radio: 'R', broker: 'B', decode: 'D', clock: 'C', validation: 'V' } as const;
export type LostAt = keyof typeof lostAt;

export const ledgerLimits = {
  /** A reading that came longer than this after it was measured is late. */
  lateAfter_ms: 24 * 3_600_000,
  /** How often a meter tells is learned from so many days on which it did, up to the day after. */
  learnedFromDays: 7,
  /** How far around a day receipts are looked at for how many readings come at once. */
  around_ms: 2 * 24 * 3_600_000,
} as const;

export interface LedgerFacts {
  /** Start and end of each hour of the day. */
  boundaries_ms: readonly number[];
  /** Of the install. */
  from_ms: number;
  until_ms: number | null;
  /** Hours told on each of the days learned from. */
  toldCounts: readonly number[];
  /** Bit n: a reading that counts lies in hour n. */
  counted: number;
  /** Bit n: a reading lies in hour n that came in time, or late. */
  inTime: number;
  late: number;
}

/** What is known of the time around the day, from which is told where an hour was lost. */
export interface LossSigns {
  /** Times at which something of the meter came that was read, each with how many readings. */
  receipts: readonly { at_ms: number; readings: number }[];
  /** Times at which readings came whose clock can't be right. */
  misdated_ms: readonly number[];
  /** Times at which something came that could not be decoded. */
  undecoded_ms: readonly number[];
  /** From when to when the broker held the device back or refused what it sent. */
  refused: readonly { from_ms: number; to_ms: number }[];
  /** Bit n: what passed in hour n is estimated. */
  estimated: number;
}

export const noSigns: LossSigns = { receipts: [], misdated_ms: [], undecoded_ms: [], refused: [], estimated: 0 };

/** Whole hours between two registers that a meter tells, as it did on most days; an hour where it never told any. */
export function tellingInterval_h(toldCounts: readonly number[]): number {
  // The third best of the days: two with more than usual, or four with less, don't sway it.
  const ordered = [...toldCounts].sort((one, other) => other - one);
  const usual = ordered[Math.min(2, ordered.length - 1)];
  if (usual === undefined) return 1;
  return intervals_h.reduce((best, one) => (Math.abs(24 / one - usual) < Math.abs(24 / best - usual) ? one : best));
}

const intervals_h = [1, 2, 3, 4, 6, 8, 12, 24] as const;

/** Whether any expected hour did not come, so that it takes signs to say where it was lost. */
export function hasLosses(facts: LedgerFacts): boolean {
  return /[RMBDCV]/i.test(ledgerHours(facts, noSigns));
}

/** A letter for each hour of the day; of an interval of several hours its first. */
export function ledgerHours(facts: LedgerFacts, signs: LossSigns): string {
  const { boundaries_ms, from_ms, until_ms } = facts;
  const hours = boundaries_ms.length - 1;
  const interval_h = tellingInterval_h(facts.toldCounts);
  const letters = Array.from({ length: hours }, () => notExpected as string);
  for (let hour = 0; hour < hours; hour += interval_h) {
    const end = Math.min(hour + interval_h, hours);
    const start_ms = boundaries_ms[hour] ?? 0;
    const end_ms = boundaries_ms[end] ?? 0;
    if (start_ms < from_ms || (until_ms !== null && end_ms > until_ms)) continue;
    letters[hour] = letterOf(facts, signs, { mask: (1 << end) - (1 << hour), start_ms, end_ms });
  }
  return letters.join('');
}

interface Slot {
  mask: number;
  start_ms: number;
  end_ms: number;
}

function letterOf(facts: LedgerFacts, signs: LossSigns, slot: Slot): string {
  const { mask } = slot;
  if (facts.counted & mask) return (facts.inTime & mask) === 0 && facts.late & mask ? late : arrived;
  const lost = lostAt[(facts.inTime | facts.late) & mask ? 'validation' : whereLost(signs, slot)];
  return signs.estimated & mask ? lost.toLowerCase() : lost;
}

/** Looks at what came from the interval's beginning on, for as long as the meter's next report takes. */
function whereLost(signs: LossSigns, { start_ms, end_ms }: Slot): LostAt {
  const until_ms = Math.max(end_ms, start_ms + (end_ms - start_ms) * readingsAtOnce(signs.receipts));
  const isWithin = (at_ms: number) => at_ms >= start_ms && at_ms <= until_ms;
  if (signs.misdated_ms.some(isWithin)) return 'clock';
  if (signs.undecoded_ms.some(isWithin)) return 'decode';
  if (signs.refused.some(({ from_ms, to_ms }) => from_ms <= until_ms && to_ms >= start_ms)) return 'broker';
  return signs.receipts.some(({ at_ms }) => isWithin(at_ms)) ? 'meter' : 'radio';
}

/** As many readings as a report brings mostly. */
function readingsAtOnce(receipts: LossSigns['receipts']): number {
  const ordered = receipts.map(({ readings }) => readings).sort((one, other) => one - other);
  return Math.min(ordered[Math.floor(ordered.length / 2)] ?? 1, 24);
}
