// Issues credentials: the claims checked, a random status index recorded in the same transaction, the credential signed.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { bitstringStatusEntries } from '../credentials/bitstring-status-list.ts';
import { claimsAtIssue, expiry_s } from '../credentials/claims.ts';
import type {
  CredentialContent,
  CredentialFormat,
  SecureOptions,
  W3cFormat,
} from '../credentials/credential-format.ts';
import { credentialFormat, formatForKey } from '../credentials/credential-formats.ts';
import { nameHash } from '../credentials/credential-name.ts';
import { nameCredential } from '../credentials/credential-name-store.ts';
import { credentialType, credentialTypes } from '../credentials/credential-types.ts';
import type { DataIntegrity } from '../credentials/data-integrity.ts';
import { type PublicHolderJwk, SD_JWT_VC_TYPE } from '../credentials/sd-jwt-vc.ts';
import type { StatusListService } from '../credentials/status-list-service.ts';
import { checkUnsignedCredential, issuerOf } from '../credentials/vc-data-model.ts';
import { completeVersion1, isVersion1 } from '../credentials/vc-version-1.ts';
import { didJwkOf, w3cCredentialOf } from '../credentials/w3c-credential.ts';
import { certificatesOf } from '../trust/issuer-certificate.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import { kindOfDidKey, type SigningKey, signingKey } from '../trust/signing-key.ts';
import { canIssue, NO_CERTIFICATE } from './credential-configuration.ts';
import type {
  BatchOrder,
  CredentialOrder,
  IssuedInFormat,
  IssuedSdJwtVc,
  SdJwtVcOrder,
  W3cOrder,
} from './credential-issue.ts';
import { holderKeyThumbprint, publicHolderJwk as publicMembers } from './holder-key.ts';

export interface IssueCredentialServiceOptions {
  pool: Pool;
  clock: Clock;
  issuer: Issuer;
  statusLists: StatusListService;
  dataIntegrity: DataIntegrity;
}

export type IssueCredentialService = ReturnType<typeof createIssueCredentialService>;

const REASON_characters = 500;

