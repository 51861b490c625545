// Wires what citizens see: sign-in, their meter, reductions; the one part besides the desk that knows both rooms.

import type { Anchor } from './anchoring/anchor.ts';
import { composeWatching } from './compose-alarms.ts';
import type { composeIdentity } from './compose-identity.ts';
import { createIssueStatusService } from './identity/credentials/issue-status-service.ts';
import type { Clock } from './platform/clock.ts';
import type { Routes } from './platform/http/http-server.ts';
import type { Pool } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';
import { billProofRoutes } from './portal/bill-proof-routes.ts';
import { citizenBillRoutes } from './portal/bill-routes.ts';
import { createReductionCheckService, type ReductionCheckService } from './portal/check-reductions-service.ts';
import { type BillReading, createCitizenBillsService } from './portal/citizen-bills-service.ts';
import { citizenOfRequest, citizenRoutes } from './portal/citizen-routes.ts';
import { type AlikeMetering, createCompareUseService } from './portal/compare-use-service.ts';
import { createForgetCitizenService } from './portal/forget-citizen-service.ts';
import { createMyMeterService, type Metering } from './portal/my-meter-service.ts';
import { createBillOfferService } from './portal/offer-bill-service.ts';
import { createReductionService, type ReductionBilling } from './portal/prove-reduction-service.ts';
import { reductionRoutes } from './portal/reduction-routes.ts';
import { createSignInService } from './portal/sign-in-service.ts';
import { useFileRoutes } from './portal/use-file-routes.ts';

export interface CitizenOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  timeZone: string;
  publicUrl: string;
  walletUrl: string;
  /** Key of the pseudonyms. */
  secret: string;
  identity: Awaited<ReturnType<typeof composeIdentity>>;
  metering: Metering & AlikeMetering & { billing: ReductionBilling & BillReading };
  anchorOf(key: string): Promise<Anchor | null>;
  /** What proves a bill without this service. @throws PROOF_PENDING, PROOF_ERASED */
  proveBill(billId: number): Promise<object>;
  /** What keeps the chain from agreeing with the database; null for nothing. */
  chainTrouble: () => Promise<string | null>;
  /** Whether e-mail is sent at all: else no contacts can be told. */
  canTell: boolean;
}

/** The check alone, for the worker: it needs neither the issuer's keys nor pages. */
export function composeReductionChecks(
  options: Pick<CitizenOptions, 'pool' | 'clock' | 'timeZone' | 'chainTrouble'> & {
    metering: { billing: ReductionBilling };
  },
): ReductionCheckService {
  const statuses = createIssueStatusService(options);
  return createReductionCheckService({ ...options, statuses, billing: options.metering.billing });
}

export async function composeCitizen(options: CitizenOptions): Promise<Routes[]> {
  const { identity, metering, walletUrl } = options;
  const { billing } = metering;
  const statuses = createIssueStatusService(options);
  const { requests: presentations } = identity;
  const signIn = createSignInService({ ...options, presentations, statusOf: identity.credentials.statusOf });
  const citizenOf = citizenOfRequest(signIn);
  const myMeter = createMyMeterService(options);
  const bills = createCitizenBillsService({ ...options, billing });
  const issuer = { ...identity.offers, listIssued: identity.credentials.listIssued };
  const billOffers = createBillOfferService({ ...options, bills, issuer });
  const watching = await composeWatching({ ...options, citizenOf });
  return [
    citizenRoutes({
      ...options,
      signIn,
      myMeter,
      forgetting: createForgetCitizenService({ ...options, billing, endConsents: watching.endConsents }),
      comparing: createCompareUseService(options),
    }),
    useFileRoutes({ myMeter, citizenOf, clock: options.clock, publicUrl: options.publicUrl }),
    citizenBillRoutes({ bills, billOffers, citizenOf, walletUrl }),
    billProofRoutes({ ownBill: bills.ownBill, proveBill: options.proveBill, citizenOf }),
    watching.routes,
    reductionRoutes({
      reductions: createReductionService({ ...options, presentations, statuses, billing }),
      ...{ citizenOf, walletUrl },
    }),
  ];
}
