// Replaces the issuer's keys and takes stolen ones out, each as an entry of its DID log; running services hear of it.
import type { Clock } from '../../platform/clock.ts';
import type { Pool, Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { DidDocument, DidLog } from '../dids/did-log.ts';
import { type DidService, nodeVerify, seconds } from '../dids/did-service.ts';
import { fragmentsOfKey, newestDocument, revokedIssuerDidLog, rotatedIssuerDidLog } from '../dids/issuer-did.ts';
import { certificateRequest } from './certificate-request.ts';
import type { KeyService } from './held-key.ts';
import type { Issuer, IssuerKeyGeneration, IssuerKeyRing } from './issuer-keys.ts';
import { addIssuerKeys, forgetIssuerKeysBefore, openIssuerKeys } from './issuer-keys-store.ts';
import { credentialsSignedWith, insertRevokedKeys, notifyIssuerKeys, revokedKeys } from './revoked-key-store.ts';

export interface ChangeIssuerKeysOptions {
  pool: Pool;
  clock: Clock;
  dids: Pick<DidService, 'changeIssuer'>;
  keyFile: string;
  passphrase: string;
  /** Holds the private halves of keys that are made from now on, where it can; the file does where absent. */
  keyService?: KeyService | null;
  /** No slash at the end. */
  publicUrl: string;
}

export interface ListedKey {
  /** Fragment of its verification method. */
  key: string;
  /** `signs`: the newest generation. `verifies`: an earlier one. `revoked`: listed no more. */
  state: 'signs' | 'verifies' | 'revoked';
  revoked_at: string | null;
  reason: string | null;
}

export function createChangeIssuerKeysService(options: ChangeIssuerKeysOptions) {
  const { pool, clock, dids, keyFile, passphrase, keyService = null, publicUrl } = options;
  const openRing = () => openIssuerKeys(keyFile, passphrase, keyService);

  /**
   * Makes new keys, which sign from now on. The public halves of the old ones stay in the document; their secret halves are
   * taken out of the file once the log says so.
   *
   * @throws SETTING_INVALID, START_FAILED, DID_LOG_INVALID
   */
  async function rotateIssuerKeys(): Promise<Issuer> {
    const issuer = await change([], (current) => rotation(current, []));
    await forgetIssuerKeysBefore(keyFile, passphrase, issuer.generation);
    return issuer;
  }

  /**
   * Takes a key out of the document, for good: what it signed is refused from now on. Where it signs now, the keys are
   * rotated in the same entry.
   *
   * @param key fragment of its verification method; of a key with two methods either
   * @returns who issues now, and the fragments that were taken out
   * @throws NOT_FOUND where the document lists no such key, and what `rotateIssuerKeys` throws
   */
  async function revokeIssuerKey(
    key: string,
    { reason, actor }: { reason: string; actor: string },
  ): Promise<{ issuer: Issuer; revoked: string[] }> {
    const revoked = fragmentsOfKey(key);
    const issuer = await change(revoked, async (current) => {
      const listed = methodFragments(newestDocument(current.log));
      if (!revoked.some((fragment) => listed.includes(fragment))) {
        throw problem('NOT_FOUND', `The issuer's document lists no key ${key}; \`naru issuer-keys list\` shows them.`);
      }
      await insertRevokedKeys(current.transaction, revoked, { reason, actor, revokedAt_ms: clock.now_ms() });
      const signsNow = generationOf(key) === current.issuer.generation;
      const { log, issuer: signer } = current;
      return signsNow
        ? rotation(current, revoked)
        : revokedIssuerDidLog({ log, issuer: signer, revoked, created: seconds(clock.now_ms()) }, nodeVerify);
    });
    await forgetIssuerKeysBefore(keyFile, passphrase, issuer.generation);
    return { issuer, revoked };
  }

  async function rotation({ log, issuer }: Current, revoked: readonly string[]): Promise<DidLog> {
    const next = await nextKeys(issuer);
    return rotatedIssuerDidLog({ log, issuer, next, revoked, created: seconds(clock.now_ms()) }, nodeVerify);
  }

  /** In the file before the log names them: a crash in between leaves keys that nobody uses, and that the next takes up. */
  async function nextKeys(issuer: Issuer): Promise<IssuerKeyGeneration> {
    const { generations } = await addIssuerKeys(keyFile, passphrase, issuer.generation, keyService);
    const next = generations.find(({ number }) => number > issuer.generation);
    if (next === undefined) throw problem('START_FAILED', `${keyFile} holds no new keys.`);
    return next;
  }

  /**
   * A request for a certificate, PKCS #10 in PEM.
   *
   * @param of `next`: of the key that the next rotation takes up; it is made where it is not there yet
   * @throws START_FAILED, SETTING_INVALID
   */
  async function requestCertificate(of: 'current' | 'next'): Promise<string> {
    const issuer = await currentIssuer();
    const { p256 } = of === 'current' ? issuer.keys : (await nextKeys(issuer)).keys;
    return certificateRequest({ did: issuer.did, publicUrl, key: p256 });
  }

  async function change(revoked: readonly string[], extend: (current: Current) => Promise<DidLog>): Promise<Issuer> {
    await dids.changeIssuer(await openRing(), async (log, issuer, transaction) => {
      const longer = await extend({ log, issuer, transaction });
      await notifyIssuerKeys(transaction, revoked);
      return longer;
    });
    return currentIssuer();
  }

  /** @throws START_FAILED, SETTING_INVALID */
  async function currentIssuer(ring?: IssuerKeyRing): Promise<Issuer> {
    return dids.changeIssuer(ring ?? (await openRing()), async () => null);
  }

  async function listIssuerKeys(): Promise<ListedKey[]> {
    let listed: string[] = [];
    const issuer = await dids.changeIssuer(await openRing(), async (log) => {
      listed = methodFragments(newestDocument(log));
      return null;
    });
    const known: ListedKey[] = listed.map((key) => ({
      ...{ key, revoked_at: null, reason: null },
      state: generationOf(key) === issuer.generation ? 'signs' : 'verifies',
    }));
    const gone = (await revokedKeys(pool)).map(({ fragment, reason, revoked_at }) => ({
      ...{ key: fragment, state: 'revoked' as const, reason },
      revoked_at: revoked_at.toISOString(),
    }));
    return [...known, ...gone];
  }

  return {
    rotateIssuerKeys,
    revokeIssuerKey,
    currentIssuer,
    requestCertificate,
    listIssuerKeys,
    /**
     * Ids of credentials that were signed with a key and are not revoked: to be issued anew where the key was stolen.
     *
     * @param key fragment, as for `revokeIssuerKey`
     */
    listAffected: (key: string, after: string | null, limit: number) =>
      credentialsSignedWith(pool, fragmentsOfKey(key), after, limit),
  };
}

interface Current {
  log: DidLog;
  issuer: Issuer;
  transaction: Transaction;
}

function methodFragments({ verificationMethod }: DidDocument): string[] {
  return (verificationMethod ?? []).map(({ id }) => id.slice(id.indexOf('#') + 1));
}

function generationOf(fragment: string): number {
  return Number(/-(\d+)$/.exec(fragment)?.[1] ?? 1);
}
