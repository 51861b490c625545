// Removes what has expired: sessions, sign-ins and proofs under way, links for staff, reductions long ended.
import type { Clock } from '../platform/clock.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { deleteExpiredSessions } from './citizen-store.ts';
import { localDay } from './days.ts';
import { reductionPolicy } from './reduction-standing.ts';
import { deleteExpiredReductions } from './reduction-store.ts';

const DAY_ms = 86_400_000;

export async function sweepPortal(pool: Pool, clock: Clock): Promise<void> {
  const now_ms = clock.now_ms();
  await deleteExpiredSessions(pool, new Date(now_ms));
  const endedBefore = localDay(now_ms - reductionPolicy.keepEnded_days * DAY_ms, 'UTC');
  await deleteExpiredReductions(pool, new Date(now_ms), endedBefore);
}
