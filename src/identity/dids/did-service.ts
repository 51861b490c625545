// Registers and resolves DIDs: the issuer's own, made at first start, and those that wallets bring.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Anchor } from '../../anchoring/anchor.ts';
import { anchorKey, institutionValue, personValue } from '../../anchoring/anchor-keys.ts';
import { enqueueChange } from '../../anchoring/outbox-store.ts';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import type { Issuer, IssuerKeyRing } from '../trust/issuer-keys.ts';
import { createChangeDidService, refuseErased, SALT_bytes } from './change-did-service.ts';
import type { Ed25519Verify } from './did-entry.ts';
import { type DidLog, didLogText, parseDidLogText, readPersonEntries } from './did-log.ts';
import {
  findDid,
  findDidByLocation,
  insertDid,
  lockInstitutionDids,
  replaceDidLog,
  type StoredDid,
} from './did-store.ts';
import { didDomain } from './did-webvh.ts';
import { readPersonWitnessProofs, type WitnessProofs } from './did-witness.ts';
import { createIssuerDidLog, issuerOf, newestDocument, updatedIssuerDidLog } from './issuer-did.ts';
import type { ResolvedDid } from './resolved-did.ts';
import { type DidVersion, type VerifiedDidLog, verifyDidLog } from './verify-did-log.ts';

const PEOPLE_PATH = 'people';

/** Verified logs kept in memory, so that a verdict doesn't verify the issuer's log each time. */
const LOGS_KEPT = 1_000;

export interface DidServiceOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  /** Where this service is reached, no slash at the end; a host name, because the method has no numeric addresses. */
  publicUrl: string;
  /** Null where the map has never held the key. */
  anchorOf: (key: Uint8Array) => Promise<Anchor | null>;
  /** What keeps anchors from the chain, or the chain from agreeing with the database; null for nothing. */
  chainTrouble?: (() => Promise<string | null>) | undefined;
}

export type DidService = ReturnType<typeof createDidService>;

export const nodeVerify: Ed25519Verify = (signature, message, publicKey) =>
  verify(null, message, ed25519PublicKey(publicKey), signature);

