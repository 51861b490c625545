// Making an offer of a credential, and serving it to the wallet that follows its link.
import { authorizationCodeGrantIdentifier, preAuthorizedCodeGrantIdentifier } from '@openid4vc/oauth2';
import {
  type CredentialOfferGrants,
  type CredentialOfferObject,
  type IssuerMetadataResult,
  Openid4vciIssuer,
} from '@openid4vc/openid4vci';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { checkClaims } from '../credentials/claims.ts';
import { credentialType } from '../credentials/credential-types.ts';
import { openidCallbacks } from '../openid-callbacks.ts';
import { codeHash, issuerState, preAuthorizedCode, randomDigits, randomUuid, txCodeHash } from '../secrets.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import { authorizationLimits } from './authorization-request.ts';
import { type CredentialConfiguration, canIssue, NO_CERTIFICATE } from './credential-configuration.ts';
import { grantLimits } from './grant.ts';
import { issuerPaths } from './issuer-metadata.ts';
import { type Offer, type OfferOrder, type OpenOffer, offerLimits } from './offer.ts';
import { insertApproval } from './offer-approval-store.ts';
import {
  insertOfferConfigurations,
  insertOffers,
  listOffers,
  openOfferConfigurations,
  withdrawOffer,
} from './offer-store.ts';
import { insertSignInOffer, openSignInOffer } from './sign-in-offer-store.ts';

export interface OfferService {
  /**
   * The person takes the offer with a wallet and the `tx_code`, once, before `expires_at`.
   * Throws CREDENTIAL_TYPE_UNKNOWN, CLAIMS_INVALID, REQUEST_INVALID (reference or claims too long, lifetime out of
   * bounds, a format the type is not issued in), ISSUER_CERTIFICATE_MISSING.
   *
   * @param within commits the offer; without one it is a transaction of its own
   */
  createOffer(order: OfferOrder, within?: Transaction): Promise<Offer>;
  /**
   * An offer that holds nothing of a person: whoever follows it signs in at the city's provider, and gets what that says
   * about them. One sign-in uses it up.
   * Throws REQUEST_INVALID for a type that cannot be had by signing in.
   */
  createSignInOffer(order: Pick<OfferOrder, 'type' | 'reference'>): Promise<Omit<Offer, 'tx_code'>>;
  /** Offers of `types` that can still be taken, the last to end first, after the one that a cursor names. */
  listOffers(
    types: readonly string[],
    after: { expiresAt: string; id: string } | null,
    limit: number,
  ): Promise<OpenOffer[]>;
  /** Ends an offer that nobody took, with its claims. Throws NOT_FOUND. */
  withdrawOffer(id: string, within: Transaction): Promise<{ type: string; reference: string }>;
  /** The offer behind the link's handle. Throws NOT_FOUND when there is none, or it was taken or has ended. */
  readOffer(handle: string): Promise<CredentialOfferObject>;
}

