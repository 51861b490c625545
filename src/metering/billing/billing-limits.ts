// Bounds of making and showing bills.
export const billingLimits = {
  /** Billed in one transaction. */
  places: 1_000,
  /** Changed days followed in one transaction. */
  changedDays: 5_000,
  /** Between two looks for a run or a change. */
  lookEvery_ms: 2_000,
  /** Of a list in one answer. */
  page: 200,
} as const;
