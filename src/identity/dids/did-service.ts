// Registers, keeps and resolves DIDs: the issuer's own, made at first start, and those that wallets bring.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Anchor } from '../../anchoring/anchor.ts';
import { anchorKey, institutionValue, personValue } from '../../anchoring/anchor-keys.ts';
import { enqueueChange } from '../../anchoring/outbox-store.ts';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import type { Issuer, IssuerKeys } from '../trust/issuer-keys.ts';
import { checkPersonDocument, type DidDocument, type DidLog, didLogText, parseDidLogText } from './did-log.ts';
import { findDid, findDidByLocation, insertDid, lockInstitutionDids, type StoredDid } from './did-store.ts';
import {
  createDidLog,
  DID_CONTEXT,
  didDomain,
  type Ed25519Verify,
  ed25519Multikey,
  type VerifiedDidLog,
  verifyDidLog,
} from './did-webvh.ts';

const PEOPLE_PATH = 'people';

const SALT_bytes = 32;
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
}

/** A DID of this service, its log verified, with what its anchor is made of. */
export interface ResolvedDid {
  did: string;
  kind: StoredDid['kind'];
  verified: VerifiedDidLog;
  anchor: Anchor | null;
  /** base64url, 32 bytes; null for an institution. */
  salt: string | null;
  /** The value the anchor must hold: SHA-256(salt ‖ entry hash). */
  anchorValue: Uint8Array;
}

export type DidService = ReturnType<typeof createDidService>;

const nodeVerify: Ed25519Verify = (signature, message, publicKey) =>
  verify(null, message, ed25519PublicKey(publicKey), signature);

