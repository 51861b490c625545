// ECDSA over canonical JSON: P-256 with SHA-256, P-384 with SHA-384.
// Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.3.
import type { ProofFormat } from '../credential-format.ts';
import { hashedProofs, jcs } from '../hashed-proof.ts';
import { ldpVc } from '../ldp-vc.ts';

export const ecdsaJcs2019: ProofFormat = {
  ...ldpVc('ecdsa-jcs-2019', ['P-256', 'P-384']),
  ...hashedProofs(['P-256', 'P-384'], jcs),
};
