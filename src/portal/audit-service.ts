// Reads the audit: a page at a time, and whole as a table.
import type { Clock } from '../platform/clock.ts';
import { csvLine } from '../platform/csv-writing.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { type Actor, requireAuditor } from './actor.ts';
import type { AuditAction } from './audit-actions.ts';
import { type AuditRow, insertAudit, listAudit } from './audit-store.ts';

const EXPORTED_AT_ONCE = 1_000;

export type AuditService = ReturnType<typeof createAuditService>;

export function createAuditService({ pool, clock }: { pool: Pool; clock: Clock }) {
  return {
    /**
     * The newest first, below the row with the id `before`.
     * @throws NOT_ALLOWED
     */
    async readAudit(
      actor: Actor,
      before: number | null,
      action: AuditAction | null,
      limit: number,
    ): Promise<AuditRow[]> {
      requireAuditor(actor.duty);
      return listAudit(pool, before, action, limit);
    },

    /**
     * The whole audit as CSV, some lines at a time; that it was taken is recorded first.
     * @throws NOT_ALLOWED
     */
    async exportAudit(actor: Actor): Promise<AsyncIterable<string>> {
      requireAuditor(actor.duty);
      await insertAudit(pool, { at: new Date(clock.now_ms()), actor, action: 'audit_exported' });
      return auditLines(pool);
    },
  };
}

const columns = [
  'id',
  'at',
  'actor',
  'duty',
  'action',
  'service_point',
  'type',
  'offer_id',
  'credential_id',
  'import_id',
] as const satisfies readonly (keyof AuditRow)[];

async function* auditLines(pool: Pool): AsyncGenerator<string> {
  yield csvLine(columns);
  let before: number | null = null;
  for (;;) {
    const rows: AuditRow[] = await listAudit(pool, before, null, EXPORTED_AT_ONCE);
    if (rows.length === 0) return;
    before = rows.at(-1)?.id ?? null;
    yield rows.map((row) => csvLine(columns.map((column) => String(row[column] ?? '')))).join('');
  }
}
