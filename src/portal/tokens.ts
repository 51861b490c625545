// Session tokens: the browser keeps the token, the database only its hash.
import { createHash, createHmac } from 'node:crypto';

/** SHA-256 of a token: 32 bytes. Tokens carry 256 random bits, so a fast hash keeps them. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * The name under which the portal knows a holder: 32 bytes that nobody without the portal's secret can compute, so that
 * it can't be matched with what another verifier knows.
 *
 * @param holderThumbprint RFC 7638 thumbprint of the key the credential is bound to
 */
export function pairwisePseudonym(secret: string, holderThumbprint: string): Buffer {
  return createHmac('sha256', secret).update(`naru/portal/pseudonym/1\0${holderThumbprint}`).digest();
}