export function createIssueCredentialService(options: IssueCredentialServiceOptions) {
  const { pool, clock, issuer, statusLists, dataIntegrity } = options;
  const { tools } = dataIntegrity;

  /** Runs in the caller's transaction where one is given, so that what it redeems commits with the issue. */
  function within<T>(transaction: Transaction | undefined, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return transaction ? work(transaction) : inTransaction(pool, work);
  }

  /**
   * Issues a credential of a registered type in any registered format.
   *
   * @param transaction commits the record; without one, the issue is a transaction of its own
   * @throws CREDENTIAL_TYPE_UNKNOWN, CREDENTIAL_FORMAT_UNKNOWN, ISSUER_CERTIFICATE_MISSING, CLAIMS_INVALID,
   *   REQUEST_INVALID (holder's key)
   */
  async function issueInFormat(order: CredentialOrder, transaction?: Transaction): Promise<IssuedInFormat> {
    const { holder, subjectDid, ...rest } = order;
    const holders = [{ jwk: publicHolderJwk(holder.jwk), did: holder.did }];
    const issuedAt_s = Math.floor(clock.now_ms() / 1000);
    const [issued] = await within(transaction, (client) =>
      issueAll({ ...rest, subjectDid, holders, issuedAt_s }, client),
    );
    return issued as IssuedInFormat;
  }

  /**
   * The same for several keys, each with a place in a status list and salts of its own.
   *
   * @throws as `issueInFormat`
   */
  function issueBatch({ holders, ...order }: BatchOrder, transaction: Transaction): Promise<IssuedInFormat[]> {
    const named = holders.map(({ jwk, didUrl }) => ({ jwk, did: didUrl?.split('#')[0] }));
    return issueAll({ ...order, holders: named }, transaction);
  }

  async function issueAll(
    order: Omit<CredentialOrder, 'holder' | 'subjectDid'> & {
      subjectDid?: string | undefined;
      holders: { jwk: PublicHolderJwk; did: string | undefined }[];
      issuedAt_s: number;
      issue?: string;
    },
    transaction: Transaction,
  ): Promise<IssuedInFormat[]> {
    const format = credentialFormat(order.format);
    if (!canIssue(format, issuer, clock.now_ms())) throw problem('ISSUER_CERTIFICATE_MISSING', NO_CERTIFICATE);
    const type = credentialType(order.type);
    const claims = claimsAtIssue(type, order.claims, clock.now_ms());
    const { issuedAt_s, holders, subjectDid, issue } = order;
    const signingKey = recordedKey(keyNamed(null, format));
    const entries = await statusLists.allocate(
      transaction,
      holders.map(({ jwk }) => ({
        ...{ type: type.id, format: format.id, reference: order.reference ?? null, signingKey, issue },
        holderThumbprint: holderKeyThumbprint(jwk),
      })),
    );
    const same = {
      ...{ type, claims, issuer: issuer.did, certificates: certificatesOf(issuer, clock.now_ms()) },
      ...(subjectDid === undefined ? {} : { subject: subjectDid }),
      ...{ issuedAt_s, expiresAt_s: expiry_s(type, claims, issuedAt_s) },
    };
    const issued: IssuedInFormat[] = [];
    for (const [n, { jwk, did }] of holders.entries()) {
      const entry = entries[n];
      if (entry === undefined) throw new Error('fewer places in status lists than credentials');
      const content: CredentialContent = {
        ...same,
        holder: { jwk, did: did ?? didJwkOf(jwk) },
        status: {
          uri: statusLists.uriOf(entry.list),
          bitstringUri: statusLists.bitstringUriOf(entry.list),
          index: entry.index,
        },
      };
      issued.push({ credential: await formed(content, format), credentialId: entry.id });
    }
    return issued;
  }

  function formed(content: CredentialContent, format: CredentialFormat): Promise<string | Record<string, unknown>> {
    const key = keyNamed(null, format);
    if (format.secures === 'types') return format.issue(content, key, tools);
    return secured(w3cCredentialOf(content, tools.publicUrl), format, key, {
      mandatoryPointers: format.mandatoryPointers ?? [],
    });
  }

  async function secured(
    credential: Record<string, unknown>,
    format: W3cFormat,
    key: SigningKey,
    secure: SecureOptions,
  ): Promise<string | Record<string, unknown>> {
    if (format.by === 'envelope') return format.envelope(credential, key, tools);
    return dataIntegrity.secure(credential, { ...secure, format, key, now_ms: clock.now_ms() });
  }

  /** The key's method in the issuer's document, under whatever name it signs: by it a stolen key's work is found. */
  function recordedKey({ kind, methodId }: SigningKey): string {
    return signingKey(issuer, null, [kind])?.methodId ?? methodId;
  }

  /** @param name the issuer's DID or the did:key of one of its keys; null for the DID */
  function keyNamed(name: string | null, format: CredentialFormat): SigningKey {
    const key = signingKey(issuer, name, format.keyKinds);
    if (key !== null) return key;
    throw problem(
      'CREDENTIAL_INVALID',
      `issuer: this service issues ${format.id} as ${issuer.did}, or as the did:key of a key that fits; name one.`,
    );
  }

  /** See `issueInFormat`. */
  async function issueSdJwtVc(
    { holderJwk, ...order }: SdJwtVcOrder,
    transaction?: Transaction,
  ): Promise<IssuedSdJwtVc> {
    const { credential, credentialId } = await issueInFormat(
      { ...order, format: SD_JWT_VC_TYPE, holder: { jwk: holderJwk } },
      transaction,
    );
    return { credential: credential as string, credentialId };
  }

  /**
   * Secures a W3C VC 2.0 and records it. Issued as the service's DID it is given an entry in a status list; issued as the
   * did:key of a key it is not, because a did:key leads to no place where a status could be asked.
   *
   * @param credential unsigned; may name as its issuer this service's DID or the did:key of one of its keys. Where it names
   *   none or somebody else, the service issues it as itself: it signs for nobody else. Source: VC API, 3.2.1
   * @throws CREDENTIAL_INVALID, CREDENTIAL_FORMAT_UNKNOWN, NOT_SIGNED_IN
   */
  async function issueW3cCredential(credential: unknown, order: W3cOrder = {}): Promise<IssuedInFormat> {
    const unsigned = checkUnsignedCredential(credential, (contexts) => dataIntegrity.knowsContexts(contexts));
    const type = credentialTypes.find((candidate) => unsigned.type.includes(candidate.w3cName)) ?? null;
    if (type !== null && order.mayIssueOwnTypes === false) {
      throw problem(
        'NOT_SIGNED_IN',
        `Credentials of the type ${type.w3cName} are issued for the operator's programs only.`,
      );
    }
    const named = ownName(issuerOf(unsigned));
    const format =
      order.format === undefined
        ? formatForKey(named === null ? null : kindOfDidKey(issuer, named))
        : credentialFormat(order.format);
    if (format.secures !== 'w3c') {
      throw problem('CREDENTIAL_FORMAT_UNKNOWN', `${format.id} does not secure W3C credentials.`);
    }
    const key = keyNamed(named, format);
    if (isVersion1(unsigned) && (format.by === 'envelope' || key.controller === issuer.did)) {
      throw problem(
        'CREDENTIAL_INVALID',
        '@context: version 1.1 has no envelopes and no status list of ours; name as issuer the did:key of a key and a cryptosuite.',
      );
    }
    return inTransaction(pool, async (transaction) => {
      const [entry] = await statusLists.allocate(transaction, [
        {
          type: type?.id ?? null,
          format: format.id,
          reference: order.reference ?? null,
          holderThumbprint: null,
          signingKey: recordedKey(key),
        },
      ]);
      const name = order.name ?? unsigned.id;
      if (name !== undefined) await nameCredential(transaction, nameHash(name), entry.id);
      const own = bitstringStatusEntries(statusLists.bitstringUriOf(entry.list), entry.index);
      const given = [unsigned.credentialStatus ?? []].flat();
      const complete = {
        ...(isVersion1(unsigned) ? completeVersion1(unsigned, clock.now_ms()) : unsigned),
        issuer: typeof unsigned.issuer === 'object' ? { ...unsigned.issuer, id: key.controller } : key.controller,
        ...statusOf(key.controller === issuer.did ? [...given, ...own] : given),
      };
      const mandatoryPointers = order.mandatoryPointers ?? format.mandatoryPointers?.filter(leadsInto(complete)) ?? [];
      const signed = await secured(complete, format, key, { mandatoryPointers }).catch(() => {
        // The library's words may quote the credential, so they stop here.
        throw problem(
          'CREDENTIAL_INVALID',
          'A member of the credential is not defined by its contexts, or misused, or a mandatory pointer leads nowhere.',
        );
      });
      return { credential: signed, credentialId: entry.id };
    });
  }

  /** The name, where it is one of the service's own. */
  function ownName(name: string | null): string | null {
    return name !== null && kindOfDidKey(issuer, name) !== null ? name : null;
  }

  return {
    issueInFormat,
    issueBatch,
    issueSdJwtVc,
    issueW3cCredential,
    /** @throws CREDENTIAL_UNKNOWN */
    revokeCredential: (credentialId: string, reason: string, within?: Transaction) =>
      statusLists.revoke(credentialId, reason.slice(0, REASON_characters), within),
    /** @throws CREDENTIAL_UNKNOWN, CREDENTIAL_STATUS_FINAL */
    suspendCredential: (credentialId: string, reason: string, within?: Transaction) =>
      statusLists.suspend(credentialId, reason.slice(0, REASON_characters), within),
    /** @throws CREDENTIAL_UNKNOWN, CREDENTIAL_STATUS_FINAL */
    resumeCredential: statusLists.resume,
    listIssued: statusLists.listIssued,
    statusOf: statusLists.statusOf,
  };
}

function statusOf(entries: readonly object[]): { credentialStatus?: object } {
  const [first] = entries;
  return first === undefined ? {} : { credentialStatus: entries.length === 1 ? first : entries };
}

/** Of pointers to members of the top level. */
function leadsInto(credential: Record<string, unknown>): (pointer: string) => boolean {
  return (pointer) => pointer.slice(1) in credential;
}

function publicHolderJwk(jwk: unknown): PublicHolderJwk {
  const read = publicMembers(jwk);
  if (read !== null) return read;
  throw problem('REQUEST_INVALID', "The holder's key must be a public JWK on P-256 or Ed25519.");
}
