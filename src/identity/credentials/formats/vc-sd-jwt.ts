// VC 2.0 credentials as SD-JWTs, `vc+sd-jwt`: every claim of a subject is disclosed on its own, everything else is shown.
// Source: Securing Verifiable Credentials using JOSE and COSE, 3.2; RFC 9901.
import { SDJwtInstance } from '@sd-jwt/core';
import type { HeaderProblem } from '../jose-header.ts';
import { type Es256Signer, sdJwtHasher } from '../sd-jwt-vc.ts';
import { type ReadToken, readToken } from './vc-jwt.ts';

export const VC_SD_JWT_TYPE = 'vc+sd-jwt';
export const VP_SD_JWT_TYPE = 'vp+sd-jwt';

const SALT_bytes = 16;

/** Members of a subject that a verifier must see to make sense of the rest. */
const SHOWN_OF_SUBJECT = new Set(['id', 'type', '@context']);

/**
 * @param credential with its issuer
 * @param randomBytes for the salts: 128 bits each. Source: RFC 9901, 9.3
 * @returns `<JWT>~<disclosure>~…~`
 */
export function createVcSdJwt(
  credential: Record<string, unknown>,
  signer: Es256Signer,
  randomBytes: (length: number) => Uint8Array,
): Promise<string> {
  const instance = new SDJwtInstance<Record<string, unknown>>({
    signAlg: 'ES256',
    signer: (data) => base64url(signer.sign(new TextEncoder().encode(data))),
    hashAlg: 'sha-256',
    hasher: sdJwtHasher,
    saltGenerator: () => base64url(randomBytes(SALT_bytes)),
  });
  const { credentialSubject } = credential;
  const frame = {
    credentialSubject: Array.isArray(credentialSubject)
      ? Object.fromEntries(credentialSubject.map((subject, index) => [index, subjectFrame(subject)]))
      : subjectFrame(credentialSubject),
  };
  const header = { typ: VC_SD_JWT_TYPE, cty: 'vc', kid: signer.keyId };
  return instance.issue(credential, frame as never, { header });
}

export interface ReadSdJwt extends ReadToken {
  /** As they stand between the tildes. */
  disclosures: string[];
}

/** Takes the token apart without believing any of it; what binds it to a holder is of no use without a request. */
export function readVcSdJwt(
  compact: string,
  type: typeof VC_SD_JWT_TYPE | typeof VP_SD_JWT_TYPE,
): ReadSdJwt | HeaderProblem {
  const [jwt, ...disclosures] = compact.split('~');
  const keyBinding = disclosures.pop();
  if (jwt === undefined || keyBinding !== '' || disclosures.includes('')) return 'FORMAT_MALFORMED';
  const read = readToken(jwt, type, type === VC_SD_JWT_TYPE ? 'vc' : 'vp');
  return typeof read === 'string' ? read : { ...read, disclosures };
}

function subjectFrame(subject: unknown): { _sd: string[] } {
  return { _sd: Object.keys(subject as object).filter((name) => !SHOWN_OF_SUBJECT.has(name)) };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
