// Making an offer of a credential, and serving it to the wallet that follows its link.
import { preAuthorizedCodeGrantIdentifier } from '@openid4vc/oauth2';
import { type CredentialOfferObject, type IssuerMetadataResult, Openid4vciIssuer } from '@openid4vc/openid4vci';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { checkClaims } from '../credentials/claims.ts';
import { credentialType } from '../credentials/credential-types.ts';
import { openidCallbacks } from '../openid-callbacks.ts';
import { codeHash, preAuthorizedCode, randomDigits, randomUuid, txCodeHash } from '../secrets.ts';
import { issuerPaths } from './issuer-metadata.ts';
import { type Offer, type OfferOrder, offerLimits } from './offer.ts';
import { insertOffer, openOfferType } from './offer-store.ts';

export interface OfferService {
  /**
   * The person takes the offer with a wallet and the `tx_code`, once, before `expires_at`.
   * Throws CREDENTIAL_TYPE_UNKNOWN, CLAIMS_INVALID, REQUEST_INVALID (reference or claims too long).
   */
  createOffer(order: OfferOrder): Promise<Offer>;
  /** The offer behind the link's handle. Throws NOT_FOUND when there is none, or it was taken or has ended. */
  readOffer(handle: string): Promise<CredentialOfferObject>;
}

export function createOfferService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  metadata: IssuerMetadataResult;
}): OfferService {
  const { pool, clock, random, metadata } = parts;
  const library = new Openid4vciIssuer({ callbacks: openidCallbacks({}) });
  const publicUrl = metadata.credentialIssuer.credential_issuer;

  const offerFor = (handle: string, type: string) =>
    library.createCredentialOffer({
      issuerMetadata: metadata,
      credentialConfigurationIds: [type],
      grants: {
        [preAuthorizedCodeGrantIdentifier]: {
          'pre-authorized_code': preAuthorizedCode(handle),
          tx_code: { input_mode: 'numeric', length: offerLimits.txCodeDigits },
        },
      },
      credentialOfferUri: `${publicUrl}${issuerPaths.offers}/${handle}`,
    });

  return {
    async createOffer({ type: typeId, claims, reference }) {
      const type = credentialType(typeId);
      const checked = checkClaims(type, claims, clock.now_ms());
      if (JSON.stringify(checked).length > offerLimits.claims_bytes) {
        throw problem('REQUEST_INVALID', `claims: longer than ${offerLimits.claims_bytes} bytes`);
      }
      if (reference.length > offerLimits.reference_chars) {
        throw problem('REQUEST_INVALID', `reference: longer than ${offerLimits.reference_chars} characters`);
      }
      const handle = randomToken(random);
      const code = preAuthorizedCode(handle);
      const txCode = randomDigits(random, offerLimits.txCodeDigits);
      const expiresAt = new Date(clock.now_ms() + offerLimits.offerLifetime_s * 1_000);
      const id = randomUuid(random);
      await insertOffer(pool, {
        id,
        codeHash: codeHash(code),
        txCodeHash: txCodeHash(code, txCode),
        type: type.id,
        claims: checked,
        reference,
        expiresAt,
      });
      const { credentialOffer } = await offerFor(handle, type.id);
      return { offer_id: id, offer_uri: credentialOffer, tx_code: txCode, expires_at: expiresAt.toISOString() };
    },

    async readOffer(handle) {
      const type = await openOfferType(pool, codeHash(preAuthorizedCode(handle)), new Date(clock.now_ms()));
      if (type === null) throw problem('NOT_FOUND', 'This offer was taken, has expired, or never was.');
      return (await offerFor(handle, type)).credentialOfferObject;
    },
  };
}
