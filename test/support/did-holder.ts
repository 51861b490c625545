// A person who owns a DID: keys that never leave, entries that they sign.

import { MultibaseEncoding, multibaseEncode, prepareDataForSigning } from 'didwebvh-ts';
import {
  type Ed25519Signer,
  ed25519Multikey,
  updateKeyHash,
  webCryptoSigner,
} from '../../src/identity/dids/did-entry.ts';
import type { DidLog, WitnessRule } from '../../src/identity/dids/did-log.ts';
import { createPersonDidLog, deactivateDidLog, personId, rotateDidLog } from '../../src/identity/dids/did-webvh.ts';
import type { WitnessProofs } from '../../src/identity/dids/did-witness.ts';

export const CREATED = '2026-01-15T02:00:00Z';

export async function newSigner(): Promise<Ed25519Signer> {
  return webCryptoSigner((await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair);
}

export interface DidHolder {
  did: string;
  id: string;
  log: DidLog;
  /** What the newest entry promised, beside the recovery key. */
  next: Ed25519Signer;
  recovery: Ed25519Signer;
}

/** A person with a log of one entry, which promises the device's next key and the recovery key. */
export async function newHolder({
  domain = 'localhost%3A8080',
  pathPrefix = 'people',
  id = personId(crypto.getRandomValues(new Uint8Array(16))),
  created = CREATED,
  witness,
}: {
  domain?: string;
  pathPrefix?: string;
  id?: string;
  created?: string;
  witness?: WitnessRule;
} = {}): Promise<DidHolder> {
  const [signer, next, recovery] = await Promise.all([newSigner(), newSigner(), newSigner()]);
  const nextKeyHashes = [next, recovery].map(({ publicKey }) => updateKeyHash(publicKey));
  const options = { domain, pathPrefix, id, signer, nextKeyHashes, created, ...(witness && { witness }) };
  const { did, log } = await createPersonDidLog(options);
  return { did, id, log, next, recovery };
}

/** The holder after one more entry, signed by the promised device key; `by` another key, which then becomes the device's. */
export async function rotated(
  holder: DidHolder,
  {
    by = holder.next,
    created = CREATED,
    ...more
  }: { by?: Ed25519Signer; created?: string; witnessProofs?: unknown } = {},
): Promise<DidHolder> {
  const next = await newSigner();
  const nextKeyHashes = [next, holder.recovery].map(({ publicKey }) => updateKeyHash(publicKey));
  const { log } = holder;
  return {
    ...holder,
    next,
    log: await rotateDidLog({ log, signer: by, documentKey: by.publicKey, nextKeyHashes, created, ...more }),
  };
}

export async function ended(holder: DidHolder): Promise<DidHolder> {
  return { ...holder, log: await deactivateDidLog({ log: holder.log, signer: holder.next, created: CREATED }) };
}

export interface Witness {
  did: string;
  approve(versionId: string): Promise<WitnessProofs[number]>;
}

export async function newWitness(): Promise<Witness> {
  const signer = await newSigner();
  const key = ed25519Multikey(signer.publicKey);
  return {
    did: `did:key:${key}`,
    approve: async (versionId) => {
      const proof = {
        type: 'DataIntegrityProof',
        cryptosuite: 'eddsa-jcs-2022',
        verificationMethod: `did:key:${key}#${key}`,
        created: CREATED,
        proofPurpose: 'assertionMethod',
      } as const;
      const signature = await signer.sign(await prepareDataForSigning({ versionId }, proof));
      return { versionId, proof: [{ ...proof, proofValue: multibaseEncode(signature, MultibaseEncoding.BASE58_BTC) }] };
    },
  };
}
