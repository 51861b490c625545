// Issued credentials as the desk lists and replaces them.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import { oneOfCopies } from './credential-record-store.ts';
import type { WalletEvent } from './wallet-event.ts';

export interface ListedCredential {
  id: string;
  type: string;
  reference: string | null;
  issued_at: string;
  state: 'valid' | 'suspended' | 'revoked';
  /** Why it was revoked or is suspended. */
  reason: string | null;
  /** What the wallet said last became of it; null where it said nothing, as it may. */
  wallet: { event: WalletEvent; at: string } | null;
}

export interface CredentialFilter {
  types: readonly string[];
  state: ListedCredential['state'] | null;
  reference: string | null;
}

const state = `CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN suspended_at IS NOT NULL THEN 'suspended' ELSE 'valid' END`;

type Told = { event: WalletEvent; noted_at: Date } | { event: null; noted_at: null };

/** One of each issue, the newest first, after the one that a cursor names. */
export async function listCredentials(
  from: Queryable,
  filter: CredentialFilter,
  after: { issuedAt: string; id: string } | null,
  limit: number,
): Promise<ListedCredential[]> {
  const { rows } = await from.query<Omit<ListedCredential, 'issued_at' | 'wallet'> & Told & { issued_at: Date }>(
    `SELECT id, type, reference, issued_at, ${state} AS state,
       coalesce(revocation_reason, suspension_reason) AS reason, told.event, told.noted_at
     FROM identity.credential credential
     LEFT JOIN LATERAL (
       SELECT event, noted_at FROM identity.credential_events WHERE credential_id = credential.id
       ORDER BY noted_at DESC, event DESC LIMIT 1
     ) told ON true
     WHERE ${oneOfCopies} AND type = ANY($1) AND ($2::text IS NULL OR ${state} = $2) AND ($3::text IS NULL OR reference = $3)
       AND ($4::timestamptz IS NULL OR (issued_at, id) < ($4::timestamptz, $5::uuid))
     ORDER BY issued_at DESC, id DESC LIMIT $6`,
    [filter.types, filter.state, filter.reference, after?.issuedAt ?? null, after?.id ?? null, limit],
  );
  return rows.map(({ event, noted_at, ...row }) => ({
    ...row,
    issued_at: row.issued_at.toISOString(),
    wallet: event === null ? null : { event, at: noted_at.toISOString() },
  }));
}

/** These credentials, locked in one order so that two who replace them wait for one another. */
export async function lockCredentials(
  transaction: Transaction,
  ids: readonly string[],
): Promise<{ id: string; type: string | null; reference: string | null; revoked: boolean }[]> {
  const { rows } = await transaction.query<{
    id: string;
    type: string | null;
    reference: string | null;
    revoked: boolean;
  }>(
    `SELECT id, type, reference, revoked_at IS NOT NULL AS revoked FROM identity.credential
     WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
    [ids],
  );
  return rows;
}
