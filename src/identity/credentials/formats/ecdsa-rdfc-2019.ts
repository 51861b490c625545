// ECDSA over canonical RDF: P-256 with SHA-256, P-384 with SHA-384.
// Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.2.
import type { ProofFormat } from '../credential-format.ts';
import { hashedProofs, rdfc } from '../hashed-proof.ts';
import { ldpVc } from '../ldp-vc.ts';

export const ecdsaRdfc2019: ProofFormat = {
  ...ldpVc('ecdsa-rdfc-2019', ['P-256', 'P-384']),
  ...hashedProofs(['P-256', 'P-384'], rdfc),
};
