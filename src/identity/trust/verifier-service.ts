// Registering verifiers and finding them: the only source of what a verifier may ask. Every change is audited.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { secretHash } from '../secrets.ts';
import { type CertificateChain, readCertificateChain } from './own-certificate-chain.ts';
import { ownVerifiers } from './own-verifiers.ts';
import { type RegisteredVerifier, requireKnownClaims, type VerifierRegistration } from './registered-verifier.ts';
import type { VerifierIdentity } from './verifier-identity.ts';
import {
  endVerifier,
  findVerifier,
  findVerifierByToken,
  insertVerifierAudit,
  lockVerifier,
  selectVerifiers,
  setVerifierToken,
  upsertVerifier,
  type VerifierActor,
  type VerifierRecord,
} from './verifier-store.ts';

export type VerifierService = ReturnType<typeof createVerifierService>;

export function createVerifierService(parts: { pool: Pool; clock: Clock; random: Random; identity: VerifierIdentity }) {
  const { pool, clock, random, identity } = parts;
  const now = () => new Date(clock.now_ms());

  /** @returns whether anything changed */
  async function register(id: string, registration: VerifierRegistration, actor: VerifierActor): Promise<boolean> {
    requireKnownClaims(registration);
    if (registration.certificate !== null) chainOf({ id, ...registration });
    return inTransaction(pool, async (transaction) => {
      const before = await lockVerifier(transaction, id);
      const stands = before !== null && !before.ended;
      if (stands && sameRegistration(before, registration)) return false;
      await upsertVerifier(transaction, id, registration, now());
      const entry = { at: now(), actor, action: stands ? 'changed' : 'registered', verifier: id } as const;
      await insertVerifierAudit(transaction, entry, registration);
      return true;
    });
  }

  /** @throws REQUEST_INVALID where its own certificate is not over this service's verifier key */
  function chainOf(verifier: RegisteredVerifier): CertificateChain {
    if (verifier.certificate === null) return identity.chain;
    try {
      return readCertificateChain(verifier.certificate, identity.publicJwk, 'certificate', clock.now_ms());
    } catch (error) {
      throw problem('REQUEST_INVALID', `${verifier.id}: ${error instanceof Error ? error.message : ''}`);
    }
  }

  async function withStanding<T>(id: string, work: (of: Parameters<typeof lockVerifier>[0]) => Promise<T>): Promise<T> {
    return inTransaction(pool, async (transaction) => {
      const found = await lockVerifier(transaction, id);
      if (found === null || found.ended) throw problem('VERIFIER_UNKNOWN');
      return work(transaction);
    });
  }

  return {
    /**
     * Registers a verifier, or changes what is registered; said again it changes nothing.
     * @throws REQUEST_INVALID for types, claims or a certificate that there is not
     */
    registerVerifier: register,

    /** Registers the parts of this service that ask. */
    async registerOwnVerifiers(): Promise<void> {
      for (const { id, ...registration } of ownVerifiers) await register(id, registration, 'service');
    },

    /**
     * A bearer token for the verifier's programs; one made before is worth nothing from now on.
     * @throws VERIFIER_UNKNOWN
     */
    async makeVerifierToken(id: string, actor: VerifierActor): Promise<string> {
      const token = randomToken(random);
      await withStanding(id, async (transaction) => {
        await setVerifierToken(transaction, id, tokenHash(token));
        await insertVerifierAudit(transaction, { at: now(), actor, action: 'token made', verifier: id }, null);
      });
      return token;
    },

    /** It asks for nothing more; requests under way end unanswered. @throws VERIFIER_UNKNOWN */
    async endVerifier(id: string, actor: VerifierActor): Promise<void> {
      await withStanding(id, async (transaction) => {
        await endVerifier(transaction, id, now());
        await insertVerifierAudit(transaction, { at: now(), actor, action: 'ended', verifier: id }, null);
      });
    },

    listVerifiers: (): Promise<VerifierRecord[]> => selectVerifiers(pool),

    /** @throws VERIFIER_UNKNOWN */
    async requireVerifier(id: string): Promise<RegisteredVerifier> {
      const verifier = await findVerifier(pool, id);
      if (verifier === null) throw problem('VERIFIER_UNKNOWN', 'No verifier of that name is registered here.');
      return verifier;
    },

    /** @throws NOT_SIGNED_IN */
    async verifierOfToken(token: string | undefined): Promise<RegisteredVerifier> {
      const verifier = token === undefined ? null : await findVerifierByToken(pool, tokenHash(token));
      if (verifier === null) throw problem('NOT_SIGNED_IN', "Authorization: send `Bearer` and the verifier's token.");
      return verifier;
    },

    chainOf,
  };
}

function tokenHash(token: string): Buffer {
  return secretHash('naru/verifier-token/1', token);
}

function sameRegistration(before: RegisteredVerifier, after: VerifierRegistration): boolean {
  const { name, purpose, keeps, may_ask, return_origins, certificate, own_client } = before;
  const stored: VerifierRegistration = { name, purpose, keeps, may_ask, return_origins, certificate, own_client };
  return canonical(stored) === canonical(after);
}

/** jsonb keeps no order of members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}