function ed25519PublicKey(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

export function createDidService(options: DidServiceOptions) {
  const { pool, clock, random, publicUrl, anchorOf, chainTrouble } = options;
  const domain = didDomain(publicUrl);
  /** By log. A log longer by one entry is another log, so that nothing here is ever out of date. */
  const verifiedLogs = new Map<string, Promise<VerifiedDidLog>>();
  const changes = createChangeDidService({
    pool,
    clock,
    random,
    verify: (log, witnessProofs) => verifyDidLog(log, { verify: nodeVerify, witnessProofs, now_ms: clock.now_ms() }),
  });

  function verifiedLog({ log, witnessProofs }: StoredDid): Promise<VerifiedDidLog> {
    let known = verifiedLogs.get(log);
    if (known === undefined) {
      const options = { verify: nodeVerify, witnessProofs: witnessProofs ?? [] };
      known = Promise.resolve().then(() => verifyDidLog(parseDidLogText(log), options));
      if (verifiedLogs.size >= LOGS_KEPT) verifiedLogs.delete(verifiedLogs.keys().next().value ?? '');
      verifiedLogs.set(log, known);
      known.catch(() => verifiedLogs.delete(log));
    }
    return known;
  }

  /**
   * The issuer of this service: its DID is made at the first start and found again at every other. Where its document
   * does not list all of its keys, as after a key was added, the log gains an entry.
   *
   * @throws START_FAILED where the keys are not those of the DID that is registered
   */
  async function ensureIssuer(ring: IssuerKeyRing): Promise<Issuer> {
    return inTransaction(pool, async (transaction) => {
      await lockInstitutionDids(transaction);
      const existing = await findDidByLocation(transaction, 'institution', domain);
      const created = seconds(clock.now_ms());
      if (existing === null) {
        const [keys] = ring.generations;
        if (keys === undefined) throw problem('START_FAILED', 'The issuer has no keys.');
        const made = await createIssuerDidLog({ domain, keys, created }, nodeVerify);
        const { entryHash } = await verifyDidLog(made.log, { verify: nodeVerify });
        await insertDid(transaction, {
          did: made.did,
          kind: 'institution',
          log: didLogText(made.log),
          salt: null,
          witnessProofs: null,
          location: domain,
          registeredAt_ms: clock.now_ms(),
        });
        await enqueueChange(transaction, anchorKey('did', made.did), institutionValue(entryHash));
        return issuerIn(made.log, ring);
      }
      const before = parseDidLogText(existing.log);
      const log = await updatedIssuerDidLog({ log: before, ring, created }, nodeVerify);
      if (log === null) return issuerIn(before, ring);
      await replaceIssuerLog(transaction, existing, log);
      return issuerIn(log, ring);
    });
  }

  /**
   * Lets a new entry follow in the issuer's log, one change at a time.
   *
   * @param extend gives the longer log, or null where there is nothing to change
   * @returns who signed before the change
   * @throws START_FAILED where this service has no issuer yet, or its keys are others; what `extend` throws
   */
  async function changeIssuer(
    ring: IssuerKeyRing,
    extend: (log: DidLog, issuer: Issuer, transaction: Transaction) => Promise<DidLog | null>,
  ): Promise<Issuer> {
    return inTransaction(pool, async (transaction) => {
      await lockInstitutionDids(transaction);
      const existing = await findDidByLocation(transaction, 'institution', domain);
      if (existing === null) throw problem('START_FAILED', 'No issuer is registered here yet; start the service once.');
      const before = parseDidLogText(existing.log);
      const issuer = issuerIn(before, ring);
      const log = await extend(before, issuer, transaction);
      if (log !== null) await replaceIssuerLog(transaction, existing, log);
      return issuer;
    });
  }

  async function replaceIssuerLog(transaction: Transaction, before: StoredDid, log: DidLog): Promise<void> {
    const { entryHash } = await verifyDidLog(log, { verify: nodeVerify });
    await replaceDidLog(transaction, before, { ...before, log: didLogText(log) });
    await enqueueChange(transaction, anchorKey('did', before.did), institutionValue(entryHash));
  }

  /**
   * Stores the log of a person's new DID and puts its anchor in line, both or neither.
   *
   * @param sent the first entry of the log, alone
   * @param witnessProofs what `did-witness.json` is to hold, where the entry names witnesses
   * @throws DID_LOG_INVALID, DID_NOT_HERE, DID_EXISTS, DID_ERASED
   */
  async function registerDid(sent: unknown, witnessProofs?: unknown): Promise<ResolvedDid> {
    const now_ms = clock.now_ms();
    const proofs = readPersonWitnessProofs(witnessProofs ?? []);
    const verified = await verifyDidLog(sent, { verify: nodeVerify, witnessProofs: proofs, now_ms });
    const location = personLocation(verified.did, domain);
    const log = readPersonEntries(sent);
    if (log.length > 1 || verified.deactivated) {
      throw problem('DID_LOG_INVALID', 'A DID is registered with the first entry of its log, and only that one.');
    }
    const salt = random.bytes(SALT_bytes);
    const made: StoredDid = {
      did: verified.did,
      kind: 'person',
      log: didLogText(log),
      salt,
      witnessProofs: verified.witnessProofs,
    };
    await inTransaction(pool, async (transaction) => {
      await refuseErased(transaction, made.did, location);
      if (!(await insertDid(transaction, { ...made, location, registeredAt_ms: now_ms }))) {
        throw problem('DID_EXISTS', 'That DID, or its path, is already registered here.');
      }
      await enqueueChange(transaction, anchorKey('did', made.did), personValue(salt, verified.entryHash));
    });
    return withAnchor(made, verified);
  }

  /** See `appendToDidLog` in change-did-service.ts. */
  async function appendToDidLog(personId: string, sent: unknown, witnessProofs?: unknown): Promise<ResolvedDid> {
    const stored = await changes.appendToDidLog(personId, sent, witnessProofs);
    return withAnchor(stored, await verifiedLog(stored));
  }

  /** See `eraseDid` in change-did-service.ts. */
  async function eraseDid(personId: string, sent: unknown, witnessProofs?: unknown): Promise<void> {
    const { log } = await changes.eraseDid(personId, sent, witnessProofs);
    verifiedLogs.delete(log);
  }

  async function withAnchor(stored: StoredDid, verified: VerifiedDidLog): Promise<ResolvedDid> {
    return {
      did: stored.did,
      kind: stored.kind,
      verified,
      anchor: await anchorOf(anchorKey('did', stored.did)),
      chainTrouble: (await chainTrouble?.()) ?? null,
      salt: stored.salt && Buffer.from(stored.salt).toString('base64url'),
      anchorValue: stored.salt
        ? personValue(new Uint8Array(stored.salt), verified.entryHash)
        : institutionValue(verified.entryHash),
    };
  }

  /**
   * Null where this service has no such DID. Foreign DIDs are not fetched.
   *
   * @throws DID_VERSION_UNKNOWN
   */
  async function resolveDid(did: string, version?: DidVersion): Promise<ResolvedDid | null> {
    const stored = await findDid(pool, withEncodedPort(did, domain));
    if (stored === null) return null;
    if (version?.versionId === undefined && version?.versionTime === undefined) {
      return withAnchor(stored, await verifiedLog(stored));
    }
    const options = { verify: nodeVerify, version, witnessProofs: stored.witnessProofs ?? [] };
    return withAnchor(stored, await verifyDidLog(parseDidLogText(stored.log), options));
  }

  /**
   * The log as JSONL: the issuer's own, or that of the person's DID with this id.
   *
   * @throws NOT_FOUND, DID_ERASED
   */
  async function didLogOf(owner: { personId: string } | 'issuer'): Promise<string> {
    if (owner !== 'issuer') return (await changes.storedPerson(owner.personId)).log;
    const stored = await findDidByLocation(pool, 'institution', domain);
    if (stored === null) throw problem('NOT_FOUND', 'No DID log is kept here under that name.');
    return stored.log;
  }

  /** @throws NOT_FOUND where no entry needs witnesses, DID_ERASED */
  async function witnessProofsOf(personId: string): Promise<WitnessProofs> {
    const { witnessProofs } = await changes.storedPerson(personId);
    if (witnessProofs === null) throw problem('NOT_FOUND', 'The DID log needs no witnesses.');
    return witnessProofs;
  }

  return {
    ensureIssuer,
    changeIssuer,
    registerDid,
    appendToDidLog,
    eraseDid,
    resolveDid,
    didLogOf,
    witnessProofsOf,
    /** What a wallet needs to make a DID that this service will take. */
    configuration: () => ({ domain, path_prefix: PEOPLE_PATH }),
  };
}

/** @throws START_FAILED */
function issuerIn(log: DidLog, ring: IssuerKeyRing): Issuer {
  const issuer = issuerOf(newestDocument(log), ring);
  if (issuer !== null) return issuer;
  throw problem(
    'START_FAILED',
    "The issuer's key file is not the one its registered DID was made with; put back the file that belongs to this database.",
  );
}

/** ISO 8601, UTC, whole seconds. */
export function seconds(time_ms: number): string {
  return `${new Date(time_ms).toISOString().slice(0, 19)}Z`;
}

/** @throws DID_NOT_HERE unless the DID is `did:webvh:{scid}:{domain}:people:{id}` with an id that may be random */
function personLocation(did: string, domain: string): string {
  const [, , , host, path, id, ...more] = did.split(':');
  if (host !== domain || path !== PEOPLE_PATH || id === undefined || more.length > 0 || !/^[\w-]{22,64}$/.test(id)) {
    throw problem(
      'DID_NOT_HERE',
      `The DID must be did:webvh:{scid}:${domain}:${PEOPLE_PATH}:{id} with a random id of 22 to 64 letters and digits.`,
    );
  }
  return id;
}

/** A DID whose `%3A` was decoded on the way through an address, as it is registered. */
function withEncodedPort(did: string, domain: string): string {
  return domain.includes('%3A') ? did.replace(`:${domain.replace('%3A', ':')}`, `:${domain}`) : did;
}
