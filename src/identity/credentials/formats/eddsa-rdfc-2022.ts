// Ed25519 over canonical RDF.
// Source: VC Data Integrity EdDSA Cryptosuites 1.0, 3.2.
import type { ProofFormat } from '../credential-format.ts';
import { hashedProofs, rdfc } from '../hashed-proof.ts';
import { ldpVc } from '../ldp-vc.ts';

export const eddsaRdfc2022: ProofFormat = {
  ...ldpVc('eddsa-rdfc-2022', ['Ed25519']),
  ...hashedProofs(['Ed25519'], rdfc),
};
