// The credentials of one answer: claims taken from the grant, one credential a key, all recorded with what the wallet may
// say of them, in the transaction of whoever asks.
import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { secretHash } from '../secrets.ts';
import { insertAnswer } from './credential-answer-store.ts';
import type { CredentialConfiguration } from './credential-configuration.ts';
import { credentialRefusal } from './credential-refusal.ts';
import { credentialLimits } from './credential-request.ts';
import type { GrantService } from './grant-service.ts';
import type { IssueCredentialService } from './issue-credential-service.ts';
import { noncesToSpend } from './proof-nonce.ts';
import { nonceRefused, type ProvedHolder } from './prove-holder-service.ts';

/** Source: OpenID4VCI 1.0, 8.3. */
export interface CredentialAnswer {
  credentials: { credential: string | Record<string, unknown> }[];
  notification_id: string;
}

export type IssueAnswerService = ReturnType<typeof createIssueAnswerService>;

export function createIssueAnswerService(parts: {
  clock: Clock;
  random: Random;
  grants: GrantService;
  issuing: Pick<IssueCredentialService, 'issueBatch'>;
}) {
  const { clock, random, grants, issuing } = parts;
  return {
    /**
     * @param nonces that the keys were proved with: spent in the same transaction
     * @throws invalid_nonce where one of them was spent before; credential_request_denied where the grant has been used up or
     *   its claims were erased
     */
    async issueAnswer(
      transaction: Transaction,
      granted: { grantId: string; identifier: string; configuration: CredentialConfiguration },
      { keys, nonces }: ProvedHolder,
    ): Promise<CredentialAnswer> {
      const { grantId, identifier, configuration } = granted;
      const { fresh, taken } = await grants.takeClaims(transaction, {
        ...{ grantId, identifier, credentials: keys.length },
        ...noncesToSpend(nonces, clock.now_ms()),
      });
      if (!fresh) throw nonceRefused();
      if (taken === null) {
        throw credentialRefusal('credential_request_denied', 'The grant is used up; nothing more is issued from it.');
      }
      const now_s = Math.floor(clock.now_ms() / 1_000);
      const issued = await issuing.issueBatch(
        {
          ...{ type: configuration.type.id, format: configuration.format.id, issue: identifier, ...taken },
          holders: keys,
          issuedAt_s: now_s - (now_s % credentialLimits.issueTimeGrain_s),
        },
        transaction,
      );
      const notificationId = randomToken(random);
      await insertAnswer(transaction, {
        notificationHash: notificationHash(notificationId),
        identifier,
        credentialIds: issued.map(({ credentialId }) => credentialId),
      });
      return { credentials: issued.map(({ credential }) => ({ credential })), notification_id: notificationId };
    },
  };
}

export function notificationHash(notificationId: string): Buffer {
  return secretHash('naru/notification/1', notificationId);
}
