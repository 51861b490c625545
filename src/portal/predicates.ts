// What a wallet shows to prove a predicate that tariffs name: a credential, and as little of it as says so.
import type { WantedCredential } from '../identity/presenting/presentation-request.ts';

export interface ProvablePredicate {
  /** As a tariff's reduction names it. */
  name: string;
  wanted: WantedCredential;
}

/**
 * That the credential is there is the whole proof of `household-benefit`: the one claim asked for is the day of its end,
 * which every presentation tells anyway.
 */
export const provablePredicates: readonly ProvablePredicate[] = [
  { name: 'household-benefit', wanted: { type: 'household-benefit', claims: [{ name: 'valid_until' }] } },
  {
    name: 'three-or-more-children',
    wanted: { type: 'household-benefit', claims: [{ name: 'tier', values: ['three_or_more_children'] }] },
  },
];

/** Null where no credential of this city proves it. */
export function provablePredicate(name: string): ProvablePredicate | null {
  return provablePredicates.find((predicate) => predicate.name === name) ?? null;
}