export function createOfferService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  metadata: IssuerMetadataResult;
  configurations: readonly CredentialConfiguration[];
  issuer: Pick<Issuer, 'certificate'>;
  /** What can be had by signing in at the city's provider. */
  signInTypes: readonly string[];
}): OfferService {
  const { pool, clock, random, metadata, configurations, issuer, signInTypes } = parts;
  const library = new Openid4vciIssuer({ callbacks: openidCallbacks({}) });
  const publicUrl = metadata.credentialIssuer.credential_issuer;

  const offerFor = (
    handle: string,
    configurationIds: string[],
    grants: CredentialOfferGrants,
    carriedBy: OfferOrder['carried_by'] = 'reference',
  ) =>
    library.createCredentialOffer({
      ...{ issuerMetadata: metadata, credentialConfigurationIds: configurationIds, grants },
      ...(carriedBy === 'reference' ? { credentialOfferUri: `${publicUrl}${issuerPaths.offers}/${handle}` } : {}),
    });
  const preAuthorized = (handle: string): CredentialOfferGrants => ({
    [preAuthorizedCodeGrantIdentifier]: {
      'pre-authorized_code': preAuthorizedCode(handle),
      tx_code: { input_mode: 'numeric', length: offerLimits.txCodeDigits },
    },
  });
  const bySignIn = (handle: string): CredentialOfferGrants => ({
    [authorizationCodeGrantIdentifier]: { issuer_state: issuerState(handle) },
  });

  /** Null where the type's first configuration is meant. @throws REQUEST_INVALID, ISSUER_CERTIFICATE_MISSING */
  function configurationIdsOf(type: string, formats: readonly string[] | undefined): string[] | null {
    if (formats === undefined) return null;
    const found = configurations.filter((each) => each.type.id === type && formats.includes(each.format.id));
    if (found.length === 0 || found.length !== formats.length) {
      throw problem(
        'REQUEST_INVALID',
        `formats: ${type} is not issued in one of them; the issuer's metadata lists them.`,
      );
    }
    if (!found.every(({ format }) => canIssue(format, issuer, clock.now_ms()))) {
      throw problem('ISSUER_CERTIFICATE_MISSING', NO_CERTIFICATE);
    }
    return found.map(({ id }) => id);
  }

  return {
    async createOffer(order, within) {
      const { claims, reference, lifetime_s = offerLimits.offerLifetime_s } = order;
      const type = credentialType(order.type);
      const configurationIds = configurationIdsOf(type.id, order.formats);
      const checked = checkClaims(type, claims, clock.now_ms());
      if (JSON.stringify(checked).length > offerLimits.claims_bytes) {
        throw problem('REQUEST_INVALID', `claims: longer than ${offerLimits.claims_bytes} bytes`);
      }
      checkReference(reference);
      if (!(lifetime_s >= 1 && lifetime_s <= offerLimits.longestOfferLifetime_s)) {
        throw problem('REQUEST_INVALID', `lifetime_s: write 1 to ${offerLimits.longestOfferLifetime_s} seconds`);
      }
      const handle = randomToken(random);
      const code = preAuthorizedCode(handle);
      const txCode = randomDigits(random, offerLimits.txCodeDigits);
      const offeredAt = new Date(clock.now_ms());
      const expiresAt = new Date(offeredAt.getTime() + lifetime_s * 1_000);
      const id = randomUuid(random);
      const store = async (transaction: Transaction): Promise<void> => {
        await insertOffers(transaction, [
          {
            ...{
              id,
              type: type.id,
              claims: checked,
              reference,
              offeredAt,
              expiresAt,
              importId: null,
              importLine: null,
            },
            codeHash: codeHash(code),
            txCodeHash: txCodeHash(code, txCode),
          },
        ]);
        if (configurationIds !== null) await insertOfferConfigurations(transaction, id, configurationIds);
        if (order.needs_approval !== true) return;
        // For as long as the last wallet that takes it may wait.
        const until = new Date(expiresAt.getTime() + grantLimits.grantLifetime_s * 1_000);
        await insertApproval(transaction, {
          offerId: id,
          type: type.id,
          reference,
          createdAt: offeredAt,
          expiresAt: until,
        });
      };
      await (within === undefined ? inTransaction(pool, store) : store(within));
      const { credentialOffer } = await offerFor(
        handle,
        configurationIds ?? [type.id],
        preAuthorized(handle),
        order.carried_by,
      );
      return { offer_id: id, offer_uri: credentialOffer, tx_code: txCode, expires_at: expiresAt.toISOString() };
    },

    listOffers: (types, after, limit) => listOffers(pool, types, new Date(clock.now_ms()), after, limit),

    async withdrawOffer(id, within) {
      const ended = await withdrawOffer(within, id);
      if (ended === null) throw problem('NOT_FOUND', 'This offer was taken, has ended, or never was.');
      return ended;
    },

    async createSignInOffer({ type, reference }) {
      if (!signInTypes.includes(type)) {
        throw problem('REQUEST_INVALID', 'type: this credential cannot be had by signing in (CITY_OPENID_CLAIMS)');
      }
      checkReference(reference);
      const handle = randomToken(random);
      const expiresAt = new Date(clock.now_ms() + authorizationLimits.offerLifetime_s * 1_000);
      const id = randomUuid(random);
      await insertSignInOffer(pool, { id, codeHash: codeHash(issuerState(handle)), type, reference, expiresAt });
      const { credentialOffer } = await offerFor(handle, [type], bySignIn(handle));
      return { offer_id: id, offer_uri: credentialOffer, expires_at: expiresAt.toISOString() };
    },

    async readOffer(handle) {
      const now = new Date(clock.now_ms());
      const open = await openOfferConfigurations(pool, codeHash(preAuthorizedCode(handle)), now);
      if (open !== null) return (await offerFor(handle, open, preAuthorized(handle))).credentialOfferObject;
      const signIn = await openSignInOffer(pool, codeHash(issuerState(handle)), now);
      if (signIn === null) throw problem('NOT_FOUND', 'This offer was taken, has expired, or never was.');
      return (await offerFor(handle, [signIn.type], bySignIn(handle))).credentialOfferObject;
    },
  };
}

function checkReference(reference: string): void {
  if (reference.length > offerLimits.reference_chars) {
    throw problem('REQUEST_INVALID', `reference: longer than ${offerLimits.reference_chars} characters`);
  }
}