function ed25519PublicKey(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

export function createDidService({ pool, clock, random, publicUrl, anchorOf }: DidServiceOptions) {
  const domain = didDomain(publicUrl);
  const verifiedLogs = new Map<string, Promise<VerifiedDidLog>>();

  function verifiedLog(log: string): Promise<VerifiedDidLog> {
    let known = verifiedLogs.get(log);
    if (known === undefined) {
      known = Promise.resolve().then(() => verifyDidLog(parseDidLogText(log), nodeVerify));
      if (verifiedLogs.size >= LOGS_KEPT) verifiedLogs.delete(verifiedLogs.keys().next().value ?? '');
      verifiedLogs.set(log, known);
      known.catch(() => verifiedLogs.delete(log));
    }
    return known;
  }

  /**
   * The issuer of this service: its DID is made at the first start and found again at every other.
   *
   * @throws START_FAILED where the keys are not those of the DID that is registered
   */
  async function ensureIssuer(keys: IssuerKeys): Promise<Issuer> {
    const stored = await inTransaction(pool, async (transaction) => {
      await lockInstitutionDids(transaction);
      const existing = await findDidByLocation(transaction, 'institution', domain);
      if (existing) return existing;
      const { did, log } = await createIssuerLog(domain, keys, clock);
      const { entryHash } = await verifyDidLog(log, nodeVerify);
      const made: StoredDid = { did, kind: 'institution', log: didLogText(log), salt: null };
      await insertDid(transaction, { ...made, location: domain, registeredAt_ms: clock.now_ms() });
      await enqueueChange(transaction, anchorKey('did', did), institutionValue(entryHash));
      return made;
    });
    const { document } = await verifiedLog(stored.log);
    const issuer: Issuer = {
      did: stored.did,
      keys,
      p256KeyId: `${stored.did}#p256`,
      ed25519KeyId: `${stored.did}#ed25519`,
    };
    if (!hasKeys(document, issuer)) {
      throw problem(
        'START_FAILED',
        "The issuer's key file is not the one its registered DID was made with; put back the file that belongs to this database.",
      );
    }
    return issuer;
  }

  /**
   * Stores the log of a person's new DID and puts its anchor in line, both or neither.
   *
   * @throws DID_LOG_INVALID, DID_NOT_HERE, DID_EXISTS
   */
  async function registerDid(log: unknown): Promise<ResolvedDid> {
    const verified = await verifyDidLog(log, nodeVerify);
    const [entry, ...later] = log as DidLog;
    if (entry === undefined || later.length > 0) {
      throw problem('DID_LOG_INVALID', 'A DID is registered with the first entry of its log, and only that one.');
    }
    const location = personLocation(verified.did, domain);
    checkPersonDocument(entry.state);
    const salt = random.bytes(SALT_bytes);
    const text = didLogText([entry]);
    await inTransaction(pool, async (transaction) => {
      const stored = await insertDid(transaction, {
        did: verified.did,
        kind: 'person',
        location,
        log: text,
        salt,
        registeredAt_ms: clock.now_ms(),
      });
      if (!stored) throw problem('DID_EXISTS', 'That DID, or its path, is already registered here.');
      await enqueueChange(transaction, anchorKey('did', verified.did), personValue(salt, verified.entryHash));
    });
    return withAnchor({ did: verified.did, kind: 'person', log: text, salt });
  }

  async function withAnchor(stored: StoredDid): Promise<ResolvedDid> {
    const verified = await verifiedLog(stored.log);
    return {
      did: stored.did,
      kind: stored.kind,
      verified,
      anchor: await anchorOf(anchorKey('did', stored.did)),
      salt: stored.salt && Buffer.from(stored.salt).toString('base64url'),
      anchorValue: stored.salt
        ? personValue(new Uint8Array(stored.salt), verified.entryHash)
        : institutionValue(verified.entryHash),
    };
  }

  /** Null where this service has no such DID. Foreign DIDs are not fetched. */
  async function resolveDid(did: string): Promise<ResolvedDid | null> {
    const stored = await findDid(pool, withEncodedPort(did, domain));
    return stored && withAnchor(stored);
  }

  /** The log as JSONL: the issuer's own, or that of the person's DID with this id. */
  async function didLogOf(owner: { personId: string } | 'issuer'): Promise<string> {
    const stored =
      owner === 'issuer'
        ? await findDidByLocation(pool, 'institution', domain)
        : await findDidByLocation(pool, 'person', owner.personId);
    if (stored === null) throw problem('NOT_FOUND', 'No DID log is kept here under that name.');
    return stored.log;
  }

  return {
    ensureIssuer,
    registerDid,
    resolveDid,
    didLogOf,
    /** What a wallet needs to make a DID that this service will take. */
    configuration: () => ({ domain, path_prefix: PEOPLE_PATH }),
  };
}

function createIssuerLog(domain: string, keys: IssuerKeys, clock: Clock): Promise<{ did: string; log: DidLog }> {
  const methods = ['{DID}#ed25519', '{DID}#p256'];
  return createDidLog(
    {
      domain,
      path: [],
      signer: keys.ed25519,
      created: `${new Date(clock.now_ms()).toISOString().slice(0, 19)}Z`,
      document: {
        '@context': [...DID_CONTEXT, 'https://w3id.org/security/jwk/v1'],
        verificationMethod: [
          {
            id: '{DID}#ed25519',
            type: 'Multikey',
            controller: '{DID}',
            publicKeyMultibase: ed25519Multikey(keys.ed25519.publicKey),
          },
          { id: '{DID}#p256', type: 'JsonWebKey', controller: '{DID}', publicKeyJwk: keys.p256.publicJwk },
        ],
        authentication: methods,
        assertionMethod: methods,
      },
    },
    nodeVerify,
  );
}

function hasKeys(document: DidDocument | null, { keys, p256KeyId, ed25519KeyId }: Issuer): boolean {
  const method = (id: string) => document?.verificationMethod?.find((candidate) => candidate.id === id);
  const p256 = method(p256KeyId)?.publicKeyJwk as { x?: string; y?: string } | undefined;
  return (
    p256?.x === keys.p256.publicJwk.x &&
    p256.y === keys.p256.publicJwk.y &&
    method(ed25519KeyId)?.publicKeyMultibase === ed25519Multikey(keys.ed25519.publicKey)
  );
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
