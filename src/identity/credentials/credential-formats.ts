// The one list of credential formats. A new format is a file in formats/ and a line here.
import { problem } from '../../platform/problem.ts';
import type { SigningKeyKind } from '../trust/signing-key.ts';
import type { CredentialFormat, ProofFormat, W3cFormat } from './credential-format.ts';
import { bbs2023 } from './formats/bbs-2023.ts';
import { dcSdJwt } from './formats/dc-sd-jwt.ts';
import { ecdsaJcs2019 } from './formats/ecdsa-jcs-2019.ts';
import { ecdsaRdfc2019 } from './formats/ecdsa-rdfc-2019.ts';
import { ecdsaSd2023 } from './formats/ecdsa-sd-2023.ts';
import { eddsaJcs2022 } from './formats/eddsa-jcs-2022.ts';
import { eddsaRdfc2022 } from './formats/eddsa-rdfc-2022.ts';
import { msoMdoc } from './formats/mso-mdoc.ts';
import { vcJwt } from './formats/vc-jwt.ts';
import { vcSdJwt } from './formats/vc-sd-jwt.ts';

/** By preference. */
const w3cFormats: readonly W3cFormat[] = [
  eddsaRdfc2022,
  ecdsaRdfc2019,
  bbs2023,
  eddsaJcs2022,
  ecdsaJcs2019,
  ecdsaSd2023,
  vcJwt,
  vcSdJwt,
];

/** Names of the cryptosuites with which W3C credentials are secured and presentations proved here. */
export const proofSuites: readonly string[] = w3cFormats.flatMap(({ id, by }) => (by === 'proof' ? [id] : []));

export const credentialFormats: readonly CredentialFormat[] = [dcSdJwt, ...w3cFormats, msoMdoc];

/** @throws CREDENTIAL_FORMAT_UNKNOWN */
export function credentialFormat(id: string): CredentialFormat {
  const found = credentialFormats.find((format) => format.id === id);
  if (found === undefined) {
    const known = credentialFormats.map((format) => format.id).join(', ');
    throw problem('CREDENTIAL_FORMAT_UNKNOWN', `There is no credential format of that name; the formats are ${known}.`);
  }
  return found;
}

/** What a W3C credential is secured with where nobody chose: the first format that has such a key, null for any key. */
export function formatForKey(kind: SigningKeyKind | null): W3cFormat {
  return w3cFormats.find(({ keyKinds }) => kind === null || keyKinds.includes(kind)) ?? eddsaRdfc2022;
}

/** The format of a cryptosuite; null where it is none of those known here. */
export function proofFormat(cryptosuite: string): ProofFormat | null {
  const found = credentialFormats.find((format) => format.id === cryptosuite);
  return found?.secures === 'w3c' && found.by === 'proof' ? found : null;
}
