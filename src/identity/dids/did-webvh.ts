// Makes did:webvh 1.0 logs and their next entries, with keys that stay with their owner. Runs in browsers.
// Source: did:webvh method specification 1.0, sections 3.6 and 3.7.
import { createDID, MultibaseEncoding, multibaseEncode, prepareDataForSigning } from 'didwebvh-ts';
import { problem } from '../../platform/problem.ts';
import {
  asVerifier,
  type Ed25519Signer,
  type Ed25519Verify,
  ed25519Multikey,
  signedEntry,
  webCryptoVerify,
} from './did-entry.ts';
import { type DidDocument, type DidLog, type DidLogEntry, type WitnessRule, witnessRule } from './did-log.ts';
import { verifyDidLog } from './verify-did-log.ts';

export const DID_CONTEXT = ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'];

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

/**
 * Makes a DID and the first entry of its log.
 *
 * @param options.domain `didDomain(…)`
 * @param options.path segments after the domain, none for the domain's own DID
 * @param options.document everything of the DID document but its id; `{DID}` stands for the DID
 * @param options.created ISO 8601, UTC, whole seconds
 * @param options.nextKeyHashes `updateKeyHash` of each key that may sign the next entry; none: any update key signs on
 * @param options.witness who must approve each entry, by `did:key`
 */
export async function createDidLog(
  options: {
    domain: string;
    path: string[];
    signer: Ed25519Signer;
    document: Omit<DidDocument, 'id'>;
    created: string;
    nextKeyHashes?: string[];
    witness?: WitnessRule;
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
    nextKeyHashes: options.nextKeyHashes ?? [],
    witness: options.witness ?? {},
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
 * @param options.nextKeyHashes `updateKeyHash` of the device's next key and of the recovery key
 */
export function createPersonDidLog(
  options: {
    domain: string;
    pathPrefix: string;
    id: string;
    signer: Ed25519Signer;
    nextKeyHashes?: string[];
    witness?: WitnessRule;
    created: string;
  },
  verify?: Ed25519Verify,
): Promise<{ did: string; log: DidLog }> {
  const { domain, pathPrefix, id, ...rest } = options;
  const document = { '@context': DID_CONTEXT, ...keysOnly('{DID}', 1, options.signer.publicKey) };
  return createDidLog({ ...rest, domain, path: [pathPrefix, id], document }, verify);
}

function keysOnly(did: string, version: number, publicKey: Uint8Array): Omit<DidDocument, 'id'> {
  const id = `${did}#key-${version}`;
  return {
    verificationMethod: [{ id, type: 'Multikey', controller: did, publicKeyMultibase: ed25519Multikey(publicKey) }],
    authentication: [id],
    assertionMethod: [id],
  };
}

/**
 * The log with one more entry, which makes `signer` the only update key and `documentKey` the document's only key,
 * `#key-N`. A recovery is the same, with the recovery key as `signer`.
 *
 * @param change.signer holds a key that the newest entry promised; where it promised none, an update key
 * @param change.nextKeyHashes `updateKeyHash` of each key that may sign the entry after
 * @param change.created ISO 8601, UTC, whole seconds; a second after the newest entry where that is later
 * @throws DID_LOG_INVALID where the log goes wrong before or through the new entry
 */
export async function rotateDidLog(change: Rotation, verify?: Ed25519Verify): Promise<DidLog> {
  const { log, signer, documentKey, nextKeyHashes } = change;
  const { state } = newest(log);
  const parameters = { updateKeys: [ed25519Multikey(signer.publicKey)], nextKeyHashes };
  const document = { ...state, ...keysOnly(state.id, log.length + 1, documentKey) };
  return extendedLog(change, [{ parameters, state: document }], verify);
}

/**
 * The log with its end: one entry, or two where keys are promised, because the first must end the promise before the
 * second can leave no key. Source: did:webvh 1.0, 3.6.4.
 *
 * @param change as for `rotateDidLog`
 * @throws DID_LOG_INVALID
 */
export async function deactivateDidLog(change: LogChange, verify?: Ed25519Verify): Promise<DidLog> {
  const { log, signer } = change;
  const { state } = newest(log);
  const promised = log.findLast(({ parameters }) => parameters.nextKeyHashes !== undefined)?.parameters.nextKeyHashes;
  const updateKeys = [ed25519Multikey(signer.publicKey)];
  const end = { parameters: { updateKeys: [], deactivated: true }, state };
  const more = promised?.length ? [{ parameters: { updateKeys, nextKeyHashes: [] }, state }, end] : [end];
  return extendedLog(change, more, verify);
}

/**
 * The log with one more entry that changes the document and nothing else.
 *
 * @param change.signer holds an update key; keys that were promised are for `rotateDidLog`
 * @param change.document the whole document, with its DID
 * @throws DID_LOG_INVALID
 */
export async function changeDidDocument(
  change: LogChange & { document: DidDocument; updateKeys?: string[] },
  verify?: Ed25519Verify,
): Promise<DidLog> {
  const { document, updateKeys } = change;
  return extendedLog(change, [{ parameters: updateKeys ? { updateKeys } : {}, state: { ...document } }], verify);
}

interface LogChange {
  log: DidLog;
  signer: Ed25519Signer;
  created: string;
  /** Of the log as it is, where it has witnesses; those of the new entries come after them. */
  witnessProofs?: unknown;
}

interface Rotation extends LogChange {
  documentKey: Uint8Array;
  nextKeyHashes: string[];
}

type EntryContent = Pick<DidLogEntry, 'parameters' | 'state'>;

async function extendedLog(change: LogChange, more: EntryContent[], verify?: Ed25519Verify): Promise<DidLog> {
  const { log, signer, created, witnessProofs } = change;
  const longer = [...log];
  // The last of several is of `created`, so that none is of a time still to come.
  const first_ms = Date.parse(created) - (more.length - 1) * 1000;
  for (const [index, content] of more.entries()) {
    const { versionId, versionTime } = newest(longer);
    const time_ms = Math.max(first_ms + index * 1000, Date.parse(versionTime) + 1000);
    const unsigned = { versionId, versionTime: `${new Date(time_ms).toISOString().slice(0, 19)}Z`, ...content };
    longer.push(await signedEntry(unsigned, longer.length + 1, signer));
  }
  // Witnesses have not seen the new entries yet, so that a witnessed log can be checked as it was only.
  const isWitnessed = log.some(({ parameters }) => witnessRule(parameters) !== null);
  await verifyDidLog(isWitnessed ? log : longer, { verify, witnessProofs });
  return longer;
}

function newest(log: DidLog): DidLogEntry {
  const last = log.at(-1);
  if (last === undefined) throw problem('DID_LOG_INVALID', 'The DID log has no entries.');
  return last;
}

/** The path segment of a new person's DID, from at least 16 random bytes. */
export function personId(randomBytes: Uint8Array): string {
  return Array.from(randomBytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
