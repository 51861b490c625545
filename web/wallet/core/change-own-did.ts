// Changes of the wallet's DID: signed and stored here first, then sent, and taken for done only when the service has them.

import { type Ed25519Signer, updateKeyHash, webCryptoSigner } from '../../../src/identity/dids/did-entry.ts';
import { type DidLog, didLogText, parseDidLogText } from '../../../src/identity/dids/did-log.ts';
import { deactivateDidLog, rotateDidLog } from '../../../src/identity/dids/did-webvh.ts';
import type { CityService } from './city-service.ts';
import { fetchServedLog, personIdOf, sameLog } from './served-log.ts';
import type { WalletOptions } from './wallet.ts';
import { makeKey, publicKeyOf } from './wallet-keys.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { PendingChange, StoredDid, StoredKey, WalletStore } from './wallet-store.ts';

const ownId = 'own';

/** ISO 8601, UTC, whole seconds: the form of a log's `versionTime`, which must rise with every entry. */
export function logTime(at_ms: number, log: DidLog = []): string {
  const last = log.at(-1);
  const after_ms = last === undefined ? at_ms : Math.max(at_ms, Date.parse(last.versionTime) + 1_000);
  return `${new Date(after_ms).toISOString().slice(0, 19)}Z`;
}

/** The wallet's DID while it may still be changed. Throws DID_MISSING, DID_ENDED. */
export async function livingDid(store: WalletStore): Promise<StoredDid> {
  const own = await store.get('dids', ownId);
  if (own === undefined) throw new WalletRefusal('DID_MISSING');
  if (own.ended !== undefined) throw new WalletRefusal('DID_ENDED');
  return own;
}

export async function signerOf(store: WalletStore, keyId: string): Promise<Ed25519Signer> {
  const key = await store.get('keys', keyId);
  if (key === undefined) throw new WalletRefusal('DID_KEY_MISSING');
  return webCryptoSigner({ privateKey: key.privateKey, publicKey: await publicKeyOf(key) });
}

/**
 * Puts the next key in use and promises a new one. A wallet that never promised a key first does that, and from then on
 * changes its key at every rotation.
 *
 * @throws DID_MISSING, DID_ENDED, DID_CHANGED_ELSEWHERE, ISSUER_REFUSED, SERVICE_AWAY
 */
export async function rotateDid(service: CityService, options: WalletOptions): Promise<StoredDid> {
  const { store } = options;
  const own = await withoutPending(service, options);
  const used = own.next_key_id ?? own.update_key_id;
  const signer = await signerOf(store, used);
  const next = await storedKey(store);
  const promised = [updateKeyHash(next.publicKey)];
  if (own.recovery_key_hash !== undefined) promised.push(own.recovery_key_hash);
  const before = parseDidLogText(own.log);
  const log = await rotateDidLog({
    log: before,
    signer,
    documentKey: signer.publicKey,
    nextKeyHashes: promised,
    created: logTime(options.now_ms(), before),
  });
  return sendChange(
    own,
    { kind: 'rotate', log: didLogText(log), update_key_id: used, next_key_id: next.id },
    service,
    options,
  );
}

/**
 * Ends the DID for good. `erase` also has the service delete its log, so that only a meaningless hash remains.
 *
 * @throws DID_MISSING, DID_ENDED, DID_CHANGED_ELSEWHERE, ISSUER_REFUSED, SERVICE_AWAY
 */
export async function endDid(
  kind: 'deactivate' | 'erase',
  service: CityService,
  options: WalletOptions,
): Promise<StoredDid> {
  const own = await withoutPending(service, options, kind === 'erase');
  const { update_key_id, next_key_id = null } = own;
  const before = parseDidLogText(own.log);
  const log =
    own.ended === undefined
      ? await deactivateDidLog({
          log: before,
          signer: await signerOf(options.store, next_key_id ?? update_key_id),
          created: logTime(options.now_ms(), before),
        })
      : before;
  return sendChange(own, { kind, log: didLogText(log), update_key_id, next_key_id }, service, options);
}

