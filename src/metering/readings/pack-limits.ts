// Every bound of packing readings, in one place.

const HOUR_ms = 3_600_000;
const DAY_ms = 24 * HOUR_ms;

export const packLimits = {
  /** A day of UTC is packed once it has been over for so long: the use, validation and hashing of a day are done by then,
   *  and modems that hold telegrams back over a night have sent them. What comes later is put into the pack as well. */
  settledAfter_ms: 2 * DAY_ms,
  /**
   * A reading measured so long ago may lie in a pack, or come after its day was packed. Six hours less than
   * `settledAfter_ms`: as far apart the clocks of two processes, or the beginning and the end of a commit, may be. Modems that
   * send a day at a time stay below it.
   */
  oldAfter_ms: 42 * HOUR_ms,
  /** A day of fewer readings takes less as rows. */
  fewest: 4,
  /** As the table's check has it. A day of more stays rows. */
  most: 4_096,
  /** Days of meters of one transaction: commits of old readings wait for it. */
  block: 1_000,
  roundEvery_ms: 10 * 60_000,
} as const;
