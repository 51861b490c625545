// The wallet's own did:webvh: made here with keys that stay here, and registered with the service; found again by words.
import { updateKeyHash } from '../../../src/identity/dids/did-entry.ts';
import { didLogText, parseDidLogText } from '../../../src/identity/dids/did-log.ts';
import { createPersonDidLog, rotateDidLog } from '../../../src/identity/dids/did-webvh.ts';
import { finishPending, livingDid, logTime, sendChange, signerOf, storedKey } from './change-own-did.ts';
import type { CityService } from './city-service.ts';
import {
  makeRecoveryWords,
  openSealedWords,
  readRecoveryWords,
  recoveryOf,
  sealWords,
  type WordsLanguage,
} from './recovery-words.ts';
import { fetchServedLog, personIdOf } from './served-log.ts';
import type { WalletOptions } from './wallet.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { StoredDid, WalletStore } from './wallet-store.ts';

/** How many of the words a person gives back to show that all are written down. */
export const answersAsked = 3;

/**
 * The wallet's DID, made and registered when there is none yet; one that has ended stays as it is.
 *
 * @param language of the recovery words of a new one
 * @throws ISSUER_REFUSED, SERVICE_AWAY
 */
export async function ensureDid(
  language: WordsLanguage,
  service: CityService,
  options: WalletOptions,
): Promise<StoredDid> {
  const existing = await options.store.get('dids', 'own');
  if (existing === undefined) return makeDid(language, service, options);
  return existing.sending?.kind === 'register' ? finishPending(existing, service, options) : existing;
}

/** Makes a new DID in place of one that has ended. Throws DID_STILL_LIVES, ISSUER_REFUSED, SERVICE_AWAY. */
export async function beginAnew(
  language: WordsLanguage,
  service: CityService,
  options: WalletOptions,
): Promise<StoredDid> {
  const existing = await options.store.get('dids', 'own');
  if (existing !== undefined && existing.ended === undefined) throw new WalletRefusal('DID_STILL_LIVES');
  return makeDid(language, service, options, existing ?? null);
}

async function makeDid(
  language: WordsLanguage,
  service: CityService,
  options: WalletOptions,
  before: StoredDid | null = null,
): Promise<StoredDid> {
  const { store, now_ms } = options;
  const { domain, path_prefix } = await placeForDids(service);
  const words = await makeRecoveryWords(language);
  const recovery = await recoveryOf(words);
  const recovery_key_hash = updateKeyHash(recovery.signer.publicKey);
  const [key, next] = [await storedKey(store), await storedKey(store)];
  const { did, log } = await createPersonDidLog({
    domain,
    pathPrefix: path_prefix,
    id: recovery.personId,
    signer: await signerOf(store, key.id),
    nextKeyHashes: [updateKeyHash(next.publicKey), recovery_key_hash],
    created: logTime(now_ms()),
  });
  const own: StoredDid = {
    id: 'own',
    did,
    update_key_id: key.id,
    next_key_id: next.id,
    recovery_key_hash,
    words: await sealWords(words),
    log: didLogText(log),
    created_at_ms: now_ms(),
  };
  const sending = { kind: 'register', log: own.log, update_key_id: key.id, next_key_id: next.id } as const;
  return sendChange(own, sending, service, options, before);
}

async function placeForDids(service: CityService): Promise<{ domain: string; path_prefix: string }> {
  const configuration = await service.fetch(`${service.url}/dids/configuration`);
  if (!configuration.ok) throw new WalletRefusal('SERVICE_AWAY', 'no place for DIDs');
  return (await configuration.json()) as { domain: string; path_prefix: string };
}

/**
 * Takes the DID over with its recovery words: a new entry, signed by the recovery key, puts this device's keys in.
 * Whoever held it before can write no more. A DID that this wallet had until now gives way.
 *
 * @throws RECOVERY_WORDS_COUNT, RECOVERY_WORD_UNKNOWN, RECOVERY_WORDS_WRONG, RECOVERY_NOT_FOUND, RECOVERY_ENDED,
 * RECOVERY_NOT_PROMISED, ISSUER_REFUSED, SERVICE_AWAY
 */
export async function recoverDid(typed: string, service: CityService, options: WalletOptions): Promise<StoredDid> {
  const { store, now_ms } = options;
  const recovery = await recoveryOf(await readRecoveryWords(typed));
  const served = await fetchServedLog(service, recovery.personId);
  if (served.state === 'away') throw new WalletRefusal('SERVICE_AWAY');
  if (served.state === 'erased') throw new WalletRefusal('RECOVERY_ENDED');
  if (served.state !== 'log') throw new WalletRefusal('RECOVERY_NOT_FOUND');
  const { verified, text } = served;
  if (verified.deactivated) throw new WalletRefusal('RECOVERY_ENDED');
  const recovery_key_hash = updateKeyHash(recovery.signer.publicKey);
  const entries = parseDidLogText(text);
  const promised = entries.findLast(({ parameters }) => parameters.nextKeyHashes !== undefined)?.parameters;
  if (personIdOf(verified.did) !== recovery.personId || !promised?.nextKeyHashes?.includes(recovery_key_hash)) {
    throw new WalletRefusal('RECOVERY_NOT_PROMISED');
  }
  const before = (await store.get('dids', 'own')) ?? null;
  const [key, next] = [await storedKey(store), await storedKey(store)];
  const log = await rotateDidLog({
    log: entries,
    signer: recovery.signer,
    documentKey: key.publicKey,
    nextKeyHashes: [updateKeyHash(next.publicKey), recovery_key_hash],
    created: logTime(now_ms(), entries),
  });
  const own: StoredDid = {
    id: 'own',
    did: verified.did,
    update_key_id: key.id,
    next_key_id: next.id,
    recovery_key_hash,
    log: didLogText(entries),
    created_at_ms: Date.parse(verified.created),
  };
  const sending = { kind: 'recover', log: didLogText(log), update_key_id: key.id, next_key_id: next.id } as const;
  return sendChange(own, sending, service, options, before);
}

const sameForm = (word: string): string => word.trim().toLowerCase().normalize('NFC');

/** The recovery words while they still wait to be written down; null afterwards, because they are not kept. */
export async function waitingWords(store: WalletStore): Promise<string[] | null> {
  const { words } = await livingDid(store);
  return words === undefined ? null : openSealedWords(words);
}

/**
 * The person has the words on paper, as three of them show, and they are deleted here.
 *
 * @param answers a word by its place, counted from 1
 * @throws RECOVERY_ANSWERS_WRONG with the places that are wrong
 */
export async function confirmWords(answers: Record<number, string>, store: WalletStore): Promise<void> {
  const { words, ...own } = await livingDid(store);
  if (words === undefined) return;
  const right = await openSealedWords(words);
  const given = Object.entries(answers);
  const wrong = given.filter(([place, answer]) => right[Number(place) - 1] !== sameForm(answer));
  if (given.length < answersAsked) throw new WalletRefusal('RECOVERY_ANSWERS_WRONG', String(given.length));
  if (wrong.length > 0) throw new WalletRefusal('RECOVERY_ANSWERS_WRONG', wrong.map(([place]) => place).join(', '));
  await store.put('dids', own);
}
