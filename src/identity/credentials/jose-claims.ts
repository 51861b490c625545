// The registered claims that may stand beside a credential's own members in a token, and what they must agree with.
// Source: Securing Verifiable Credentials using JOSE and COSE, 3.1.3 (registered claims and VC members).
import { z } from 'zod';

const numericDate = z.number().min(0).max(8_640_000_000_000).optional();
const claimsSchema = z.looseObject({
  iss: z.string().optional(),
  sub: z.string().optional(),
  jti: z.string().optional(),
});
const timesSchema = z.looseObject({ iat: numericDate, nbf: numericDate, exp: numericDate });

/** Of the signature, not of what it says: seconds since 1970. */
export interface SignatureTimes {
  notBefore_s: number | undefined;
  expires_s: number | undefined;
}

/**
 * @param header replicated claims are looked at too. Source: RFC 7519, 5.3
 * @param names what the document calls the same things
 * @returns the times, or what is wrong: `member: what`
 */
export function readJoseClaims(
  header: Record<string, unknown>,
  payload: Record<string, unknown>,
  names: { issuer: string | null; subject: string | null; id: string | null },
): SignatureTimes | string {
  if ('vc' in payload || 'vp' in payload) return 'vc: a claim of that name is forbidden; the document is the payload';
  for (const [place, members] of [
    ['header', header],
    ['payload', payload],
  ] as const) {
    const claims = claimsSchema.safeParse(members);
    if (!claims.success) return `${place}: iss, sub and jti are texts`;
    const { iss, sub, jti } = claims.data;
    if (iss !== undefined && iss !== names.issuer) return `${place}: iss is not the issuer`;
    if (sub !== undefined && names.subject !== null && sub !== names.subject) return `${place}: sub is not the subject`;
    if (jti !== undefined && names.id !== null && jti !== names.id) return `${place}: jti is not the id`;
  }
  const times = timesSchema.safeParse(payload);
  if (!times.success) return 'payload: iat, nbf and exp are seconds since 1970';
  return { notBefore_s: times.data.nbf ?? times.data.iat, expires_s: times.data.exp };
}
