// What a transaction may cost: the first offer, the higher one that replaces it, and the most we ever pay.

/** Of one gas, in wei. `tip_wei` is `null` on a chain without a base fee, where `max_wei` is simply the price. */
export interface Fees {
  max_wei: bigint;
  tip_wei: bigint | null;
}

/** Nodes replace a transaction for 10 % more, or for 12.5 %: the higher one does everywhere. */
const RAISE_permille = 1125n;

/** @returns what a node takes in place of a transaction with these fees */
export function raised({ max_wei, tip_wei }: Fees): Fees {
  return { max_wei: raisedPrice(max_wei), tip_wei: tip_wei === null ? null : raisedPrice(tip_wei) };
}

/**
 * The fees of the next transaction under a nonce.
 *
 * @param suggested what the node suggests now
 * @param taken fees of what was sent under the same nonce before
 * @param ceiling_wei the most for one gas
 * @returns `null` where the ceiling doesn't let it replace what was sent before, or be mined now
 */
export function nextFees(
  suggested: Fees & { least_wei: bigint },
  taken: readonly Fees[],
  ceiling_wei: bigint,
): Fees | null {
  const floors = taken.map(raised);
  const floor_wei = largest(floors.map(({ max_wei }) => max_wei));
  const tipFloor_wei = largest(floors.map(({ tip_wei, max_wei }) => tip_wei ?? max_wei));
  if (floor_wei > ceiling_wei || suggested.least_wei > ceiling_wei) return null;
  const wanted_wei = largest([suggested.max_wei, floor_wei, tipFloor_wei]);
  const max_wei = smaller(wanted_wei, ceiling_wei);
  if (suggested.tip_wei === null) return { max_wei, tip_wei: null };
  return { max_wei, tip_wei: smaller(largest([suggested.tip_wei, tipFloor_wei]), max_wei) };
}

function raisedPrice(price_wei: bigint): bigint {
  return (price_wei * RAISE_permille + 999n) / 1000n + (price_wei === 0n ? 1n : 0n);
}

function largest(values: readonly bigint[]): bigint {
  let most = 0n;
  for (const value of values) if (value > most) most = value;
  return most;
}

function smaller(one: bigint, other: bigint): bigint {
  if (one < other) return one;
  return other;
}
