// Issues credentials: the claims checked, a random status index recorded in the same transaction, the credential signed.
import { calculateJwkThumbprint } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { claimsAtIssue, expiry_s } from '../credentials/claims.ts';
import { credentialType, credentialTypes, vctOf } from '../credentials/credential-types.ts';
import type { DataIntegrity } from '../credentials/data-integrity.ts';
import { createSdJwtVc, type PublicHolderJwk } from '../credentials/sd-jwt-vc.ts';
import type { StatusListService } from '../credentials/status-list-service.ts';
import { checkUnsignedCredential, issuerOf } from '../credentials/vc-data-model.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import type { IssuedSdJwtVc, SdJwtVcOrder } from './credential-issue.ts';

export interface IssueCredentialServiceOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  /** No slash at the end. */
  publicUrl: string;
  issuer: Issuer;
  statusLists: StatusListService;
  dataIntegrity: DataIntegrity;
}

export type IssueCredentialService = ReturnType<typeof createIssueCredentialService>;

const REASON_characters = 500;

// Only the public members are taken over: a key id or a use would be one more thing to recognise a person by.
const holderJwkSchema = z.union([
  z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
]);

export function createIssueCredentialService(options: IssueCredentialServiceOptions) {
  const { pool, clock, random, publicUrl, issuer, statusLists, dataIntegrity } = options;

  /** Runs in the caller's transaction where one is given, so that what it redeems commits with the issue. */
  function within<T>(transaction: Transaction | undefined, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return transaction ? work(transaction) : inTransaction(pool, work);
  }

  /**
   * @param transaction commits the record; without one, the issue is a transaction of its own
   * @throws CREDENTIAL_TYPE_UNKNOWN, CLAIMS_INVALID, REQUEST_INVALID (holder's key)
   */
  async function issueSdJwtVc(order: SdJwtVcOrder, transaction?: Transaction): Promise<IssuedSdJwtVc> {
    const type = credentialType(order.type);
    const claims = claimsAtIssue(type, order.claims, clock.now_ms());
    const holderJwk = publicHolderJwk(order.holderJwk);
    const holderThumbprint = await calculateJwkThumbprint(holderJwk);
    return within(transaction, async (client) => {
      const [entry] = await statusLists.allocate(client, [
        {
          type: type.id,
          format: 'dc+sd-jwt',
          reference: order.reference ?? null,
          holderThumbprint,
          signingKey: issuer.p256KeyId,
        },
      ]);
      const issuedAt_s = Math.floor(clock.now_ms() / 1000);
      const credential = await createSdJwtVc(
        {
          issuer: issuer.did,
          vct: vctOf(type, publicUrl),
          ...(order.subjectDid === undefined ? {} : { subject: order.subjectDid }),
          issuedAt_s,
          expiresAt_s: expiry_s(type, claims, issuedAt_s),
          holderJwk,
          status: { uri: statusLists.uriOf(entry.list), index: entry.index },
          claims,
        },
        { keyId: issuer.p256KeyId, sign: issuer.keys.p256.sign },
        (length) => random.bytes(length),
      );
      return { credential, credentialId: entry.id };
    });
  }

  /**
   * Issues a W3C VC 2.0 with an eddsa-rdfc-2022 proof, and gives it an entry in a status list.
   *
   * @param credential unsigned; its issuer, where it names one, must be this service's
   * @throws CREDENTIAL_INVALID
   */
  async function issueW3cCredential(
    credential: unknown,
    reference: string | null = null,
  ): Promise<{ credential: Record<string, unknown>; credentialId: string }> {
    const unsigned = checkUnsignedCredential(credential, (contexts) => dataIntegrity.knowsContexts(contexts));
    const named = issuerOf(unsigned);
    if (named !== null && named !== issuer.did) {
      throw problem('CREDENTIAL_INVALID', `issuer: this service issues as ${issuer.did}; name it, or leave it out.`);
    }
    const type = credentialTypes.find((candidate) => unsigned.type.includes(candidate.w3cName)) ?? null;
    return inTransaction(pool, async (transaction) => {
      const [entry] = await statusLists.allocate(transaction, [
        {
          type: type?.id ?? null,
          format: 'ldp_vc',
          reference,
          holderThumbprint: null,
          signingKey: issuer.ed25519KeyId,
        },
      ]);
      const complete = {
        ...unsigned,
        issuer: unsigned.issuer ?? issuer.did,
        credentialStatus: statusLists.bitstringEntriesOf(entry),
      };
      const signed = await dataIntegrity.sign(complete, clock.now_ms()).catch(() => {
        // The library's words may quote the credential, so they stop here.
        throw problem('CREDENTIAL_INVALID', 'A member of the credential is not defined by its contexts, or misused.');
      });
      return { credential: signed, credentialId: entry.id };
    });
  }

  return {
    issueSdJwtVc,
    issueW3cCredential,
    /** @throws CREDENTIAL_UNKNOWN */
    revokeCredential: (credentialId: string, reason: string) =>
      statusLists.revoke(credentialId, reason.slice(0, REASON_characters)),
    /** @throws CREDENTIAL_UNKNOWN, CREDENTIAL_STATUS_FINAL */
    suspendCredential: (credentialId: string, reason: string) =>
      statusLists.suspend(credentialId, reason.slice(0, REASON_characters)),
    /** @throws CREDENTIAL_UNKNOWN, CREDENTIAL_STATUS_FINAL */
    resumeCredential: statusLists.resume,
    listIssued: statusLists.listIssued,
    statusOf: statusLists.statusOf,
  };
}

function publicHolderJwk(jwk: unknown): PublicHolderJwk {
  const read = holderJwkSchema.safeParse(jwk);
  if (!read.success) {
    throw problem('REQUEST_INVALID', "The holder's key must be a public JWK on P-256 or Ed25519.");
  }
  return read.data;
}
