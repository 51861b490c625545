// The commands a device can be given: what they say, what it is sent, and what it answers.
import { z } from 'zod';

export const commandLimits = {
  lifetime_s: { least: 60, usual: 7 * 86_400, most: 90 * 86_400 },
  /** A command that was sent and not acknowledged is sent again at the device's next contact after this. */
  retryAfter_ms: 30_000,
  sentAtOnce: 10,
  openPerDevice: 32,
  /** Connections whose commands are looked up in one statement, gathered for so long. */
  lookUpAfter_ms: 20,
  sweepEvery_ms: 5_000,
  outcome_chars: 200,
  acknowledgement_bytes: 4_096,
} as const;

/** The order given, by its kind. */
export const commandOrder = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('reporting_interval'),
    interval_s: z
      .int()
      .min(60)
      .max(7 * 86_400),
  }),
  z.object({ kind: z.literal('clock_set') }),
  z.object({
    kind: z.literal('firmware_notice'),
    version: z.string().min(1).max(32),
    url: z.url({ protocol: /^https$/ }).max(512),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  z.object({ kind: z.literal('valve'), position: z.enum(['open', 'closed']) }),
]);
export type CommandOrder = z.infer<typeof commandOrder>;
export type CommandKind = CommandOrder['kind'];

export const commandStates = ['proposed', 'queued', 'sent', 'acknowledged', 'failed', 'expired', 'cancelled'] as const;
export type CommandState = (typeof commandStates)[number];

/** Kinds that a second person must approve before they are queued. */
export function needsApproval(kind: CommandKind): boolean {
  return kind === 'valve';
}

export function downTopic(deviceId: string): string {
  return `naru/v1/down/${deviceId}`;
}

/**
 * What the device gets: JSON of the order with the command's id, and for the clock the time at which it is sent, which
 * differs between two sendings.
 */
export function commandPayload(commandId: number, order: CommandOrder, now_ms: number): Uint8Array {
  const now = order.kind === 'clock_set' ? { time: new Date(now_ms).toISOString() } : {};
  return Buffer.from(JSON.stringify({ id: String(commandId), ...order, ...now }));
}

export interface Acknowledgement {
  commandId: number;
  done: boolean;
  /** What the device says of it; null where it says nothing. */
  reason: string | null;
}

const answer = z.object({
  id: z.union([z.string().regex(/^[1-9]\d{0,14}$/), z.int().positive()]),
  status: z.enum(['done', 'failed']).default('done'),
  reason: z.string().optional(),
});

/** Reads `{"id":"17","status":"done"}`; null where it is something else. */
export function readAcknowledgement(payload: Uint8Array): Acknowledgement | null {
  if (payload.length > commandLimits.acknowledgement_bytes) return null;
  try {
    const read = answer.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)));
    if (!read.success) return null;
    const { id, status, reason } = read.data;
    return {
      commandId: Number(id),
      done: status === 'done',
      reason: reason?.slice(0, commandLimits.outcome_chars) ?? null,
    };
  } catch {
    return null;
  }
}