/** Stores the change with its keys already stored, then sends it. `before`: what is put back when it is refused. */
export async function sendChange(
  own: StoredDid,
  sending: PendingChange,
  service: CityService,
  options: WalletOptions,
  before: StoredDid | null = own,
): Promise<StoredDid> {
  const { store } = options;
  await store.put('dids', { ...own, sending });
  const answer = await transmit(own, sending, service);
  if (answer.ok) return settled(own, sending, options);
  const code = await codeOf(answer);
  // A refusal of what the service already has is the answer to a first sending that was lost on the way back.
  const served = await fetchServedLog(service, personIdOf(own.did));
  if (isTaken(sending, served)) return settled(own, sending, options);
  if (answer.status >= 500 || answer.status === 429) throw new WalletRefusal('SERVICE_AWAY', code);
  for (const id of [sending.update_key_id, sending.next_key_id]) {
    if (id !== null && ![before?.update_key_id, before?.next_key_id].includes(id)) await store.delete('keys', id);
  }
  if (before === null) await store.delete('dids', ownId);
  else await store.put('dids', before);
  const stale = code === 'DID_LOG_STALE' || code === 'DID_DEACTIVATED' || code === 'DID_ERASED';
  throw new WalletRefusal(stale ? 'DID_CHANGED_ELSEWHERE' : 'ISSUER_REFUSED', code);
}

/** Looks whether a change that was sent before was taken, and sends it again when it was not. */
export async function finishPending(own: StoredDid, service: CityService, options: WalletOptions): Promise<StoredDid> {
  const { sending, ...before } = own;
  if (sending === undefined) return own;
  const served = await fetchServedLog(service, personIdOf(own.did));
  if (served.state === 'away') throw new WalletRefusal('SERVICE_AWAY');
  if (isTaken(sending, served)) return settled(own, sending, options);
  // What was there before a first entry, or before a recovery, is not this DID: nothing to put back.
  const replaces = sending.kind === 'register' || sending.kind === 'recover';
  return sendChange(before, sending, service, options, replaces ? null : before);
}

async function withoutPending(service: CityService, options: WalletOptions, mayHaveEnded = false): Promise<StoredDid> {
  const own = await options.store.get('dids', ownId);
  if (own === undefined) throw new WalletRefusal('DID_MISSING');
  const finished = await finishPending(own, service, options);
  if (finished.ended !== undefined && !(mayHaveEnded && finished.ended.how === 'deactivated')) {
    throw new WalletRefusal('DID_ENDED');
  }
  return finished;
}

function isTaken(sending: PendingChange, served: Awaited<ReturnType<typeof fetchServedLog>>): boolean {
  if (sending.kind === 'erase') return served.state === 'erased';
  return served.state === 'log' && sameLog(served.verified, sending.log);
}

/** The change is done: its keys are the DID's, and those it replaced are deleted. */
async function settled(
  own: StoredDid,
  { kind, log, update_key_id, next_key_id }: PendingChange,
  { store, now_ms }: WalletOptions,
): Promise<StoredDid> {
  const { sending: _done, next_key_id: _next, ...kept } = own;
  const ends = kind === 'deactivate' || kind === 'erase';
  const done: StoredDid = {
    ...kept,
    log: kind === 'erase' ? '' : log,
    update_key_id,
    ...(next_key_id === null ? {} : { next_key_id }),
    ...(ends ? { ended: { how: kind === 'erase' ? 'erased' : 'deactivated', at_ms: now_ms() } } : {}),
  };
  if (ends) delete done.words;
  await store.put('dids', done);
  const inUse = ends ? [] : [update_key_id, next_key_id];
  for (const key of await store.list('keys')) {
    if (key.purpose === 'did-update' && !inUse.includes(key.id)) await store.delete('keys', key.id);
  }
  return done;
}

function transmit(own: StoredDid, { kind, log }: PendingChange, service: CityService): Promise<Response> {
  const entries: DidLog = parseDidLogText(log);
  const known = kind === 'register' ? 0 : parseDidLogText(own.log).length;
  const place = `${service.url}/people/${personIdOf(own.did)}/did.jsonl`;
  return service.fetch(kind === 'register' ? `${service.url}/dids` : place, {
    method: kind === 'erase' ? 'DELETE' : 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(entries.slice(known)),
  });
}

async function codeOf(answer: Response): Promise<string> {
  try {
    const { code } = (await answer.json()) as { code?: unknown };
    return typeof code === 'string' ? code : `HTTP ${answer.status}`;
  } catch {
    return `HTTP ${answer.status}`;
  }
}

async function rawPublicKey(publicKey: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
}

/** Makes a key and stores it before anything promises it. */
export async function storedKey(store: WalletStore): Promise<{ id: string; publicKey: Uint8Array }> {
  const { publicKey, ...key } = await makeKey('EdDSA');
  await store.put('keys', key satisfies StoredKey);
  return { id: key.id, publicKey: await rawPublicKey(publicKey) };
}
