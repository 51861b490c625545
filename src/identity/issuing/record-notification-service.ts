// The notification endpoint: what a wallet says became of the credentials it was given. Source: OpenID4VCI 1.0, 11.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { type WalletEvent, walletEvents } from '../credentials/wallet-event.ts';
import { noteEvent } from './credential-answer-store.ts';
import { credentialRefusal } from './credential-refusal.ts';
import type { ProtocolRequest } from './grant.ts';
import type { GrantService } from './grant-service.ts';
import { notificationHash } from './issue-answer-service.ts';

export type NotificationService = ReturnType<typeof createNotificationService>;

export function createNotificationService(parts: { pool: Pool; clock: Clock; grants: GrantService }) {
  const { pool, clock, grants } = parts;
  return {
    /**
     * Notes the event; the same one again changes nothing. With `credential_accepted` the claims of an office's offer are
     * erased: the wallet has what they were for. A description, which may say anything, is not kept.
     *
     * @throws OauthRefusal (the token), invalid_notification_id, invalid_notification_request
     */
    async recordNotification(from: ProtocolRequest, body: unknown): Promise<{ dpopNonce: string | null }> {
      const { id: grantId, dpopNonce } = await grants.grantOf(from);
      const { notificationId, event } = readNotification(body);
      await inTransaction(pool, async (transaction) => {
        const noted = await noteEvent(transaction, {
          ...{ notificationHash: notificationHash(notificationId), grantId, event },
          now: new Date(clock.now_ms()),
        });
        if (noted === null) {
          throw credentialRefusal('invalid_notification_id', 'No answer with that notification_id was given.');
        }
        if (event === 'credential_accepted') await grants.eraseClaims(transaction, noted.identifier);
      });
      return { dpopNonce };
    },
  };
}

function readNotification(body: unknown): { notificationId: string; event: WalletEvent } {
  const { notification_id: notificationId, event: said } = (body ?? {}) as Record<string, unknown>;
  const event = walletEvents.find((known) => known === said);
  if (typeof notificationId === 'string' && event !== undefined) return { notificationId, event };
  throw credentialRefusal(
    'invalid_notification_request',
    `'notification_id' and 'event' are needed, the event one of ${walletEvents.join(', ')}.`,
  );
}
