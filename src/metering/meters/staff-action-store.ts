// The audit of what staff and the operator's programs did to devices and commands, in PostgreSQL.
import type { Queryable } from '../../platform/postgres/database.ts';

/** Who acts: the hash of a staff session; null for the operator's programs and command line. */
export type Actor = Buffer | null;

export interface StaffAction {
  at: Date;
  actor: Actor;
  action:
    | 'devices_registered'
    | 'device_revoked'
    | 'device_restored'
    | 'secret_rotated'
    | 'pin_added'
    | 'pin_removed'
    | 'certificate_signed'
    | 'certificate_revoked'
    | 'claim_code_made'
    | 'claimed'
    | 'event_closed'
    | 'command_given'
    | 'command_approved'
    | 'command_cancelled';
  deviceNo: number | null;
  /** What of the device: a certificate's serial, a command's number; how many stand in a list. Never a secret. */
  subject?: string;
  reason?: string;
}

export async function insertStaffAction(to: Queryable, action: StaffAction): Promise<void> {
  await to.query(
    'INSERT INTO metering.staff_action (at, actor, action, device_no, subject, reason) VALUES ($1, $2, $3, $4, $5, $6)',
    [action.at, action.actor, action.action, action.deviceNo, action.subject ?? null, action.reason ?? null],
  );
}

export interface StaffActionRow {
  at: Date;
  action: StaffAction['action'];
  by_program: boolean;
  subject: string | null;
  reason: string | null;
}

/** Newest first. */
export async function listStaffActions(from: Queryable, deviceNo: number, limit: number): Promise<StaffActionRow[]> {
  const { rows } = await from.query<StaffActionRow>(
    `SELECT at, action, actor IS NULL AS by_program, subject, reason FROM metering.staff_action
      WHERE device_no = $1 ORDER BY action_id DESC LIMIT $2`,
    [deviceNo, limit],
  );
  return rows;
}
