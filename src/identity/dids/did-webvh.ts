// did:webvh 1.0 logs: a first entry made with a key that stays with its owner, and the check of a log. Runs in browsers.
// Source: did:webvh method specification 1.0, sections 3.6 and 3.7.
import { createDID, MultibaseEncoding, multibaseEncode, prepareDataForSigning, resolveDIDFromLog } from 'didwebvh-ts';
import { problem } from '../../platform/problem.ts';
import { type DidDocument, type DidLog, type DidLogEntry, readDidLog } from './did-log.ts';

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

export interface VerifiedDidLog {
  did: string;
  /** Without the placeholders, with the method's implicit services; null once deactivated. */
  document: DidDocument | null;
  versionId: string;
  /** The hash in the last entry's versionId, as UTF-8: what the anchor's value is made of. */
  entryHash: Uint8Array;
  created: string;
  updated: string;
  deactivated: boolean;
  versions: { versionId: string; versionTime: string }[];
}

/** What the library answers; its own types can't be read under Node's module rules. */
interface Resolved {
  did: string;
  doc: DidDocument | null;
  meta: { deactivated: boolean };
}

const ED25519_MULTICODEC = [0xed, 0x01];
const SHA2_256_MULTIHASH = [0x12, 0x20];
const SHA256_bytes = 32;
export const DID_CONTEXT = ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'];

/** Multikey text of an Ed25519 public key, `z6Mk…`. */
export function ed25519Multikey(publicKey: Uint8Array): string {
  return multibaseEncode(Uint8Array.of(...ED25519_MULTICODEC, ...publicKey), MultibaseEncoding.BASE58_BTC);
}

/**
 * The domain part of DIDs that live at `publicUrl`: `localhost%3A8080`.
 *
 * @throws SETTING_INVALID for an address of numbers, which the method doesn't have
 */
export function didDomain(publicUrl: string): string {
  const { host, hostname } = new URL(publicUrl);
  if (/^(\[|[\d.]+$)/.test(hostname)) {
    throw problem('SETTING_INVALID', `The public URL ${publicUrl} must have a host name: DIDs live under names.`);
  }
  return host.replace(':', '%3A');
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

const webCryptoVerify: Ed25519Verify = async (signature, message, publicKey) => {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message));
};

/**
 * Makes a DID and the first entry of its log.
 *
 * @param options.domain `didDomain(…)`
 * @param options.path segments after the domain, none for the domain's own DID
 * @param options.document everything of the DID document but its id; `{DID}` stands for the DID
 * @param options.created ISO 8601, UTC, whole seconds
 */
export async function createDidLog(
  options: {
    domain: string;
    path: string[];
    signer: Ed25519Signer;
    document: Omit<DidDocument, 'id'>;
    created: string;
  },
  verify: Ed25519Verify = webCryptoVerify,
): Promise<{ did: string; log: DidLog }> {
  const { signer } = options;
  const updateKey = ed25519Multikey(signer.publicKey);
  const { did, log }: { did: string; log: DidLog } = await createDID({
    domain: options.domain,
    paths: options.path,
    updateKeys: [updateKey],
    didDocument: placed({ id: '{DID}', ...options.document }, options),
    created: options.created,
    signer: {
      getVerificationMethodId: () => `did:key:${updateKey}#${updateKey}`,
      sign: async ({ document, proof }: { document: unknown; proof: unknown }) => ({
        proofValue: multibaseEncode(
          await signer.sign(await prepareDataForSigning(document, proof)),
          MultibaseEncoding.BASE58_BTC,
        ),
      }),
    },
    verifier: asVerifier(verify),
  });
  return { did, log };
}

/** The SCID is the hash of the document with `{SCID}` in place of it, so `{DID}` must be written out before. */
function placed(document: DidDocument, { domain, path }: { domain: string; path: string[] }): DidDocument {
  const did = ['did:webvh:{SCID}', domain, ...path].join(':');
  return JSON.parse(JSON.stringify(document).replaceAll('{DID}', did));
}

/**
 * Makes a person's DID: `did:webvh:{scid}:{domain}:people:{id}`, whose document holds one key and nothing else.
 *
 * @param options.id random, so that it says nothing: `personId`
 */
export function createPersonDidLog(
  options: { domain: string; pathPrefix: string; id: string; signer: Ed25519Signer; created: string },
  verify?: Ed25519Verify,
): Promise<{ did: string; log: DidLog }> {
  const keyId = '{DID}#key-1';
  return createDidLog(
    {
      domain: options.domain,
      path: [options.pathPrefix, options.id],
      signer: options.signer,
      created: options.created,
      document: {
        '@context': DID_CONTEXT,
        verificationMethod: [
          {
            id: keyId,
            type: 'Multikey',
            controller: '{DID}',
            publicKeyMultibase: ed25519Multikey(options.signer.publicKey),
          },
        ],
        authentication: [keyId],
        assertionMethod: [keyId],
      },
    },
    verify,
  );
}

/** The path segment of a new person's DID, from at least 16 random bytes. */
export function personId(randomBytes: Uint8Array): string {
  return Array.from(randomBytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Checks a log from its first entry to its last: form, SCID, hash chain, proofs by authorised keys.
 *
 * @throws DID_LOG_INVALID
 */
export async function verifyDidLog(log: unknown, verify: Ed25519Verify = webCryptoVerify): Promise<VerifiedDidLog> {
  const entries = readDidLog(log);
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) throw problem('DID_LOG_INVALID', 'The DID log has no entries.');
  const resolved = await resolve(entries, verify);
  // The library checks that later entries chain to the first one's versionId, but not that this one is its hash.
  if (first.versionId !== `1-${await firstEntryHash(first)}`) {
    throw problem('DID_LOG_INVALID', 'The versionId of the first entry is not its hash.');
  }
  return {
    did: resolved.did,
    document: resolved.doc,
    versionId: last.versionId,
    entryHash: new TextEncoder().encode(last.versionId.slice(last.versionId.indexOf('-') + 1)),
    created: first.versionTime,
    updated: last.versionTime,
    deactivated: resolved.meta.deactivated,
    versions: entries.map(({ versionId, versionTime }) => ({ versionId, versionTime })),
  };
}

async function resolve(log: DidLog, verify: Ed25519Verify): Promise<Resolved> {
  try {
    return await resolveDIDFromLog(log, { verifier: asVerifier(verify), witnessProofs: [] });
  } catch {
    throw problem('DID_LOG_INVALID', 'An entry of the DID log does not fit its SCID, its hash or its proof.');
  }
}

/** base58btc of the SHA-256 multihash of the entry's JCS form, with the SCID as versionId and no proof. */
async function firstEntryHash({ proof: _proof, ...entry }: DidLogEntry): Promise<string> {
  const document = { ...entry, versionId: entry.parameters.scid ?? '' };
  // What is signed is SHA-256(JCS(proof options)) ‖ SHA-256(JCS(document)): the second half is the hash wanted here.
  const hashes: Uint8Array = await prepareDataForSigning(document, {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    verificationMethod: '',
    created: '',
    proofPurpose: 'assertionMethod',
  });
  const multihash = Uint8Array.of(...SHA2_256_MULTIHASH, ...hashes.slice(SHA256_bytes));
  return multibaseEncode(multihash, MultibaseEncoding.BASE58_BTC).slice(1);
}

function asVerifier(verify: Ed25519Verify) {
  return {
    verify: async (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) =>
      verify(signature, message, publicKey),
  };
}
