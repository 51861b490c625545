// An alarm as staff see it, its history, and what they can do about it.
import type { AlarmState } from './matched-alarms.ts';

export interface AlarmRow {
  alarm_id: number;
  kind: string;
  service_point_id: string | null;
  zone_id: string;
  meter_id: number | null;
  serial: string | null;
  began_at: Date;
  ended_at: Date | null;
  grade: number;
  times: number;
  amount: number | null;
  state: AlarmState;
  assigned_to: string | null;
  opened_at: Date;
  parent_alarm_id: number | null;
  /** Silences that stand behind a zone's. */
  behind: number;
}

export interface AlarmFilter {
  states: readonly AlarmState[];
  kind: string | null;
  zone: string | null;
  servicePoint: string | null;
  /** The alarm behind which they stand; null: those that stand behind none. */
  parent: number | null;
}

export interface AlarmEventRow {
  event_id: number;
  at: Date;
  what: string;
  actor: Buffer | null;
  why: string | null;
  told: { began_at: string; ended_at: string | null; grade: number; times: number; assigned_to: string | null };
}

export interface StaffTurn {
  what: 'acknowledged' | 'assigned' | 'closed';
  actor: Buffer | null;
  why: string | null;
  /** For `assigned`; null takes it from whoever had it. */
  assignedTo?: string | null;
}
