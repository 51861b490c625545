// Base proofs of ecdsa-sd-2023 on synchronous cryptography, where the statements of a shape are known; the library makes
// the others, and is asked about every shape until it has agreed often enough.
// Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.5.2 to 3.5.5 and 3.5.7.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createSignCryptosuite } from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import { encode } from 'cborg';
import { type SigningKey, signWith } from '../trust/signing-key.ts';
import { createGrouping, type Grouping } from './compiled-grouping.ts';
import type { FormatTools, Proof, ProofOptions } from './credential-format.ts';
import type { JsonLd } from './json-ld.ts';

const HMAC_KEY_bytes = 32;
/** Tag of a base proof. Source: 3.5.2. */
const BASE_PROOF = Uint8Array.of(0xd9, 0x5d, 0x00);
/** Multicodec prefix of a P-256 public key. */
const P256_PREFIX = Uint8Array.of(0x80, 0x24);

const groupings = new WeakMap<JsonLd, Grouping>();

/** The base proof; null where the library has to make it. */
export async function compiledBaseProof(
  document: Record<string, unknown>,
  options: ProofOptions,
  key: SigningKey,
  { jsonLd, randomBytes }: FormatTools,
  pointers: readonly string[],
): Promise<Proof | null> {
  const grouping = groupings.get(jsonLd) ?? createGrouping(jsonLd);
  groupings.set(jsonLd, grouping);
  const hmacKey = randomBytes(HMAC_KEY_bytes);
  const groups = grouping.group(document, pointers, hmacKey);
  if (groups === null) {
    await learn(document, options, jsonLd, grouping, pointers);
    return null;
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const statementKey = multikeyBytes(publicKey);
  const canonicalOptions = await jsonLd.canonize({ '@context': document['@context'], ...options }, 'sha256');
  const signed = [createHash('sha256').update(canonicalOptions).digest(), statementKey, groups.mandatoryHash];
  const baseSignature = await signWith(key, new Uint8Array(Buffer.concat(signed)));
  const signatures = groups.nonMandatory.map(
    (text) => new Uint8Array(sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  );
  const components = encode([baseSignature, statementKey, hmacKey, signatures, pointers]);
  return { ...options, proofValue: `u${Buffer.concat([BASE_PROOF, components]).toString('base64url')}` };
}

/** Asks the library about a shape that is compiled. */
async function learn(
  document: Record<string, unknown>,
  options: ProofOptions,
  jsonLd: JsonLd,
  grouping: Grouping,
  pointers: readonly string[],
): Promise<void> {
  await jsonLd.learn(document, 'sha256');
  if (jsonLd.statements(document, 'sha256', (label) => label) === null) return;
  const cryptosuite = createSignCryptosuite({ mandatoryPointers: pointers });
  const answer = await cryptosuite.createVerifyData({
    ...{ cryptosuite, document, proof: options, documentLoader: jsonLd.loadDocument },
  });
  grouping.learn(document, pointers, answer);
}

/** With its prefix, the point compressed. Source: Controlled Identifiers 1.0, 2.2.2. */
function multikeyBytes(publicKey: KeyObject): Uint8Array {
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-64);
  const odd = (point[63] ?? 0) % 2;
  return Uint8Array.of(...P256_PREFIX, 2 + odd, ...point.subarray(0, 32));
}
