// Erases what has expired: offers with their claims, tokens, nonces, requests and verdicts.
import type { Clock } from '../platform/clock.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { sweepAuthorizationRequests } from './issuing/authorization-store.ts';
import { sweepSpentNonces } from './issuing/credential-answer-store.ts';
import { sweepGrants } from './issuing/grant-store.ts';
import { sweepImports } from './issuing/import-store.ts';
import { sweepApprovals } from './issuing/offer-approval-store.ts';
import { sweepOffers } from './issuing/offer-store.ts';
import { sweepProofGuards } from './issuing/proof-guard-store.ts';
import { sweepSignInOffers } from './issuing/sign-in-offer-store.ts';
import { sweepRequests } from './presenting/presentation-request-store.ts';

/** @returns how many rows went or were emptied */
export async function sweepIdentity(pool: Pool, clock: Clock): Promise<number> {
  const now = new Date(clock.now_ms());
  let removed = 0;
  for (const sweep of [
    sweepOffers,
    sweepApprovals,
    sweepImports,
    sweepSignInOffers,
    sweepAuthorizationRequests,
    sweepGrants,
    sweepSpentNonces,
    sweepProofGuards,
    sweepRequests,
  ])
    removed += await sweep(pool, now);
  return removed;
}
