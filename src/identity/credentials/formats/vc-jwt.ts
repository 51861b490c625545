// VC 2.0 credentials as JWTs: the credential is the payload, nothing is wrapped around it.
// Source: Securing Verifiable Credentials using JOSE and COSE, 3.1.1.
import { signWith } from '../../trust/signing-key.ts';
import { writeJws } from '../../written-jws.ts';
import type { EnvelopeFormat } from '../credential-format.ts';
import { ES256_KEYS, envelopeOf } from '../vc-envelope.ts';
import { VC_JWT_TYPE } from '../vc-token.ts';

export const vcJwt: EnvelopeFormat = {
  ...envelopeOf(VC_JWT_TYPE, 'jwt_vc_json-ld'),
  ...ES256_KEYS,
  envelope: async (credential, key, { jsonLd }) => {
    // A JWT would hold any JSON; what a context does not define is refused here as it is under a proof.
    await jsonLd.canonize(credential, 'sha256');
    const header = { alg: 'ES256', typ: VC_JWT_TYPE, cty: 'vc', kid: key.jwkMethodId };
    return writeJws(header, credential, (message) => signWith(key, message));
  },
};
