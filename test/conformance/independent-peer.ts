// An issuer, holder and verifier that shares nothing with ours: Digital Bazaar's libraries with their own keys.

import * as bbs from '@digitalbazaar/bbs-2023-cryptosuite';
import { from as fromBls, generateBbsKeyPair } from '@digitalbazaar/bls12-381-multikey';
import { contexts as credentialsContexts } from '@digitalbazaar/credentials-context';
import { DataIntegrityProof, type LibraryCryptosuite, type LibrarySigner } from '@digitalbazaar/data-integrity';
import { contexts as dataIntegrityContexts } from '@digitalbazaar/data-integrity-context';
import { driver } from '@digitalbazaar/did-method-key';
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as Ecdsa from '@digitalbazaar/ecdsa-multikey';
import { cryptosuite as ecdsaRdfc } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as sd from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as Ed25519 from '@digitalbazaar/ed25519-multikey';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import { cryptosuite as eddsaRdfc } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import { type DocumentLoader, derive, verifyCredential } from '@digitalbazaar/vc';
import type { Json, Secured } from './conforming-service.ts';

type Kind = 'Ed25519' | 'P-256' | 'P-384' | 'Bls12381G2';
type Change = (proof: Json) => Json;

const dids = driver();
dids.use({ multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519.from });
dids.use({ multibaseMultikeyHeader: 'zDna', fromMultibase: Ecdsa.from });
dids.use({ multibaseMultikeyHeader: 'z82L', fromMultibase: Ecdsa.from });
dids.use({ multibaseMultikeyHeader: 'zUC7', fromMultibase: fromBls });
dids.use({ multibaseMultikeyHeader: 'zUC6', fromMultibase: fromBls });

const contexts = new Map([
  ...credentialsContexts,
  ...dataIntegrityContexts,
  [
    'https://www.w3.org/ns/credentials/examples/v2',
    { '@context': { '@vocab': 'https://www.w3.org/ns/credentials/examples#' } },
  ],
]);

const documentLoader: DocumentLoader = async (url) => {
  const document = url.startsWith('did:key:') ? await dids.get({ did: url }) : contexts.get(url);
  if (document === undefined) throw new Error(`no document ${url}`);
  return { contextUrl: null, documentUrl: url, document };
};

export const cryptosuites: Record<
  string,
  {
    sign(pointers: string[]): LibraryCryptosuite;
    verify: LibraryCryptosuite;
    disclose?(p: string[]): LibraryCryptosuite;
  }
> = {
  'eddsa-rdfc-2022': { sign: () => eddsaRdfc as LibraryCryptosuite, verify: eddsaRdfc as LibraryCryptosuite },
  'eddsa-jcs-2022': { sign: () => eddsaJcs.createSignCryptosuite(), verify: eddsaJcs.createVerifyCryptosuite() },
  'ecdsa-rdfc-2019': { sign: () => ecdsaRdfc, verify: ecdsaRdfc },
  'ecdsa-jcs-2019': { sign: () => ecdsaJcs.createSignCryptosuite(), verify: ecdsaJcs.createVerifyCryptosuite() },
  'ecdsa-sd-2023': {
    sign: (mandatoryPointers) => sd.createSignCryptosuite({ mandatoryPointers }),
    verify: sd.createVerifyCryptosuite(),
    disclose: (selectivePointers) => sd.createDiscloseCryptosuite({ selectivePointers }),
  },
  'bbs-2023': {
    sign: (mandatoryPointers) => bbs.createSignCryptosuite({ mandatoryPointers }),
    verify: bbs.createVerifyCryptosuite(),
    disclose: (selectivePointers) => bbs.createDiscloseCryptosuite({ selectivePointers }),
  },
};

function suiteOf(name: string) {
  const found = cryptosuites[name];
  if (found === undefined) throw new Error(`no cryptosuite ${name}`);
  return found;
}

async function newKey(kind: Kind): Promise<{ publicKeyMultibase: string; signer(): LibrarySigner }> {
  if (kind === 'Ed25519') return Ed25519.generate();
  if (kind === 'Bls12381G2') {
    const seed = crypto.getRandomValues(new Uint8Array(32));
    return generateBbsKeyPair({ algorithm: 'BBS-BLS12-381-SHA-256', seed }) as never;
  }
  return Ecdsa.generate({ curve: kind });
}

export type Peer = Awaited<ReturnType<typeof independentIssuer>>;

/** An issuer known by the did:key of a key of its own. */
export async function independentIssuer(cryptosuite: string, kind: Kind) {
  const key = await newKey(kind);
  const did = `did:key:${key.publicKeyMultibase}`;
  const signer = { ...key.signer(), id: `${did}#${key.publicKeyMultibase}` };

  /**
   * The proof over a document: right but for what `change` does to its members before it is signed, and `disturb` to the
   * library's suite.
   */
  async function prove(
    document: Json,
    change: Change = (proof) => proof,
    { pointers = [], disturb = () => {} }: { pointers?: string[]; disturb?: (suite: DataIntegrityProof) => void } = {},
  ): Promise<Secured['proof']> {
    const suite = new DataIntegrityProof({ signer, cryptosuite: suiteOf(cryptosuite).sign(pointers) });
    disturb(suite);
    const purpose = { update: async (proof: Json) => change({ ...proof, proofPurpose: 'assertionMethod' }) };
    return (await suite.createProof({
      document: structuredClone(document),
      purpose,
      proofSet: [],
      documentLoader,
    })) as Secured['proof'];
  }

  return {
    did,
    methodId: signer.id,
    prove,
    issue: async (credential: Json, ...how: [Change?, Parameters<typeof prove>[2]?]): Promise<Secured> => {
      const document = { ...credential, issuer: did };
      return { ...document, proof: await prove(document, ...how) };
    },
  };
}

/** What a holder shows of a credential. */
export async function disclose(credential: Secured, selectivePointers: string[]): Promise<Secured> {
  const make = suiteOf(String(credential.proof.cryptosuite)).disclose;
  if (make === undefined) throw new Error('discloses all or nothing');
  const suite = new DataIntegrityProof({ cryptosuite: make(selectivePointers) });
  return (await derive({ verifiableCredential: structuredClone(credential), suite, documentLoader })) as Secured;
}

/** Whether the libraries take the credential. */
export async function isAcceptedByPeer(credential: Secured): Promise<boolean> {
  const suite = new DataIntegrityProof({ cryptosuite: suiteOf(String(credential.proof.cryptosuite)).verify });
  const { verified } = await verifyCredential({ credential: structuredClone(credential), suite, documentLoader });
  return verified;
}

/** The verification method and the controller's document that a DID URL leads to. */
export async function dereference(url: string): Promise<{ method: Json; controller: Json }> {
  const { document: method } = await documentLoader(url);
  const { document: controller } = await documentLoader(String((method as Json).controller));
  return { method: method as Json, controller: controller as Json };
}
