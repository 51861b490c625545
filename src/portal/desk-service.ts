// The issuing desk: offers of any type, what was issued, its ending, and its replacement after a loss. Who does what is
// recorded in the transaction that does it.
import type { CredentialForm } from '../identity/credentials/claim-form.ts';
import { credentialForm } from '../identity/credentials/claim-form.ts';
import type { CredentialFilter, ListedCredential } from '../identity/credentials/credential-list-store.ts';
import { holdsResidentNumber } from '../identity/credentials/registration-numbers.ts';
import type { IssuedCredential } from '../identity/issuing/credential-issue.ts';
import type { Offer, OfferOrder, OpenOffer } from '../identity/issuing/offer.ts';
import type { ReissueOrder, ReissueService } from '../identity/issuing/reissue-credential-service.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Actor, typeAllowed, typeOffered, typesOfDuty, typesOffered } from './actor.ts';
import { deskAudit } from './desk-import-service.ts';
import type { Metering } from './my-meter-service.ts';

/** What the desk needs of the issuer. */
export interface DeskIssuer {
  createOffer(order: OfferOrder, within: Transaction): Promise<Offer>;
  listOffers(
    types: readonly string[],
    after: { expiresAt: string; id: string } | null,
    limit: number,
  ): Promise<OpenOffer[]>;
  withdrawOffer(id: string, within: Transaction): Promise<{ type: string; reference: string }>;
  listCredentials(
    filter: CredentialFilter,
    after: { issuedAt: string; id: string } | null,
    limit: number,
  ): Promise<ListedCredential[]>;
  statusOf(credentialId: string): Promise<IssuedCredential | null>;
  revokeCredential(id: string, reason: string, within: Transaction): Promise<unknown>;
  suspendCredential(id: string, reason: string, within: Transaction): Promise<unknown>;
  resumeCredential(id: string, within: Transaction): Promise<unknown>;
  reissue: ReissueService['reissue'];
}

export interface DeskOffer {
  type: string;
  claims: Record<string, unknown>;
  /** The office's own number; a type with a claim for it takes that instead. */
  reference?: string | undefined;
  lifetime_s?: number | undefined;
  /** Whether a second person must approve it before anything is issued. */
  needs_approval?: boolean | undefined;
}

export type DeskService = ReturnType<typeof createDeskService>;

