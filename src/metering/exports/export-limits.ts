// The bounds of what is given out: rows of a page, and rows read at once for a file.
export const exportLimits = {
  /** Readings, days or bills on a page, where nothing else was asked. */
  page: 1_000,
  /** At most; of changed days as many more as a row of their queue holds. */
  mostOnPage: 10_000,
  /** Rows that are in memory while a file is written. */
  rowsAtOnce: 2_000,
  /** Steps of a walk through what is stored for one page: where installs have no days, a page may be shorter. */
  walkRounds: 50,
} as const;
