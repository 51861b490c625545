// The protected header of a token that secures a credential or a presentation: what is accepted in one, and what never is.
// Source: RFC 7515, 4.1; RFC 8725, 3.1 to 3.11.

/** Members that name or bring a key from outside, or change how the token is read. Nothing they say is ever followed. */
const REFUSED_MEMBERS = ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'zip', 'b64', 'enc'];

export const signatureAlgorithms = ['ES256', 'ES384', 'EdDSA', 'Ed25519'] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

export interface TokenHeader {
  alg: SignatureAlgorithm;
  /** Address of the key in a DID document. */
  kid: string;
}

export type HeaderProblem = 'FORMAT_ALGORITHM_REFUSED' | 'FORMAT_HEADER_REFUSED' | 'FORMAT_MALFORMED';

/** A DID URL with a fragment and nothing else after the DID: no path, no query. Source: DID Core 1.0, 3.2. */
const DID_KEY_URL = /^did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})+#[A-Za-z0-9._~:-]+$/;

/**
 * @param type the `typ` there must be; without one, a token made for something else could be passed off
 * @param content the `cty` there may be
 */
export function readTokenHeader(
  header: Record<string, unknown>,
  type: string,
  content: string,
): TokenHeader | HeaderProblem {
  const alg = signatureAlgorithms.find((known) => known === header.alg);
  if (alg === undefined) return 'FORMAT_ALGORITHM_REFUSED';
  if (REFUSED_MEMBERS.some((name) => name in header)) return 'FORMAT_HEADER_REFUSED';
  const { typ, cty, kid } = header;
  if (typeof typ !== 'string' || typ.replace(/^application\//, '') !== type) return 'FORMAT_MALFORMED';
  if (cty !== undefined && cty !== content && cty !== `application/${content}`) return 'FORMAT_MALFORMED';
  if (typeof kid !== 'string' || kid.length > 1_024 || !DID_KEY_URL.test(kid)) return 'FORMAT_HEADER_REFUSED';
  return { alg, kid };
}

/** The DID a key's address belongs to. */
export function didOfKey(kid: string): string {
  return kid.slice(0, kid.indexOf('#'));
}
