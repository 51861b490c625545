// BBS with selective disclosure: what the holder shows twice cannot be told to come from one credential by its proofs.
// Source: VC Data Integrity BBS Cryptosuites 1.0, section 3.
import {
  createDiscloseCryptosuite,
  createSignCryptosuite,
  createVerifyCryptosuite,
} from '@digitalbazaar/bbs-2023-cryptosuite';
import { ALGORITHMS } from '@digitalbazaar/bls12-381-multikey';
import { signWith } from '../../trust/signing-key.ts';
import type { ProofFormat } from '../credential-format.ts';
import { disclosingProofs, TYPE_POINTERS } from '../disclosing-proof.ts';
import { ldpVc } from '../ldp-vc.ts';

export const bbs2023: ProofFormat = {
  ...ldpVc('bbs-2023', ['Bls12381G2']),
  mandatoryPointers: TYPE_POINTERS,
  ...disclosingProofs({
    signer: (key) => ({
      id: key.methodId,
      algorithm: ALGORITHMS.BBS_BLS12381_SHA256,
      publicKey: key.keys.bls12381.publicKey,
      multisign: key.keys.bls12381.multisign,
      sign: async ({ data }) => signWith(key, data),
    }),
    createSignCryptosuite,
    createDiscloseCryptosuite,
    createVerifyCryptosuite,
    fits: ({ kind }) => kind === 'Bls12381G2',
  }),
};
