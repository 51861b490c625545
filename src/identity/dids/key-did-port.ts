// Resolves did:key through its library, for the keys that credentials are signed with. Source: did:key method v0.9.
import { ECDH } from 'node:crypto';
import { driver, type MultibaseKey } from '@digitalbazaar/did-method-key';
import { type DidOptions, type DidResolution, refusal } from './did-resolution.ts';
import { x25519Of } from './key-agreement-key.ts';
import { encodeMultikey, type MultikeyKind, readMultikey } from './multikey.ts';

/** First characters of the multibase text of a key of the kind; a key on BLS12-381's G2 has one of two. */
const headers = ['z6Mk', 'zDna', 'z82L', 'zUC7', 'zUC6', 'zQ3s'] as const;
const curves: Partial<Record<MultikeyKind, { name: string; crv: string }>> = {
  'P-256': { name: 'prime256v1', crv: 'P-256' },
  'P-384': { name: 'secp384r1', crv: 'P-384' },
  secp256k1: { name: 'secp256k1', crv: 'secp256k1' },
};
const MULTIKEY = 'Multikey';

const library = driver();
for (const multibaseMultikeyHeader of headers) {
  library.use({ multibaseMultikeyHeader, fromMultibase: async (key) => multikey(key) });
}

/** The key pair interface that the library asks for, of a public key alone. */
function multikey({ publicKeyMultibase }: MultibaseKey): object {
  const key = { '@context': 'https://w3id.org/security/multikey/v1', type: MULTIKEY, id: '', controller: '' };
  return Object.assign(key, {
    publicKeyMultibase,
    export: async () => ({ id: key.id, type: key.type, controller: key.controller, publicKeyMultibase }),
  });
}

interface KeyDocument extends Record<string, unknown> {
  id: string;
  verificationMethod: Method[];
  keyAgreement?: unknown[];
}
type Method = Record<string, unknown> & { id: string; publicKeyMultibase?: string };

/** Formats of keys that are no experiment, and the kinds each can hold. */
const formats: Record<string, { context: string; holds: (kind: MultikeyKind) => boolean }> = {
  [MULTIKEY]: { context: 'https://w3id.org/security/multikey/v1', holds: () => true },
  JsonWebKey2020: {
    context: 'https://w3id.org/security/suites/jws-2020/v1',
    holds: (kind) => kind !== 'Bls12381G2',
  },
  Ed25519VerificationKey2020: {
    context: 'https://w3id.org/security/suites/ed25519-2020/v1',
    holds: (kind) => kind === 'Ed25519',
  },
  X25519KeyAgreementKey2020: {
    context: 'https://w3id.org/security/suites/x25519-2020/v1',
    holds: (kind) => kind === 'X25519',
  },
};
/** Known, but only for who asks for experiments, and none of them is made here. */
const experiments = ['Ed25519VerificationKey2018', 'X25519KeyAgreementKey2019', 'EcdsaSecp256k1VerificationKey2019'];

export async function resolveKeyDid(did: string, options: DidOptions = {}): Promise<DidResolution> {
  const text = did.slice('did:key:'.length);
  if (text.includes(':')) return refusal('INVALID_DID', 'A did:key is resolved without a version in front of its key.');
  const key = readMultikey(text);
  if (key === 'encoding') return refusal('INVALID_DID', 'A did:key is its key in base58btc, with a z in front.');
  if (key === 'length') return refusal('INVALID_PUBLIC_KEY_LENGTH', 'The key in the did:key has a wrong length.');
  if (key === 'kind' || key.kind === 'X25519') {
    return refusal(
      'UNSUPPORTED_PUBLIC_KEY_TYPE',
      'The did:key holds no Ed25519, P-256, P-384, BLS12-381 or secp256k1 key.',
    );
  }
  if (!isPoint(key)) return refusal('INVALID_PUBLIC_KEY', 'The key in the did:key is no point of its curve.');

  const { publicKeyFormat = MULTIKEY } = options;
  if (experiments.includes(publicKeyFormat)) {
    return refusal(
      'INVALID_PUBLIC_KEY_TYPE',
      'Keys are given as Multikey, JsonWebKey2020 or Ed25519VerificationKey2020.',
    );
  }
  const format = Object.hasOwn(formats, publicKeyFormat) ? formats[publicKeyFormat] : undefined;
  if (format === undefined) return refusal('UNSUPPORTED_PUBLIC_KEY_TYPE', 'No such format of keys is known here.');
  if (!format.holds(key.kind)) {
    return refusal('INVALID_PUBLIC_KEY_TYPE', 'That format of keys does not hold a key of this kind.');
  }
  try {
    const document = (await library.get({ did })) as KeyDocument;
    if (document.id !== did) return refusal('INVALID_DID', 'The did:key is not written as its key is.');
    return { error: null, document: formatted(withAgreement(document, key, options), publicKeyFormat), metadata: {} };
  } catch {
    return refusal('INVALID_DID', 'The did:key is not written as its key is.');
  }
}

function isPoint({ kind, bytes }: { kind: MultikeyKind; bytes: Uint8Array }): boolean {
  const curve = curves[kind];
  return curve === undefined || uncompressed(bytes, curve.name) !== null;
}

function uncompressed(bytes: Uint8Array, curve: string): Buffer | null {
  try {
    return ECDH.convertKey(bytes, curve, undefined, undefined, 'uncompressed') as Buffer;
  } catch {
    return null;
  }
}

/** With the key for encryption that can be worked out from an Ed25519 key, where it is asked for. */
function withAgreement(
  document: KeyDocument,
  { kind, bytes }: { kind: MultikeyKind; bytes: Uint8Array },
  { enableEncryptionKeyDerivation }: DidOptions,
): KeyDocument {
  if (enableEncryptionKeyDerivation !== true || kind !== 'Ed25519') return document;
  const publicKeyMultibase = encodeMultikey('X25519', x25519Of(bytes));
  const id = `${document.id}#${publicKeyMultibase}`;
  return { ...document, keyAgreement: [{ id, type: MULTIKEY, controller: document.id, publicKeyMultibase }] };
}

function formatted(document: KeyDocument, format: string): KeyDocument {
  if (format === MULTIKEY) return document;
  const { keyAgreement } = document;
  return {
    ...document,
    '@context': [[document['@context']].flat()[0], formats[format]?.context],
    verificationMethod: document.verificationMethod.map((method) => inFormat(method, format)),
    ...(keyAgreement && { keyAgreement: keyAgreement.map((method) => inFormat(method as Method, format)) }),
  };
}

function inFormat(method: Method, format: string): Method {
  if (format !== 'JsonWebKey2020') return { ...method, type: format };
  const { publicKeyMultibase = '', ...rest } = method;
  return { ...rest, type: format, publicKeyJwk: jwkOf(publicKeyMultibase) };
}

function jwkOf(publicKeyMultibase: string): object {
  const key = readMultikey(publicKeyMultibase);
  if (typeof key === 'string') throw new TypeError('not a Multikey');
  const curve = curves[key.kind];
  const part = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  if (curve === undefined) return { kty: 'OKP', crv: key.kind, x: part(key.bytes) };
  const point = uncompressed(key.bytes, curve.name);
  if (point === null) throw new TypeError('not a point');
  const half = (point.length - 1) / 2;
  return { kty: 'EC', crv: curve.crv, x: part(point.subarray(1, 1 + half)), y: part(point.subarray(1 + half)) };
}
