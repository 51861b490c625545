// A clerk's work for a service point: offer its water account credential, list what was issued, revoke.
import type { IssuedCredential } from '../identity/issuing/credential-issue.ts';
import type { Clock } from '../platform/clock.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import type { Metering } from './my-meter-service.ts';
import { insertAudit } from './staff-store.ts';
import { tokenHash } from './tokens.ts';

/** What the portal needs of the issuer; `reference` is the service point, which the issuer keeps without reading it. */
export interface Issuer {
  createOffer(offer: {
    type: string;
    claims: Record<string, unknown>;
    reference: string;
  }): Promise<{ offer_id: string; offer_uri: string; tx_code: string; expires_at: string }>;
  listIssued(filter: { reference: string }): Promise<IssuedCredential[]>;
  revokeCredential(credentialId: string, reason: string): Promise<unknown>;
}

export interface OfferDependencies {
  pool: Pool;
  clock: Clock;
  issuer: Issuer;
  metering: Pick<Metering, 'servicePointMeter'>;
}

export type OfferService = ReturnType<typeof createOfferService>;

export function createOfferService({ pool, clock, issuer, metering }: OfferDependencies) {
  const now = () => new Date(clock.now_ms());
  return {
    /**
     * @param claims role, and the first and last day (YYYY-MM-DD) on which the holder has the service point
     * @throws SERVICE_POINT_UNKNOWN, REQUEST_INVALID
     */
    async offerWaterAccount(
      sessionToken: string,
      servicePoint: string,
      claims: { role: string; from: string; until?: string | undefined },
    ) {
      const at = await metering.servicePointMeter(servicePoint, now());
      if (at === null) throw problem('SERVICE_POINT_UNKNOWN');
      if (claims.until !== undefined && claims.until < claims.from) {
        throw problem('REQUEST_INVALID', 'body/claims/until: lies before `from`; write a later day or leave it out');
      }
      const { until, ...always } = claims;
      const offer = await issuer.createOffer({
        type: 'water-account',
        claims: { service_point: servicePoint, usage_class: at.usageClass, ...always, ...(until && { until }) },
        reference: servicePoint,
      });
      await audit(sessionToken, 'offer_made', servicePoint, null);
      return offer;
    },

    async credentialsOf(servicePoint: string) {
      const issued = await issuer.listIssued({ reference: servicePoint });
      return issued.map(({ id, type, issued_at, state, revoked_at, reason }) => ({
        ...{ id, issued_at, state, revoked_at, reason },
        type: type ?? '',
      }));
    },

    async revoke(sessionToken: string, credentialId: string, reason: string): Promise<void> {
      await issuer.revokeCredential(credentialId, reason);
      await audit(sessionToken, 'credential_revoked', null, credentialId);
    },
  };

  function audit(
    sessionToken: string,
    action: 'offer_made' | 'credential_revoked',
    servicePoint: string | null,
    credentialId: string | null,
  ): Promise<void> {
    return insertAudit(pool, { at: now(), actor: tokenHash(sessionToken), action, servicePoint, credentialId });
  }
}
