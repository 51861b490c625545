// A clerk's work for a service point: offer its water account credential, list what was issued.
import type { IssuedCredential } from '../identity/issuing/credential-issue.ts';
import type { Offer, OfferOrder } from '../identity/issuing/offer.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Actor, programActor, typeAllowed } from './actor.ts';
import { deskAudit } from './desk-import-service.ts';
import type { Metering } from './my-meter-service.ts';

/** What the portal needs of the issuer; `reference` is the service point, which the issuer keeps without reading it. */
export interface Issuer {
  createOffer(order: OfferOrder, within: Transaction): Promise<Offer>;
  listIssued(filter: { reference: string }): Promise<IssuedCredential[]>;
}

export interface OfferDependencies {
  pool: Pool;
  clock: Clock;
  issuer: Issuer;
  metering: Pick<Metering, 'servicePointMeter'>;
}

export type OfferService = ReturnType<typeof createOfferService>;

export function createOfferService({ pool, clock, issuer, metering }: OfferDependencies) {
  return {
    /**
     * @param by who offers; a program by its name
     * @param claims role, and the first and last day (YYYY-MM-DD) on which the holder has the service point
     * @throws NOT_ALLOWED, SERVICE_POINT_UNKNOWN, REQUEST_INVALID
     */
    async offerWaterAccount(
      by: Actor | string,
      servicePoint: string,
      claims: { role: string; from: string; until?: string | undefined },
    ): Promise<Offer> {
      const actor = typeof by === 'string' ? programActor(by) : by;
      const { id: type } = typeAllowed(actor.duty, 'water-account');
      const at = await metering.servicePointMeter(servicePoint, new Date(clock.now_ms()));
      if (at === null) throw problem('SERVICE_POINT_UNKNOWN');
      if (claims.until !== undefined && claims.until < claims.from) {
        throw problem('REQUEST_INVALID', 'body/claims/until: lies before `from`; write a later day or leave it out');
      }
      const { until, ...always } = claims;
      const order = {
        type,
        claims: { service_point: servicePoint, usage_class: at.usageClass, ...always, ...(until && { until }) },
        reference: servicePoint,
      };
      return inTransaction(pool, async (transaction) => {
        const offer = await issuer.createOffer(order, transaction);
        const audit = deskAudit(actor, clock);
        await audit(transaction, { action: 'offer_made', servicePoint, offerId: offer.offer_id, type });
        return offer;
      });
    },

    async credentialsOf(servicePoint: string) {
      const issued = await issuer.listIssued({ reference: servicePoint });
      return issued.map(({ id, type, issued_at, state, revoked_at, reason }) => ({
        ...{ id, issued_at, state, revoked_at, reason },
        type: type ?? '',
      }));
    },
  };
}
