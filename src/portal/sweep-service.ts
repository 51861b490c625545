// Removes what has expired: sessions, sign-ins under way, links for staff.
import type { Clock } from '../platform/clock.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { deleteExpiredSessions } from './citizen-store.ts';

export function sweepPortal(pool: Pool, clock: Clock): Promise<void> {
  return deleteExpiredSessions(pool, new Date(clock.now_ms()));
}
