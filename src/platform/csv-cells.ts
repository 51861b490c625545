// What the cells of a CSV list may hold: schemas from text, with messages that go behind "line 7, bore_mm: ".
import { z } from 'zod';

export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'is not a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `is not between ${least} and ${most}`);

export const shortText = (most: number) => z.string().min(1, 'is empty').max(most, `is longer than ${most} characters`);

export const identifier = z.string().regex(/^[\w.:-]{1,64}$/, 'is not 1 to 64 of A-Z a-z 0-9 _ . : -');

/** Of a calendar that the reader knows: 2026-03-01. */
export const day = z.iso.date({ error: 'is not a day such as 2026-03-01' });

/** ISO 8601 with its zone, to milliseconds since 1970. */
export const instant = z.iso
  .datetime({ offset: true, error: 'is not an instant such as 2026-03-01T09:00:00+09:00' })
  .transform((text) => Date.parse(text));
