// The key an issuer signed a credential with: of the service's DID, of a partner's did:jwk, or in a partner's certificate.
// Who may issue what is for verifiers to say; the wallet makes sure that it holds what the office gave, whole.
import { base64url } from 'jose';
import { certifiedKey, type PublicJwk, publicP256 } from '../../../src/identity/openid-callbacks.ts';
import type { CityService } from './city-service.ts';

/**
 * Null where the header names no key that belongs to the issuer.
 *
 * @param from the credential issuer the credential was taken from
 */
export async function issuerKey(
  { header, issuer }: { header: Record<string, unknown>; issuer: string },
  from: string,
  service: CityService,
): Promise<PublicJwk | null> {
  const { kid, x5c } = header;
  if (from !== service.url && Array.isArray(x5c) && typeof x5c[0] === 'string') {
    const isOfTheOffice = issuer === '' || (URL.canParse(issuer) && new URL(issuer).origin === new URL(from).origin);
    return isOfTheOffice ? certifiedKey(x5c[0]) : null;
  }
  // Where a certificate stands for `iss`, the DID of the key is the service's own or none that is found.
  if (from === service.url && issuer === '' && x5c !== undefined && typeof kid === 'string')
    return service.findKey(kid);
  if (typeof kid !== 'string' || !(kid.startsWith(`${issuer}#`) || kid.startsWith('#'))) return null;
  if (from === service.url) return service.findKey(kid);
  return issuer.startsWith('did:jwk:') && kid.endsWith('#0') ? didJwkKey(issuer) : null;
}

/** Source: did:jwk method, "Read". */
export function didJwkKey(did: string): PublicJwk | null {
  try {
    return publicP256(JSON.parse(new TextDecoder().decode(base64url.decode(did.slice('did:jwk:'.length)))));
  } catch {
    return null;
  }
}
