// The proofs that sign two hashes, of the proof's own members and of the document: all suites but those that disclose
// selectively. Each brings its transformation to bytes, which is the whole difference between them.
// Source: VC Data Integrity EdDSA Cryptosuites 1.0, 3.2 and 3.3; VC Data Integrity ECDSA Cryptosuites 1.0, 3.2 and 3.3.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { createSignCryptosuite } from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import type { MultikeyKind } from '../dids/multikey.ts';
import { signWith } from '../trust/signing-key.ts';
import type { CanonicalDigest } from './compiled-form-template.ts';
import type { Proof, ProofFormat, ProofOptions, VerificationKey } from './credential-format.ts';
import type { JsonLd } from './json-ld.ts';
import { decodeSignature, encodeSignature } from './proof-value.ts';

interface Transformation {
  /** Members that a new proof over the document has beside its options. */
  members(document: Record<string, unknown>): Partial<ProofOptions>;
  /** The text of both that is hashed. */
  texts(
    input: { document: Record<string, unknown>; options: ProofOptions },
    digest: CanonicalDigest,
    jsonLd: JsonLd,
  ): Promise<{ document: string; options: string }>;
}

/** SubjectPublicKeyInfo up to the key's bytes. Source: RFC 8410, 4; RFC 5480, 2; the points are compressed. */
const spkiPrefix: Partial<Record<MultikeyKind, string>> = {
  Ed25519: '302a300506032b6570032100',
  'P-256': '3039301306072a8648ce3d020106082a8648ce3d030107032200',
  'P-384': '3046301006072a8648ce3d020106052b81040022033200',
};
const signature_bytes = { Ed25519: 64, 'P-256': 64, 'P-384': 96 } as const;
type HashedKind = keyof typeof signature_bytes;

/**
 * @param kinds of keys the suite has
 * @param transformation rdfc or jcs, below
 */
export function hashedProofs(
  kinds: readonly HashedKind[],
  transformation: Transformation,
): Pick<ProofFormat, 'createProof' | 'verifyProof'> {
  /** Source: 3.2.4 of both: hash of the proof's members, then of the document. */
  async function hashData(
    document: Record<string, unknown>,
    options: ProofOptions,
    kind: HashedKind,
    jsonLd: JsonLd,
  ): Promise<Uint8Array> {
    // The digest follows the curve. Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.2.
    const digest = kind === 'P-384' ? 'sha384' : 'sha256';
    const text = await transformation.texts({ document, options }, digest, jsonLd);
    const hash = (of: string) => createHash(digest).update(of, 'utf8').digest();
    return new Uint8Array(Buffer.concat([hash(text.options), hash(text.document)]));
  }

  const fits = (kind: MultikeyKind): kind is HashedKind => (kinds as readonly MultikeyKind[]).includes(kind);

  return {
    async createProof(document, options, key, { jsonLd }) {
      if (!fits(key.kind)) throw new TypeError('the suite has no such key');
      const made = { ...options, ...transformation.members(document) };
      const signature = await signWith(key, await hashData(document, made, key.kind, jsonLd));
      return { ...made, proofValue: encodeSignature(signature) };
    },

    async verifyProof(document, { proofValue, ...options }: Proof, key, { jsonLd }) {
      if (!fits(key.kind)) return false;
      const signature = decodeSignature(proofValue, signature_bytes[key.kind]);
      if (signature === null) return false;
      const data = await hashData(document, options, key.kind, jsonLd);
      if (key.kind === 'Ed25519') return verify(null, data, publicKeyOf(key), signature);
      const hash = key.kind === 'P-384' ? 'sha384' : 'sha256';
      return verify(hash, data, { key: publicKeyOf(key), dsaEncoding: 'ieee-p1363' }, signature);
    },
  };
}

/** Keys kept imported, which takes as long as half a verification; the least recently used goes first. */
const KEYS_kept = 256;
const imported = new Map<string, KeyObject>();

function publicKeyOf({ kind, bytes }: VerificationKey): KeyObject {
  const spki = `${spkiPrefix[kind]}${Buffer.from(bytes).toString('hex')}`;
  const key = imported.get(spki) ?? createPublicKey({ key: Buffer.from(spki, 'hex'), format: 'der', type: 'spki' });
  imported.delete(spki);
  if (imported.size >= KEYS_kept) imported.delete(imported.keys().next().value ?? '');
  imported.set(spki, key);
  return key;
}

/** Canonical N-Quads of both; the proof's members are read with the document's contexts. Source: 3.2.3 and 3.2.5. */
export const rdfc: Transformation = {
  members: () => ({}),
  async texts({ document, options }, digest, jsonLd) {
    const [ofOptions, ofDocument] = await Promise.all([
      jsonLd.canonize({ '@context': document['@context'], ...options }, digest),
      jsonLd.canonize(document, digest),
    ]);
    return { document: ofDocument, options: ofOptions };
  },
};

const { canonize: jsonCanonize } = createSignCryptosuite();

/**
 * Canonical JSON of both (RFC 8785). A proof made here carries the document's contexts; one that carries contexts is
 * checked over a document with exactly these, which must be those the document begins with.
 * Source: VC Data Integrity EdDSA Cryptosuites 1.0, 3.3.1 and 3.3.2; VC Data Integrity ECDSA Cryptosuites 1.0, likewise.
 */
export const jcs: Transformation = {
  members: (document) => ('@context' in document ? { '@context': document['@context'] } : {}),
  async texts({ document, options }) {
    const contexts = options['@context'];
    if (contexts !== undefined && !beginsWith(document['@context'], contexts)) {
      throw new TypeError("the document does not begin with the proof's contexts");
    }
    const signed = contexts === undefined ? document : { ...document, '@context': contexts };
    const [ofOptions, ofDocument] = await Promise.all([jsonCanonize(options), jsonCanonize(signed)]);
    return { document: ofDocument, options: ofOptions };
  },
};

function beginsWith(contexts: unknown, start: unknown): boolean {
  const [all, first] = [[contexts].flat(), [start].flat()];
  return first.length <= all.length && first.every((context, index) => isDeepStrictEqual(context, all[index]));
}
