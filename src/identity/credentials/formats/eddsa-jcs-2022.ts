// Ed25519 over canonical JSON.
// Source: VC Data Integrity EdDSA Cryptosuites 1.0, 3.3.
import type { ProofFormat } from '../credential-format.ts';
import { hashedProofs, jcs } from '../hashed-proof.ts';
import { ldpVc } from '../ldp-vc.ts';

export const eddsaJcs2022: ProofFormat = {
  ...ldpVc('eddsa-jcs-2022', ['Ed25519']),
  ...hashedProofs(['Ed25519'], jcs),
};
