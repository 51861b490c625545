// A credential of a registered type in the form of VC 2.0. Source: Verifiable Credentials Data Model 2.0, section 4.
import { base64url } from 'jose';
import { bitstringStatusEntries } from './bitstring-status-list.ts';
import type { CredentialContent } from './credential-format.ts';
import type { CredentialType } from './credential-type.ts';
import { naruContextUrl } from './json-ld.ts';
import type { PublicHolderJwk } from './sd-jwt-vc.ts';

const VC_CONTEXT = 'https://www.w3.org/ns/credentials/v2';

/** Unsigned: the subject is the holder, under the DID of its key. */
export function w3cCredentialOf(content: CredentialContent, publicUrl: string): Record<string, unknown> {
  const { type, claims, issuer, holder, issuedAt_s, expiresAt_s, status } = content;
  return {
    ...credentialDefinition(type, publicUrl),
    issuer,
    validFrom: isoSeconds(issuedAt_s),
    validUntil: isoSeconds(expiresAt_s),
    credentialStatus: bitstringStatusEntries(status.bitstringUri, status.index),
    credentialSubject: { id: holder.did, ...claims },
  };
}

/** What names the type: its contexts and type names. */
export function credentialDefinition(type: CredentialType, publicUrl: string) {
  return { '@context': [VC_CONTEXT, naruContextUrl(publicUrl)], type: ['VerifiableCredential', type.w3cName] };
}

/** Source: did:jwk method, "Create". */
export function didJwkOf(jwk: PublicHolderJwk): string {
  const { kty, crv, x } = jwk;
  const members = jwk.kty === 'EC' ? { crv, kty, x, y: jwk.y } : { crv, kty, x };
  return `did:jwk:${base64url.encode(JSON.stringify(members))}`;
}

function isoSeconds(time_s: number): string {
  return `${new Date(time_s * 1000).toISOString().slice(0, 19)}Z`;
}
