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
import type { ProtocolRequest } from './grant.ts';
import type { GrantService } from './grant-service.ts';
import { offerLimits } from './offer.ts';
import { insertNonce, spendNonce } from './offer-store.ts';

/** Signs the credential and records it inside the caller's transaction: both or neither. */
export type IssueCredential = (
  order: { type: string; claims: Record<string, unknown>; holderJwk: PublicJwk; reference: string },
  within: Transaction,
) => Promise<{ credential: string }>;

export interface DeliveryService {
  createNonce(): Promise<NonceResponse>;
  /**
   * Source: OpenID4VCI 1.0, 8. Every refusal is an `Oauth2ServerErrorResponseError` with the specification's code.
   * The claims of the grant are erased in the transaction that issues. `dpopNonce`, where there is one, goes out as
   * `DPoP-Nonce`.
   */
  deliverCredential(
    request: ProtocolRequest,
    body: Record<string, unknown>,
  ): Promise<{ response: CredentialResponse; dpopNonce: string | null }>;
}

export function createDeliveryService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  metadata: IssuerMetadataResult;
  grants: GrantService;
  issueCredential: IssueCredential;
}): DeliveryService {
  const { pool, clock, random, metadata, grants, issueCredential } = parts;
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

    async deliverCredential(from, body) {
      const now = new Date(clock.now_ms());
      const { id: grantId, credentials, dpopNonce } = await grants.grantOf(from);
      const asked = body.credential_configuration_id;
      const identifier = body.credential_identifier;
      const granted = credentials.find(({ configurationId, byIdentifier, ...credential }) =>
        byIdentifier ? credential.identifier === identifier : configurationId === asked,
      );
      if (granted === undefined) {
        throw typeof identifier === 'string'
          ? refusal(Oauth2ErrorCodes.UnknownCredentialIdentifier, 'That credential was not granted.')
          : typeof asked === 'string'
            ? refusal(Oauth2ErrorCodes.UnknownCredentialConfiguration, 'That credential was not granted.')
            : refusal(Oauth2ErrorCodes.InvalidCredentialRequest, 'Nothing says which credential is asked for.');
      }
      const request = library.parseCredentialRequest({ issuerMetadata: metadata, credentialRequest: body });
      const [jwt, ...others] = request.proofs?.jwt ?? [];
      if (jwt === undefined || others.length > 0) {
        throw refusal(Oauth2ErrorCodes.InvalidProof, "Exactly one proof of type 'jwt' is needed.");
      }
      const { holderJwk, nonce } = await checkProof(jwt, now);
      const credential = await inTransaction(pool, async (transaction) => {
        if (!(await spendNonce(transaction, nonceHash(nonce), now))) {
          throw refusal(Oauth2ErrorCodes.InvalidNonce, 'The nonce is unknown, was used before, or has expired.');
        }
        const taken = await grants.takeClaims(transaction, { grantId, identifier: granted.identifier, credentials: 1 });
        if (taken === null) throw invalidToken();
        const order = { type: granted.configurationId, ...taken, holderJwk };
        return (await issueCredential(order, transaction)).credential;
      });
      const response = library.createCredentialResponse({ credentialRequest: request, credentials: [{ credential }] });
      return { response, dpopNonce };
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
