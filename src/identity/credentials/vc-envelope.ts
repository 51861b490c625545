// What the formats that wrap a W3C credential in a token have in common. Source: OpenID4VCI 1.0, A.1.
import type { EnvelopeFormat } from './credential-format.ts';
import { credentialDefinition } from './w3c-credential.ts';

export const ES256_KEYS = { signingAlgorithms: ['ES256'], keyKinds: ['P-256'] } as const;

/** @param type the token's `typ`, which also names the format and ends its media type */
export function envelopeOf(
  type: string,
  openidFormat: string,
): Omit<EnvelopeFormat, 'envelope' | 'signingAlgorithms' | 'keyKinds'> {
  return {
    ...{ id: type, secures: 'w3c', by: 'envelope', openidFormat, mediaType: `application/${type}` },
    typeConfiguration: (credentialType, publicUrl) => ({
      credential_definition: credentialDefinition(credentialType, publicUrl),
    }),
    claimPath: (_type, claim) => ['credentialSubject', claim],
  };
}
