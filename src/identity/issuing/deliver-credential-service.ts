// The credential and deferred endpoints: a holder proves keys, and what the grant allows is issued to them, now or later.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { secretHash } from '../secrets.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import { deferIssue, deferredIdentifier, endDeferredIssue, spendNonces } from './credential-answer-store.ts';
import { type CredentialConfiguration, canIssue } from './credential-configuration.ts';
import {
  openRequest,
  type RequestKey,
  type ResponseEncryption,
  readResponseEncryption,
  sealResponse,
} from './credential-encryption.ts';
import { credentialRefusal } from './credential-refusal.ts';
import { type CredentialRequest, credentialLimits, readCredentialRequest, readProofs } from './credential-request.ts';
import type { Grant, GrantedCredential, ProtocolRequest } from './grant.ts';
import type { GrantService } from './grant-service.ts';
import type { IssueAnswerService } from './issue-answer-service.ts';
import { approvalState } from './offer-approval-store.ts';
import { noncesToSpend } from './proof-nonce.ts';
import { nonceRefused, type ProveHolderService } from './prove-holder-service.ts';

/** A request's body: JSON as it was read, or a JWE. */
export type SentBody = { json: unknown } | { jwe: string };

/** What goes back, whole: a JSON text, or a JWE where the wallet asked for one. */
export interface DeliveryAnswer {
  status: 200 | 202;
  text: string;
  encrypted: boolean;
  dpopNonce: string | null;
}

export interface DeliveryOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  grants: GrantService;
  holders: ProveHolderService;
  answers: IssueAnswerService;
  configurations: readonly CredentialConfiguration[];
  issuer: Pick<Issuer, 'certificate'>;
  requestKey: RequestKey;
  /** Whether requests and answers in the clear are refused. */
  encryptionRequired: boolean;
}

/** Every refusal is an `Oauth2ServerErrorResponseError` with the specification's code, and never encrypted. */
export type DeliveryService = ReturnType<typeof createDeliveryService>;

