// Who a wallet is: attested by its provider (attestation-based client authentication), or registered by name.
// Source: draft-ietf-oauth-attestation-based-client-auth-07; HAIP 1.0, 4.4.
import { Oauth2ErrorCodes, verifyClientAttestationJwt } from '@openid4vc/oauth2';
import { calculateJwkThumbprint, importJWK, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import type { Random } from '../../platform/random.ts';
import { isProtocolFault, OauthRefusal } from '../oauth-refusal.ts';
import { openidCallbacks, type PublicJwk, protocolAlgorithm, publicP256, verifyEs256 } from '../openid-callbacks.ts';
import { leafOfChain } from '../trust/certificate-chain.ts';
import type { TrustedWallets, WalletProvider } from '../trust/trusted-wallets.ts';
import { currentNonce, isFresh, isOurNonce, proofLimits, spendOnce } from './dpop-service.ts';
import type { ProtocolRequest } from './grant.ts';

export interface AuthenticatedWallet {
  clientId: string;
  redirectUris: readonly string[];
}

export interface WalletAuthentication {
  /**
   * The wallet behind the request: of its attestation where there is one, of `clientId` where that is registered, null
   * for one that shows neither.
   *
   * @param clientId what the request's parameters say, undefined where they say nothing
   * @throws OauthRefusal `invalid_client` (401), `use_attestation_challenge` (with `OAuth-Client-Attestation-Challenge`)
   */
  authenticate(request: ProtocolRequest, clientId: string | undefined): Promise<AuthenticatedWallet | null>;
  /** A challenge for the proof beside an attestation. */
  createChallenge(): Promise<string>;
}

export function createWalletAuthentication(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  /** The authorization server's identifier. */
  issuer: string;
  wallets: TrustedWallets;
}): WalletAuthentication {
  const { clock, issuer, wallets } = parts;

  /** The attestation's provider, its wallet's name and the key of the wallet's instance. */
  async function verifyAttestation(jwt: string) {
    const now_ms = clock.now_ms();
    let provider: WalletProvider | undefined;
    const { payload } = await verifyClientAttestationJwt({
      clientAttestationJwt: jwt,
      now: new Date(now_ms),
      callbacks: {
        ...openidCallbacks({}),
        verifyJwt: async (signer, { header, payload: claimed, compact }) => {
          provider = wallets.providers.find((known) => known.issuer === claimed.iss);
          if (provider === undefined || signer.alg !== protocolAlgorithm) return { verified: false };
          for (const key of keysOf(provider, header.x5c, now_ms)) {
            if (await verifyEs256(compact, key)) return { verified: true, signerJwk: { ...key } };
          }
          return { verified: false };
        },
      },
    });
    const instanceKey = publicP256(payload.cnf.jwk);
    if (provider === undefined || instanceKey === null || !isVisible(payload.sub)) throw invalidClient();
    return { clientId: payload.sub, redirectUris: provider.redirectUris, instanceKey };
  }

  /** That the instance holds its key now, and for us; each proof once. Source: the same draft, 5.2 and 8. */
  async function verifyPossession(jwt: string, clientId: string, instanceKey: PublicJwk): Promise<void> {
    const now_ms = clock.now_ms();
    const { payload } = await jwtVerify(jwt, await importJWK({ ...instanceKey }, protocolAlgorithm), {
      algorithms: [protocolAlgorithm],
      typ: 'oauth-client-attestation-pop+jwt',
      audience: issuer,
      requiredClaims: ['jti', 'iat'],
      currentDate: new Date(now_ms),
      clockTolerance: proofLimits.ahead_s,
    });
    if (payload.iss !== undefined && payload.iss !== clientId) throw invalidClient();
    if (!isFresh(payload.iat ?? 0, now_ms) || !isProofId(payload.jti)) throw invalidClient();
    const challenge = challengeOf(payload);
    if (challenge !== undefined && !(await isOurNonce(parts, 'attestation', challenge))) {
      throw new OauthRefusal('use_attestation_challenge', 'The proof needs the challenge of this answer.', {
        headers: { 'oauth-client-attestation-challenge': await currentNonce(parts, 'attestation') },
      });
    }
    const thumbprint = await calculateJwkThumbprint({ ...instanceKey });
    if (!(await spendOnce(parts, `attestation.${thumbprint}.${payload.jti}`))) throw invalidClient();
  }

  return {
    async authenticate({ headers }, clientId) {
      const attestation = headers.get('oauth-client-attestation');
      const possession = headers.get('oauth-client-attestation-pop');
      if (attestation === null && possession === null) {
        return wallets.clients.find((client) => client.clientId === clientId) ?? null;
      }
      if (attestation === null || possession === null) throw invalidClient();
      try {
        const { instanceKey, ...wallet } = await verifyAttestation(attestation);
        if (clientId !== undefined && clientId !== wallet.clientId) throw invalidClient();
        await verifyPossession(possession, wallet.clientId, instanceKey);
        return wallet;
      } catch (error) {
        // Only a database that is away is ours; whatever else a library says is about what was sent.
        if (error instanceof OauthRefusal) throw error;
        if (isProtocolFault(error) || isOfJose(error)) throw invalidClient();
        throw error;
      }
    },

    createChallenge: () => currentNonce(parts, 'attestation'),
  };
}

/** With certificates in the attestation, the key of theirs that leads to a root; without, the provider's own keys. */
function keysOf(provider: WalletProvider, x5c: unknown, now_ms: number): PublicJwk[] {
  if (x5c === undefined) return provider.keys;
  const leaf = leafOfChain(x5c, provider.roots, Math.floor(now_ms / 1_000));
  const key = leaf === null ? null : publicP256(leaf.publicKey.export({ format: 'jwk' }));
  return key === null ? [] : [key];
}

/** Source: RFC 6749, appendix A.1. */
function isVisible(clientId: string): boolean {
  return /^[\x20-\x7e]{1,256}$/.test(clientId);
}

/** Earlier drafts, and the library wallets use, say `nonce`. */
function challengeOf(payload: JWTPayload): unknown {
  return payload.challenge ?? payload.nonce;
}

function isProofId(jti: unknown): boolean {
  return typeof jti === 'string' && jti !== '' && jti.length <= proofLimits.jti_chars;
}

function isOfJose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_J');
}

function invalidClient(): OauthRefusal {
  return new OauthRefusal(Oauth2ErrorCodes.InvalidClient, "The wallet's attestation, or its proof, is not accepted.", {
    status: 401,
  });
}