export function createDeskService(parts: {
  pool: Pool;
  clock: Clock;
  issuer: DeskIssuer;
  metering: Pick<Metering, 'servicePointMeter'>;
}) {
  const { pool, clock, issuer, metering } = parts;
  const typesOf = (actor: Actor) => typesOfDuty(actor.duty).map(({ id }) => id);

  /** @throws CREDENTIAL_UNKNOWN, NOT_ALLOWED */
  async function allowedCredential(actor: Actor, id: string): Promise<string> {
    const credential = await issuer.statusOf(id);
    if (credential === null) throw problem('CREDENTIAL_UNKNOWN', 'No credential with that id was issued here.');
    // One of no type of ours came through the VC-API: an administrator's.
    return credential.type === null
      ? typeAllowed(actor.duty, 'utility-staff').id
      : typeAllowed(actor.duty, credential.type).id;
  }

  async function changeStatus(
    actor: Actor,
    credentialId: string,
    action: 'credential_revoked' | 'credential_suspended' | 'credential_resumed',
    change: (within: Transaction) => Promise<unknown>,
  ): Promise<void> {
    const type = await allowedCredential(actor, credentialId);
    await inTransaction(pool, async (transaction) => {
      await change(transaction);
      await deskAudit(actor, clock)(transaction, { action, credentialId, type });
    });
  }

  return {
    /** The forms of what the actor may offer. */
    forms: (actor: Actor): CredentialForm[] => typesOffered(actor.duty).map(credentialForm),

    /** @throws NOT_ALLOWED, CLAIMS_INVALID, REQUEST_INVALID (no reference), SERVICE_POINT_UNKNOWN, SECOND_PERSON_NEEDED */
    async offer(
      actor: Actor,
      { type: typeId, claims, reference, lifetime_s, needs_approval = false }: DeskOffer,
    ): Promise<Offer> {
      const type = typeOffered(actor.duty, typeId);
      // Of who came by a link nobody could tell later whether the second person is another.
      if (needs_approval && actor.credentialId === null) throw problem('SECOND_PERSON_NEEDED');
      const filed = type.referenceClaim === undefined ? reference : claims[type.referenceClaim];
      if (typeof filed !== 'string' || filed === '') {
        throw problem('REQUEST_INVALID', "reference: write the office's number of the case");
      }
      if (holdsResidentNumber(filed)) {
        throw problem('REQUEST_INVALID', 'reference: is no place for a resident registration number; take it out');
      }
      if (type.referenceClaim === 'service_point') {
        const at = await metering.servicePointMeter(filed, new Date(clock.now_ms()));
        if (at === null) throw problem('SERVICE_POINT_UNKNOWN');
      }
      return inTransaction(pool, async (transaction) => {
        const order = {
          ...{ type: type.id, claims, reference: filed, needs_approval },
          ...(lifetime_s !== undefined && { lifetime_s }),
        };
        const offer = await issuer.createOffer(order, transaction);
        await deskAudit(actor, clock)(transaction, { action: 'offer_made', offerId: offer.offer_id, type: type.id });
        return offer;
      });
    },

    offers: (actor: Actor, after: { expiresAt: string; id: string } | null, limit: number): Promise<OpenOffer[]> =>
      issuer.listOffers(typesOf(actor), after, limit),

    /** @throws NOT_FOUND, NOT_ALLOWED */
    async withdrawOffer(actor: Actor, id: string): Promise<void> {
      await inTransaction(pool, async (transaction) => {
        const { type } = await issuer.withdrawOffer(id, transaction);
        typeAllowed(actor.duty, type);
        await deskAudit(actor, clock)(transaction, { action: 'offer_withdrawn', offerId: id, type });
      });
    },

    credentials: (
      actor: Actor,
      filter: Omit<CredentialFilter, 'types'>,
      after: { issuedAt: string; id: string } | null,
      limit: number,
    ): Promise<ListedCredential[]> => issuer.listCredentials({ ...filter, types: typesOf(actor) }, after, limit),

    /** @throws CREDENTIAL_UNKNOWN, NOT_ALLOWED */
    revoke: (actor: Actor, id: string, reason: string): Promise<void> =>
      changeStatus(actor, id, 'credential_revoked', (within) => issuer.revokeCredential(id, reason, within)),

    /** Until it is resumed. @throws CREDENTIAL_UNKNOWN, NOT_ALLOWED, CREDENTIAL_STATUS_FINAL */
    suspend: (actor: Actor, id: string, reason: string): Promise<void> =>
      changeStatus(actor, id, 'credential_suspended', (within) => issuer.suspendCredential(id, reason, within)),

    /** @throws CREDENTIAL_UNKNOWN, NOT_ALLOWED, CREDENTIAL_STATUS_FINAL */
    resume: (actor: Actor, id: string): Promise<void> =>
      changeStatus(actor, id, 'credential_resumed', (within) => issuer.resumeCredential(id, within)),

    /** @throws as ReissueService does, and NOT_ALLOWED */
    async reissue(actor: Actor, order: ReissueOrder): Promise<Offer> {
      return inTransaction(pool, async (transaction) => {
        const {
          type,
          reference: _filed,
          ...offer
        } = await issuer.reissue(order, transaction, (lost) => {
          typeOffered(actor.duty, lost);
        });
        const audit = deskAudit(actor, clock);
        for (const credentialId of new Set(order.credentials)) {
          await audit(transaction, { action: 'credential_replaced', credentialId, offerId: offer.offer_id, type });
        }
        return offer;
      });
    },
  };
}
