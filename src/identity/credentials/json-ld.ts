// JSON-LD for credentials: the contexts that are bundled, and the canonical form of a document over them.
// Nothing is ever fetched: a context that is not here does not exist.
import { contexts as credentialsContexts } from '@digitalbazaar/credentials-context';
import { contexts as dataIntegrityContexts } from '@digitalbazaar/data-integrity-context';
import { cryptosuite as rdfc } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import type { DocumentLoader } from '@digitalbazaar/vc';
import { type Canonize, createCompiledForms, type Statements } from './compiled-form.ts';
import type { CanonicalDigest } from './compiled-form-template.ts';
import { jsonLdContext } from './credential-metadata.ts';
import { credentialTypes } from './credential-types.ts';

const PROOF_TYPE = 'DataIntegrityProof';

/** The context of the specification's examples: every term it does not know is one of its vocabulary. */
const EXAMPLES_CONTEXT = 'https://www.w3.org/ns/credentials/examples/v2';
const examplesContext = { '@context': { '@vocab': 'https://www.w3.org/ns/credentials/examples#' } };

export interface JsonLd {
  /** By address. */
  contexts: ReadonlyMap<string, object>;
  /** Gives the bundled contexts, throws for every other address. */
  loadDocument: DocumentLoader;
  canonize: Canonize;
  /** Of documents whose shape is compiled, null for others. */
  statements: Statements;
  /** Takes notice of a document that is not compiled yet. */
  learn(document: object, digest: CanonicalDigest): Promise<void>;
}

/** Where Naru's own context is served. */
export function naruContextUrl(publicUrl: string): string {
  return `${publicUrl}/contexts/v1`;
}

/** @param publicUrl no slash at the end */
export function createJsonLd(publicUrl: string): JsonLd {
  const contexts = new Map<string, object>([
    ...credentialsContexts,
    ...dataIntegrityContexts,
    [EXAMPLES_CONTEXT, examplesContext],
    [naruContextUrl(publicUrl), jsonLdContext(credentialTypes)],
  ]);

  const loadDocument: DocumentLoader = async (url) => {
    const document = contexts.get(url);
    if (document === undefined) throw new Error('only bundled contexts are loaded');
    // `static` lets the library process a context once and keep it.
    return { contextUrl: null, documentUrl: url, document, tag: 'static' };
  };

  const registered = new Set<unknown>([PROOF_TYPE, ...credentialTypes.map(({ w3cName }) => w3cName)]);
  const forms = createCompiledForms({
    canonize: (document, digest) =>
      rdfc.canonize(document, {
        documentLoader: loadDocument,
        messageDigestAlgorithm: digest === 'sha256' ? 'SHA-256' : 'SHA-384',
      }),
    contexts,
    compiles: (types) => types.some((type) => registered.has(type)),
  });
  const { canonicalForm, statements, learn } = forms;
  return { contexts, loadDocument, canonize: canonicalForm, statements, learn };
}
