// The peer @digitalbazaar/vc as its documentation has it, and once more with contexts that it may keep.
import { contexts as credentialsContexts } from '@digitalbazaar/credentials-context';
import * as dataIntegrity from '@digitalbazaar/data-integrity';
import { contexts as dataIntegrityContexts } from '@digitalbazaar/data-integrity-context';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import { cryptosuite as ecdsaRdfc } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as ecdsaSd from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import { cryptosuite as eddsaRdfc } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as library from '@digitalbazaar/vc';
import { jsonLdContext } from '../src/identity/credentials/credential-metadata.ts';
import { credentialTypes } from '../src/identity/credentials/credential-types.ts';
import { CONTEXTS, documentOf, ISSUER, MANDATORY } from './credential-content.ts';
import type { Contender } from './credential-rate.ts';

type Json = Record<string, unknown>;
interface Loaded {
  contextUrl: null;
  documentUrl: string;
  document: object;
  tag?: 'static';
}
const { issue, derive, verifyCredential } = library as unknown as {
  issue(options: object): Promise<Json>;
  derive(options: object): Promise<Json>;
  verifyCredential(options: object): Promise<{ verified: boolean; error?: Error }>;
};
const { DataIntegrityProof } = dataIntegrity as unknown as { DataIntegrityProof: new (options: object) => object };
const { createSignCryptosuite, createDiscloseCryptosuite, createVerifyCryptosuite } = ecdsaSd as unknown as {
  createSignCryptosuite(options: object): object;
  createDiscloseCryptosuite(options: object): object;
  createVerifyCryptosuite(): object;
};

const documents = new Map<string, object>([
  ...credentialsContexts,
  ...dataIntegrityContexts,
  [CONTEXTS[1] ?? '', jsonLdContext(credentialTypes)],
]);

function loader(tag?: 'static') {
  return async (url: string): Promise<Loaded> => {
    const document = documents.get(url);
    if (document === undefined) throw new Error(`${url} is not known`);
    return { contextUrl: null, documentUrl: url, document, ...(tag && CONTEXTS.includes(url) ? { tag } : {}) };
  };
}

interface BareSuite {
  id: string;
  issue(n: number, tag?: 'static'): Promise<Json>;
  verify(credential: Json, tag?: 'static'): Promise<void>;
}

/** eddsa-rdfc-2022, ecdsa-rdfc-2019, ecdsa-sd-2023, each with a key of its own in one DID document. */
export async function bareSuites(): Promise<BareSuite[]> {
  const [ed, ec] = await Promise.all([
    Ed25519Multikey.generate({ id: `${ISSUER}#ed`, controller: ISSUER }),
    EcdsaMultikey.generate({ id: `${ISSUER}#ec`, controller: ISSUER, curve: 'P-256' }),
  ]);
  for (const key of [ed, ec]) {
    const method = await key.export({ publicKey: true, includeContext: true });
    documents.set(String(method.id), method);
  }
  documents.set(ISSUER, {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: ISSUER,
    assertionMethod: [`${ISSUER}#ed`, `${ISSUER}#ec`],
  });
  const suites = [
    { id: 'eddsa-rdfc-2022', key: ed, signing: eddsaRdfc, verifying: eddsaRdfc },
    { id: 'ecdsa-rdfc-2019', key: ec, signing: ecdsaRdfc, verifying: ecdsaRdfc },
    {
      id: 'ecdsa-sd-2023',
      key: ec,
      signing: createSignCryptosuite({ mandatoryPointers: MANDATORY }),
      verifying: createVerifyCryptosuite(),
    },
  ];
  return suites.map(({ id, key, signing, verifying }) => ({
    id,
    issue: (n, tag) =>
      issue({
        credential: documentOf(n),
        suite: new DataIntegrityProof({ signer: key.signer(), cryptosuite: signing }),
        documentLoader: loader(tag),
      }),
    async verify(credential, tag) {
      const { verified, error } = await verifyCredential({
        credential,
        suite: new DataIntegrityProof({ cryptosuite: verifying }),
        documentLoader: loader(tag),
        checkStatus: async () => ({ verified: true }),
      });
      if (!verified) throw error;
    },
  }));
}

/** What a holder shows of an ecdsa-sd-2023 credential: two of its claims. */
export function discloseTwo(credential: Json): Promise<Json> {
  const selectivePointers = ['/credentialSubject/family_name', '/credentialSubject/age_over_19'];
  return derive({
    verifiableCredential: credential,
    suite: new DataIntegrityProof({ cryptosuite: createDiscloseCryptosuite({ selectivePointers }) }),
    documentLoader: loader('static'),
  });
}

export function bareIssuing(suites: readonly BareSuite[]): Contender[] {
  return variants(suites, (suite, tag, n) => suite.issue(n, tag));
}

/** @param shown what each suite verifies, by its id */
export function bareVerifying(suites: readonly BareSuite[], shown: ReadonlyMap<string, Json[]>): Contender[] {
  return variants(suites, (suite, tag, n) => {
    const credentials = shown.get(suite.id) ?? [];
    return suite.verify(credentials[n % credentials.length] ?? {}, tag);
  });
}

function variants(
  suites: readonly BareSuite[],
  once: (suite: BareSuite, tag: 'static' | undefined, n: number) => unknown,
): Contender[] {
  return suites.flatMap((suite) =>
    ([undefined, 'static'] as const).map((tag) => {
      let n = 0;
      return {
        id: `${tag ?? 'bare'} ${suite.id}`,
        what: `@digitalbazaar/vc ${suite.id}${tag ? ', static contexts' : ''}`,
        once: () => {
          n += 1;
          return once(suite, tag, n);
        },
      };
    }),
  );
}
