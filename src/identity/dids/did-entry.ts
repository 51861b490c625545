// What a did:webvh entry is made of: keys as multikeys, hashes, signatures. Runs in browsers.
// Source: did:webvh method specification 1.0, sections 3.7.3 to 3.7.6.
import { sha256 } from '@noble/hashes/sha2.js';
import { MultibaseEncoding, multibaseDecode, multibaseEncode, prepareDataForSigning } from 'didwebvh-ts';
import type { DidLogEntry } from './did-log.ts';
import { encodeMultikey } from './multikey.ts';

/** Signs with a key it doesn't show: in a wallet, a CryptoKey that can't be extracted. */
export interface Ed25519Signer {
  /** 32 bytes. */
  publicKey: Uint8Array;
  /** @returns 64 bytes */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

export type Ed25519Verify = (
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
) => boolean | Promise<boolean>;

const ED25519_MULTICODEC = [0xed, 0x01];
const SHA2_256_MULTIHASH = [0x12, 0x20];
const SHA256_bytes = 32;
/** Multikey text of an Ed25519 public key, `z6Mk…`. */
export function ed25519Multikey(publicKey: Uint8Array): string {
  return encodeMultikey('Ed25519', publicKey);
}

/** The item of `nextKeyHashes` that promises a key: of its multikey text. Source: did:webvh 1.0, 3.7.6. */
export function updateKeyHash(publicKey: Uint8Array): string {
  return multihashText(sha256(new TextEncoder().encode(ed25519Multikey(publicKey))));
}

/** A signer over a WebCrypto key pair whose private half may be unextractable. */
export async function webCryptoSigner(pair: { privateKey: CryptoKey; publicKey: CryptoKey }): Promise<Ed25519Signer> {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return {
    publicKey,
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, new Uint8Array(message))),
  };
}

export const webCryptoVerify: Ed25519Verify = async (signature, message, publicKey) => {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message));
};

/** @param entry with the versionId of the one before it */
export async function signedEntry(
  entry: Omit<DidLogEntry, 'proof'>,
  version: number,
  signer: Ed25519Signer,
): Promise<DidLogEntry> {
  const document = { ...entry, versionId: `${version}-${await entryHash(entry)}` };
  const updateKey = ed25519Multikey(signer.publicKey);
  const proof = {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    verificationMethod: `did:key:${updateKey}#${updateKey}`,
    created: entry.versionTime,
    proofPurpose: 'assertionMethod',
  } as const;
  const signature = await signer.sign(await prepareDataForSigning(document, proof));
  return { ...document, proof: [{ ...proof, proofValue: multibaseEncode(signature, MultibaseEncoding.BASE58_BTC) }] };
}

/** base58btc of the SHA-256 multihash of an entry's JCS form without its proof. Source: did:webvh 1.0, 3.7.4. */
export async function entryHash({ proof: _proof, ...entry }: Partial<DidLogEntry>): Promise<string> {
  // What is signed is SHA-256(JCS(proof options)) ‖ SHA-256(JCS(document)): the second half is the hash wanted here.
  const hashes: Uint8Array = await prepareDataForSigning(entry, {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    verificationMethod: '',
    created: '',
    proofPurpose: 'assertionMethod',
  });
  return multihashText(hashes.slice(SHA256_bytes));
}

function multihashText(sha256Hash: Uint8Array): string {
  return multibaseEncode(Uint8Array.of(...SHA2_256_MULTIHASH, ...sha256Hash), MultibaseEncoding.BASE58_BTC).slice(1);
}

export async function isSigned(
  document: { versionId: string },
  { proofValue, ...proof }: DidLogEntry['proof'][number],
  verify: Ed25519Verify,
): Promise<boolean> {
  try {
    const multikey = proof.verificationMethod.slice(proof.verificationMethod.indexOf('#') + 1);
    const key: Uint8Array = multibaseDecode(multikey).bytes;
    const signature: Uint8Array = multibaseDecode(proofValue).bytes;
    const message = await prepareDataForSigning(document, proof);
    return await verify(signature, message, key.slice(ED25519_MULTICODEC.length));
  } catch {
    return false;
  }
}

/** As the library takes it. */
export function asVerifier(verify: Ed25519Verify) {
  return {
    verify: async (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) =>
      verify(signature, message, publicKey),
  };
}