export function createDeliveryService(options: DeliveryOptions) {
  const { pool, clock, random, grants, holders, answers, issuer, requestKey, encryptionRequired } = options;
  const configurations = new Map(options.configurations.map((configuration) => [configuration.id, configuration]));

  /** Source: OpenID4VCI 1.0, 8. What is issued, recorded and spent commits together, or not at all. */
  async function deliverCredential(from: ProtocolRequest, sent: SentBody): Promise<DeliveryAnswer> {
    const { dpopNonce, ...grant } = await grants.grantOf(from);
    const request = readCredentialRequest(await opened(sent));
    requireEncryption(sent, request.responseEncryption);
    const granted = grantedCredential(grant, request.asked);
    const configuration = configurationOf(granted);
    const proved = await holders.proveHolder(readProofs(request.proofs), {
      clientId: grant.clientId,
      need: configuration.need,
    });
    const waits = (await approvalOf(granted)) === 'awaiting';
    const transactionId = randomToken(random);
    const answer = await inTransaction(pool, async (transaction) => {
      if (!waits) {
        return answers.issueAnswer(
          transaction,
          { grantId: grant.id, identifier: granted.identifier, configuration },
          proved,
        );
      }
      const { nonceHashes, noncesUntil } = noncesToSpend(proved.nonces, clock.now_ms());
      if (!(await spendNonces(transaction, nonceHashes, noncesUntil))) throw nonceRefused();
      const transactionHash = transactionIdHash(transactionId);
      await deferIssue(transaction, { identifier: granted.identifier, transactionHash, keys: proved.keys });
      return pending(transactionId);
    });
    return sealed(answer, waits ? 202 : 200, request.responseEncryption, dpopNonce);
  }

  /** Source: OpenID4VCI 1.0, 9. */
  async function deliverDeferred(from: ProtocolRequest, sent: SentBody): Promise<DeliveryAnswer> {
    const { dpopNonce, ...grant } = await grants.grantOf(from);
    const body = await opened(sent);
    const { transaction_id: transactionId, credential_response_encryption: encryption } = (body ?? {}) as Record<
      string,
      unknown
    >;
    const responseEncryption = encryption === undefined ? null : readResponseEncryption(encryption);
    requireEncryption(sent, responseEncryption);
    if (typeof transactionId !== 'string') {
      throw credentialRefusal('invalid_credential_request', "'transaction_id' is missing.");
    }
    const transactionHash = transactionIdHash(transactionId);
    const identifier = await deferredIdentifier(pool, { transactionHash, grantId: grant.id });
    const granted = grant.credentials.find((credential) => credential.identifier === identifier);
    if (granted === undefined) throw transactionRefused();
    if ((await approvalOf(granted)) === 'awaiting') {
      return sealed(pending(transactionId), 202, responseEncryption, dpopNonce);
    }
    const configuration = configurationOf(granted);
    const answer = await inTransaction(pool, async (transaction) => {
      const keys = await endDeferredIssue(transaction, transactionHash);
      if (keys === null) throw transactionRefused();
      return answers.issueAnswer(
        transaction,
        { grantId: grant.id, identifier: granted.identifier, configuration },
        // Their nonces were spent when the keys were proved.
        { keys, nonces: [] },
      );
    });
    return sealed(answer, 200, responseEncryption, dpopNonce);
  }

  async function opened(sent: SentBody): Promise<unknown> {
    return 'jwe' in sent ? openRequest(sent.jwe, requestKey) : sent.json;
  }

  /** An answer's key that came in the clear could be somebody else's. Source: OpenID4VCI 1.0, 8.2. */
  function requireEncryption(sent: SentBody, response: ResponseEncryption | null): void {
    const refused = (what: string) => credentialRefusal('invalid_encryption_parameters', what);
    if ('json' in sent && response !== null) {
      throw refused("A request with 'credential_response_encryption' must be encrypted itself.");
    }
    if (!encryptionRequired) return;
    if ('json' in sent) throw refused('The request must be encrypted.');
    if (response === null) throw refused("'credential_response_encryption' is missing.");
  }

  async function sealed(
    answer: object,
    status: 200 | 202,
    encryption: ResponseEncryption | null,
    dpopNonce: string | null,
  ): Promise<DeliveryAnswer> {
    const text = encryption === null ? JSON.stringify(answer) : await sealResponse(answer, encryption);
    return { status, text, encrypted: encryption !== null, dpopNonce };
  }

  function configurationOf({ configurationId }: GrantedCredential): CredentialConfiguration {
    const configuration = configurations.get(configurationId);
    if (configuration === undefined) {
      throw credentialRefusal('unknown_credential_configuration', 'That credential is not issued here any more.');
    }
    if (canIssue(configuration.format, issuer, clock.now_ms())) return configuration;
    throw credentialRefusal(
      'credential_request_denied',
      'The issuer has no valid certificate now, which this format carries; ask again later, or for another format.',
    );
  }

  async function approvalOf({ approvalOf: offerId = null }: GrantedCredential): Promise<'awaiting' | 'approved'> {
    if (offerId === null) return 'approved';
    const state = await approvalState(pool, offerId, new Date(clock.now_ms()));
    if (state !== 'refused') return state;
    throw credentialRefusal('credential_request_denied', 'The office has refused to issue this credential.');
  }

  return { deliverCredential, deliverDeferred };
}

/** @throws unknown_credential_identifier, unknown_credential_configuration, invalid_credential_request */
function grantedCredential(grant: Grant, asked: CredentialRequest['asked']): GrantedCredential {
  if ('identifier' in asked) {
    const found = grant.credentials.find(
      ({ byIdentifier, identifier }) => byIdentifier && identifier === asked.identifier,
    );
    if (found !== undefined) return found;
    throw credentialRefusal('unknown_credential_identifier', 'No credential of that identifier was granted.');
  }
  const found = grant.credentials.find(({ configurationId }) => configurationId === asked.configurationId);
  if (found === undefined) {
    throw credentialRefusal('unknown_credential_configuration', 'No credential of that configuration was granted.');
  }
  if (!found.byIdentifier) return found;
  throw credentialRefusal(
    'invalid_credential_request',
    "The token answer named credential identifiers; ask by 'credential_identifier'.",
  );
}

function pending(transaction_id: string) {
  return { transaction_id, interval: credentialLimits.deferredInterval_s };
}

function transactionRefused() {
  return credentialRefusal('invalid_transaction_id', 'The transaction is unknown, or its credential was fetched.');
}

function transactionIdHash(transactionId: string): Buffer {
  return secretHash('naru/deferred-transaction/1', transactionId);
}
