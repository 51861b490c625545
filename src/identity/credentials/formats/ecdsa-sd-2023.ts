// ECDSA with selective disclosure: the holder shows some statements, each signed for itself.
// Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.4 to 3.6.
import {
  createDiscloseCryptosuite,
  createSignCryptosuite,
  createVerifyCryptosuite,
} from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import { signWith } from '../../trust/signing-key.ts';
import type { ProofFormat } from '../credential-format.ts';
import { disclosingProofs, TYPE_POINTERS } from '../disclosing-proof.ts';
import { compiledBaseProof } from '../ecdsa-sd-base-proof.ts';
import { ldpVc } from '../ldp-vc.ts';

const byLibrary = disclosingProofs({
  signer: (key) => ({ id: key.methodId, algorithm: key.kind, sign: async ({ data }) => signWith(key, data) }),
  createSignCryptosuite,
  createDiscloseCryptosuite,
  createVerifyCryptosuite,
  fits: ({ kind }) => kind === 'P-256',
});

export const ecdsaSd2023: ProofFormat = {
  ...ldpVc('ecdsa-sd-2023', ['P-256']),
  mandatoryPointers: TYPE_POINTERS,
  ...byLibrary,
  async createProof(document, options, key, tools, secure) {
    const compiled = await compiledBaseProof(document, options, key, tools, secure.mandatoryPointers ?? []);
    return compiled ?? byLibrary.createProof(document, options, key, tools, secure);
  },
};
