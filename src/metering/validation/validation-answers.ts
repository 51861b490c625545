// Shapes that the routes of validation share.
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

export const instant = z.iso.datetime({ offset: true });
export const localDate = z.iso.date();
export const reason = z.string().trim().min(1).max(500);
export const numberInPath = z.object({ id: z.string().regex(/^[1-9]\d{0,14}$/) });

export const toMs = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;

/** The first digits of the hash of a staff session: enough to tell people apart, and no key to anything. */
export const actorMark = (actor: Buffer | null): string | null => actor?.toString('hex').slice(0, 8) ?? null;
