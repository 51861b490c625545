// How devices, their credentials and their events look in answers over HTTP.
import { z } from 'zod';

export const instant = z.iso.datetime({ offset: true });
export const deviceIdParameter = z.object({ id: z.string().regex(/^[\w.:-]{1,64}$/) });
export const reason = z.string().trim().min(1).max(200);

export const deviceAnswer = z.object({
  device_id: z.string(),
  formats: z.array(z.string()),
  meter_serial: z.string().nullable(),
  has_secret: z.boolean(),
  former_secret_until: instant.nullable(),
  revoked_at: instant.nullable(),
  revoked_reason: z.string().nullable(),
});

export const deviceDetailAnswer = deviceAnswer.extend({
  pins: z.array(z.object({ spki_sha256: z.string(), added_at: instant })),
  certificates: z.array(
    z.object({
      serial: z.string(),
      issued_at: instant,
      not_after: instant,
      revoked_at: instant.nullable(),
      revoked_reason: z.string().nullable(),
    }),
  ),
  actions: z.array(
    z.object({
      at: instant,
      action: z.string(),
      by_program: z.boolean(),
      subject: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
});

export const eventAnswer = z.object({
  id: z.string(),
  device_id: z.string(),
  kind: z.enum(['clone', 'flood', 'trespass', 'acknowledgement']),
  detail: z.string(),
  first_at: instant,
  last_at: instant,
  times: z.int(),
  closed_at: instant.nullable(),
});

export function isoOrNull(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}

interface DeviceLike {
  device_id: string;
  formats: string[];
  meter_serial: string | null;
  has_secret: boolean;
  former_secret_until: Date | null;
  revoked_at: Date | null;
  revoked_reason: string | null;
}

/** Written out, so that nothing else of a row can slip into it. */
export function deviceOfRow(row: DeviceLike): z.infer<typeof deviceAnswer> {
  const { device_id, formats, meter_serial, has_secret, revoked_reason } = row;
  return {
    ...{ device_id, formats, meter_serial, has_secret, revoked_reason },
    former_secret_until: isoOrNull(row.former_secret_until),
    revoked_at: isoOrNull(row.revoked_at),
  };
}
