// The nonce and credential endpoints: a holder proves a key, and the offered credential is issued to that key, once.
import { Oauth2ErrorCodes, Oauth2ServerErrorResponseError } from '@openid4vc/oauth2';
import {
  type CredentialResponse,
  type IssuerMetadataResult,
  type NonceResponse,
  Openid4vciIssuer,
} from '@openid4vc/openid4vci';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { openidCallbacks, type PublicJwk, publicP256 } from '../openid-callbacks.ts';
import { secretHash } from '../secrets.ts';
import { tokenHash } from './grant-token-service.ts';
import { offerLimits } from './offer.ts';
import { endOffer, insertNonce, spendNonce, typeForToken } from './offer-store.ts';

/** Signs the credential and records it inside the caller's transaction: both or neither. */
export type IssueCredential = (
  order: { type: string; claims: Record<string, unknown>; holderJwk: PublicJwk; reference: string },
  within: Transaction,
) => Promise<{ credential: string }>;

export interface DeliveryService {
  createNonce(): Promise<NonceResponse>;
  /**
   * Source: OpenID4VCI 1.0, 8. Every refusal is an `Oauth2ServerErrorResponseError` with the specification's code.
   * The claims of the offer are erased in the transaction that issues.
   *
   * @param accessToken from `Authorization: Bearer`, null where there is none
   */
  deliverCredential(accessToken: string | null, body: Record<string, unknown>): Promise<CredentialResponse>;
}

export function createDeliveryService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  metadata: IssuerMetadataResult;
  issueCredential: IssueCredential;
}): DeliveryService {
  const { pool, clock, random, metadata, issueCredential } = parts;
  const library = new Openid4vciIssuer({ callbacks: openidCallbacks({}) });

  /** The proved key and the nonce it was proved with; the nonce is not spent yet. */
  async function checkProof(jwt: string, now: Date): Promise<{ holderJwk: PublicJwk; nonce: string }> {
    const proof = await library.verifyCredentialRequestJwtProof({ jwt, issuerMetadata: metadata, now });
    const holderJwk = publicP256(proof.header.jwk);
    if (holderJwk === null || proof.signer.method !== 'jwk') {
      throw refusal(Oauth2ErrorCodes.InvalidProof, "The proof's header carries no P-256 public key in 'jwk'.");
    }
    if (proof.payload.aud !== metadata.credentialIssuer.credential_issuer) {
      throw refusal(Oauth2ErrorCodes.InvalidProof, "The proof's 'aud' is not this credential issuer.");
    }
    if (Math.abs(now.getTime() / 1_000 - proof.payload.iat) > offerLimits.proofAge_s) {
      throw refusal(Oauth2ErrorCodes.InvalidProof, "The proof's 'iat' is too far from now.");
    }
    if (typeof proof.payload.nonce !== 'string') {
      throw refusal(Oauth2ErrorCodes.InvalidNonce, "The proof's 'nonce' is missing.");
    }
    return { holderJwk, nonce: proof.payload.nonce };
  }

  return {
    async createNonce() {
      const nonce = randomToken(random);
      await insertNonce(pool, nonceHash(nonce), new Date(clock.now_ms() + offerLimits.nonceLifetime_s * 1_000));
      return library.createNonceResponse({ cNonce: nonce, cNonceExpiresIn: offerLimits.nonceLifetime_s });
    },

    async deliverCredential(accessToken, body) {
      const now = new Date(clock.now_ms());
      const offeredType = accessToken === null ? null : await typeForToken(pool, tokenHash(accessToken), now);
      if (accessToken === null || offeredType === null) throw invalidToken();
      const asked = body.credential_configuration_id;
      if (typeof asked === 'string' && asked !== offeredType) {
        throw refusal(Oauth2ErrorCodes.UnknownCredentialConfiguration, 'That credential was not offered.');
      }
      const request = library.parseCredentialRequest({ issuerMetadata: metadata, credentialRequest: body });
      if (request.credentialConfigurationId === undefined) {
        throw refusal(Oauth2ErrorCodes.InvalidCredentialRequest, "'credential_configuration_id' is missing.");
      }
      const [jwt, ...others] = request.proofs?.jwt ?? [];
      if (jwt === undefined || others.length > 0) {
        throw refusal(Oauth2ErrorCodes.InvalidProof, "Exactly one proof of type 'jwt' is needed.");
      }
      const { holderJwk, nonce } = await checkProof(jwt, now);
      const credential = await inTransaction(pool, async (transaction) => {
        if (!(await spendNonce(transaction, nonceHash(nonce), now))) {
          throw refusal(Oauth2ErrorCodes.InvalidNonce, 'The nonce is unknown, was used before, or has expired.');
        }
        const offer = await endOffer(transaction, tokenHash(accessToken), now);
        if (offer === null) throw invalidToken();
        return (await issueCredential({ ...offer, holderJwk }, transaction)).credential;
      });
      return library.createCredentialResponse({ credentialRequest: request, credentials: [{ credential }] });
    },
  };
}

function nonceHash(nonce: string): Buffer {
  return secretHash('naru/proof-nonce/1', nonce);
}

function refusal(error: Oauth2ErrorCodes, error_description: string): Oauth2ServerErrorResponseError {
  return new Oauth2ServerErrorResponseError({ error, error_description });
}

function invalidToken(): Oauth2ServerErrorResponseError {
  return new Oauth2ServerErrorResponseError(
    {
      error: Oauth2ErrorCodes.InvalidToken,
      error_description: 'The access token is missing, unknown, or has expired.',
    },
    { status: 401 },
  );
}
