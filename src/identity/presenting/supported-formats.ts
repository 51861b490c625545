// What a request says the verifier takes, of the formats it asks for. Source: OpenID4VP 1.0, B.1.3, B.2.2 and B.3.4.
import { SignatureAlgorithm } from '@owf/mdoc';
import { proofSuites } from '../credentials/credential-formats.ts';
import { signatureAlgorithms } from '../credentials/jose-header.ts';
import { protocolAlgorithm } from '../openid-callbacks.ts';
import type { AskedFormat, Wanted } from './presentation-request.ts';

export type SupportedFormats = ReturnType<typeof supportedFormats>;

export function supportedFormats({ credentials }: Pick<Wanted, 'credentials'>) {
  const asks = (wanted: AskedFormat) => credentials.some(({ format = 'dc+sd-jwt' }) => format === wanted);
  return {
    ...(asks('dc+sd-jwt')
      ? {
          'dc+sd-jwt': {
            'sd-jwt_alg_values': [protocolAlgorithm] as [string],
            'kb-jwt_alg_values': [protocolAlgorithm] as [string],
          },
        }
      : {}),
    ...(asks('ldp_vc')
      ? {
          ldp_vc: {
            proof_type_values: ['DataIntegrityProof'] as [string],
            cryptosuite_values: nonEmpty(proofSuites),
          },
        }
      : {}),
    ...(asks('mso_mdoc')
      ? {
          mso_mdoc: {
            issuerauth_alg_values: [SignatureAlgorithm.ES256] as [number],
            deviceauth_alg_values: [SignatureAlgorithm.ES256, SignatureAlgorithm.EdDSA] as [number, number],
          },
        }
      : {}),
    ...(asks('jwt_vc_json') ? { jwt_vc_json: { alg_values: nonEmpty(signatureAlgorithms) } } : {}),
  };
}

function nonEmpty(values: readonly string[]): [string, ...string[]] {
  const [first = '', ...others] = values;
  return [first, ...others];
}
