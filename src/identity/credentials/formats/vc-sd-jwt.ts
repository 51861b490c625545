// VC 2.0 credentials as SD-JWTs: every claim of a subject is disclosed on its own, everything else is shown.
// Source: Securing Verifiable Credentials using JOSE and COSE, 3.2.1; RFC 9901.
import { SDJwtInstance } from '@sd-jwt/core';
import { signWith } from '../../trust/signing-key.ts';
import type { EnvelopeFormat } from '../credential-format.ts';
import { sdJwtHasher } from '../sd-jwt-vc.ts';
import { ES256_KEYS, envelopeOf } from '../vc-envelope.ts';
import { VC_SD_JWT_TYPE } from '../vc-token.ts';

/** 128 bits. Source: RFC 9901, 9.3. */
const SALT_bytes = 16;

/** Members of a subject that a verifier must see to make sense of the rest. */
const SHOWN_OF_SUBJECT = new Set(['id', 'type', '@context']);

export const vcSdJwt: EnvelopeFormat = {
  ...envelopeOf(VC_SD_JWT_TYPE, VC_SD_JWT_TYPE),
  ...ES256_KEYS,
  envelope: async (credential, key, { jsonLd, randomBytes }) => {
    await jsonLd.canonize(credential, 'sha256');
    const instance = new SDJwtInstance<Record<string, unknown>>({
      signAlg: 'ES256',
      signer: async (data) => base64url(await signWith(key, new TextEncoder().encode(data))),
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
    const header = { typ: VC_SD_JWT_TYPE, cty: 'vc', kid: key.jwkMethodId };
    return instance.issue(credential, frame as never, { header });
  },
};

function subjectFrame(subject: unknown): { _sd: string[] } {
  return { _sd: Object.keys(subject as object).filter((name) => !SHOWN_OF_SUBJECT.has(name)) };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
