// What other programs are told of bills and use, as bodies of webhooks: numbers and places, and nothing about a person.

/** Each can be asked for by itself; a further one is a name here and a maker in make-events-service.ts. */
export const eventTypes = ['bill_run.done', 'bill.correction_due', 'use.changed'] as const;
export type EventType = (typeof eventTypes)[number];

export const eventLimits = {
  makeEvery_ms: 10_000,
  /** Bill runs told at once. */
  runs: 50,
  /** Between two messages of corrections, and of changed use: what comes meanwhile goes into the next. */
  pause_ms: 10 * 60_000,
  /** Bills that one message names, and takes from what waits; further ones are counted. */
  billsNamed: 50,
  bills: 10_000,
  /** Changed days read with one statement, and told in one message. */
  daysAtOnce: 20_000,
  days: 200_000,
  /** What was sent, or given up, is deleted after this. */
  kept_ms: 30 * 86_400_000,
} as const;

export interface DoneRun {
  run_id: number;
  tariff: string;
  use_from: string;
  use_until: string;
  billed_on: string;
  zone_id: string | null;
  billed: number;
  billed_before: number;
  held: number;
  payable_won: number;
  corrections: number;
  finished_at: Date;
}

export interface CorrectedBill {
  bill_id: number;
  number: string;
  service_point_id: string;
  use_from: string;
  use_until: string;
  since: Date;
}

/** Days that were over, and read, before they changed. */
export interface ChangedUse {
  days: number;
  /** Meters at their places. */
  installs: number;
  first_day: string;
  last_day: string;
}

/** Source: Standard Webhooks 1.0.0, "Payload structure" */
function body(type: EventType, at: Date, data: object): string {
  return JSON.stringify({ type, timestamp: at.toISOString(), data });
}

export function runDone({ finished_at, run_id, zone_id, ...run }: DoneRun): string {
  const data = { run: run_id, zone: zone_id, ...run, bills: `/api/utility/bill-runs/${run_id}/bills` };
  return body('bill_run.done', finished_at, data);
}

/** @param bills oldest first, at least one */
export function correctionsDue(bills: readonly CorrectedBill[]): string {
  const named = bills.slice(0, eventLimits.billsNamed).map(({ bill_id, service_point_id, since, ...bill }) => ({
    ...{ bill: String(bill_id), ...bill, service_point: service_point_id, since: since.toISOString() },
  }));
  const at = bills.at(-1)?.since ?? new Date(0);
  return body('bill.correction_due', at, { bills: named, more: bills.length - named.length });
}

export function useChanged(changed: ChangedUse, at: Date): string {
  return body('use.changed', at, { ...changed, changes: '/api/utility/use-days' });
}
