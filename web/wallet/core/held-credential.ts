// SD-JWT VCs on the holder's side: what is inside, whether a new one is sound, and showing a part of one.
import { SDJwtInstance } from '@sd-jwt/core';
import { base64url, calculateJwkThumbprint } from 'jose';
import { verifyEs256 } from '../../../src/identity/openid-callbacks.ts';
import { transactionHash } from '../../../src/identity/presenting/transaction-data.ts';
import type { CityService } from './city-service.ts';
import { copiesLeft } from './credential-copies.ts';
import { issuerKey } from './issuer-key.ts';
import type { DisplayedClaim, DisplayedCredential } from './wallet.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { StoredCredential, StoredKey } from './wallet-store.ts';

const hasher = async (data: string | ArrayBuffer): Promise<Uint8Array> =>
  new Uint8Array(
    await crypto.subtle.digest('SHA-256', typeof data === 'string' ? new TextEncoder().encode(data) : data),
  );

/** Members of the token that are about the credential, not about the person. */
const registeredNames = new Set([
  'iss',
  'iat',
  'nbf',
  'exp',
  'vct',
  'vct#integrity',
  'cnf',
  'status',
  'sub',
  '_sd_alg',
]);

interface HeldContent {
  issuer: string;
  vct: string;
  keyThumbprint: string;
  /** Protected header of the issuer's JWT. */
  header: Record<string, unknown>;
  issuedAt_s: number | null;
  expiresAt_s: number | null;
  claims: Record<string, unknown>;
}

/** What a compact SD-JWT VC says, all disclosures opened. Throws CREDENTIAL_UNREADABLE. */
export async function readCredential(compact: string): Promise<HeldContent> {
  try {
    const library = new SDJwtInstance({ hasher, hashAlg: 'sha-256' });
    const decoded = await library.decode(compact);
    const header = decoded.jwt?.header ?? {};
    const all = (await library.getClaims(compact)) as Record<string, unknown>;
    const jwk = (all.cnf as { jwk: Parameters<typeof calculateJwkThumbprint>[0] }).jwk;
    return {
      // Optional where a certificate says who issued. Source: draft-ietf-oauth-sd-jwt-vc, 2.2.2.2.
      issuer: all.iss === undefined && header.x5c !== undefined ? '' : text(all.iss),
      vct: text(all.vct),
      keyThumbprint: await calculateJwkThumbprint(jwk),
      header,
      issuedAt_s: typeof all.iat === 'number' ? all.iat : null,
      expiresAt_s: typeof all.exp === 'number' ? all.exp : null,
      claims: Object.fromEntries(Object.entries(all).filter(([name]) => !registeredNames.has(name))),
    };
  } catch (error) {
    throw new WalletRefusal('CREDENTIAL_UNREADABLE', 'not an SD-JWT VC bound to a key', error);
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('a text is missing');
  return value;
}

/**
 * Refuses what is not the offered type, not for one of these keys, or not signed by its issuer.
 *
 * @param expected.from the credential issuer it was taken from
 * @throws CREDENTIAL_UNREADABLE
 */
export async function checkReceived(
  compact: string,
  expected: { vct: string; keyIds: readonly string[]; from: string },
  service: CityService,
): Promise<HeldContent> {
  const content = await readCredential(compact);
  if (content.vct !== expected.vct) throw new WalletRefusal('CREDENTIAL_UNREADABLE', 'another type than was offered');
  if (!expected.keyIds.includes(content.keyThumbprint)) {
    throw new WalletRefusal('CREDENTIAL_UNREADABLE', 'bound to another key');
  }
  const key = await issuerKey(content, expected.from, service);
  if (key === null || !(await verifyEs256(compact.split('~')[0] ?? '', key))) {
    throw new WalletRefusal('CREDENTIAL_UNREADABLE', 'not signed by its issuer');
  }
  return content;
}

/** The credential with only `claims` disclosed, signed for one verifier and one request. Source: RFC 9901, 4.3. */
export async function presentCredential(
  compact: string,
  claims: readonly string[],
  key: StoredKey,
  request: { audience: string; nonce: string; now_ms: number; transactions?: readonly string[] },
): Promise<string> {
  const { transactions = [] } = request;
  // Source: OpenID4VP 1.0, B.3.3.1.
  const signs =
    transactions.length === 0
      ? {}
      : { transaction_data_hashes: transactions.map(transactionHash), transaction_data_hashes_alg: 'sha-256' };
  const library = new SDJwtInstance({
    hasher,
    hashAlg: 'sha-256',
    kbSignAlg: 'ES256',
    kbSigner: async (data) => {
      const signature = await crypto.subtle.sign(
        { name: 'ECDSA', hash: 'SHA-256' },
        key.privateKey,
        new TextEncoder().encode(data),
      );
      return base64url.encode(new Uint8Array(signature));
    },
  });
  return library.present(compact, Object.fromEntries(claims.map((name) => [name, true])), {
    kb: { payload: { iat: Math.floor(request.now_ms / 1_000), aud: request.audience, nonce: request.nonce, ...signs } },
  });
}

export function displayedClaims(stored: StoredCredential, claims: Record<string, unknown>): DisplayedClaim[] {
  const order = Object.keys(stored.claim_labels);
  return Object.entries(claims)
    .map(([name, value]) => ({ name, label: stored.claim_labels[name] ?? { ko: name, en: name }, value }))
    .sort((left, right) => order.indexOf(left.name) - order.indexOf(right.name));
}

export async function displayCredential(stored: StoredCredential): Promise<DisplayedCredential> {
  const content = await readCredential(stored.compact);
  return {
    id: stored.id,
    type_name: stored.type_name,
    issuer: stored.issuer,
    issuer_name: stored.issuer_name,
    vct: stored.vct,
    type: stored.vct.split('/').at(-1) ?? stored.vct,
    claims: displayedClaims(stored, content.claims),
    issued_at_ms: content.issuedAt_s === null ? null : content.issuedAt_s * 1_000,
    expires_at_ms: content.expiresAt_s === null ? null : content.expiresAt_s * 1_000,
    ...copiesLeft(stored),
  };
}
