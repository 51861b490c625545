// The smallest pieces of a tariff file: names, decimals, dates, rounding steps and prices that are worked out in steps.
import { z } from 'zod';
import { isDate } from './billing-dates.ts';
import { Exact } from './exact.ts';
import { roundingModes } from './rounding.ts';
import { tariffName } from './tariff-names.ts';

/** Bounds on what a file may hold. */
export const tariffLimits = {
  file_bytes: 1_048_576,
  classes: 64,
  components: 64,
  lines: 512,
  tiers: 64,
  steps: 8,
  indices: 32,
  indexValues: 1_200,
  mixes: 64,
  counts: 16,
  bores: 64,
} as const;

export const identifier = z
  .string()
  .regex(tariffName, { error: 'write a short name of a-z, 0-9, - and _ that begins with a letter' });

/** What is said of a value of a wrong kind, or of none. */
function missingOr(message: string): (issue: { input?: unknown }) => string {
  return ({ input }) => (input === undefined ? 'is missing' : message);
}

/** What people read, in both languages of the bills. */
export const peopleName = z.strictObject(
  { ko: z.string().min(1).max(200), en: z.string().min(1).max(200) },
  { error: missingOr('write it in both languages: { ko: 가정용, en: domestic }') },
);

const notDecimal = 'write a number such as 170 or 0.876; in quotes where it has more than 15 digits';

/**
 * A decimal as it is written. JavaScript reads a number of up to 15 digits and writes the same one again, so that a number
 * in the file is taken as its digits; more digits than that have to be quoted.
 */
const decimal = z
  .union([z.number(), z.string()], { error: missingOr(notDecimal) })
  .transform((written, context): Exact => {
    const text = String(written);
    const tooLong = typeof written === 'number' && text.replace(/[-.]/g, '').length > 15;
    const read = tooLong ? null : Exact.parse(text);
    if (read !== null) return read;
    context.issues.push({ code: 'custom', input: written, message: notDecimal });
    return z.NEVER;
  });

export const anyAmount = decimal;
export const notNegative = decimal.refine((value) => value.sign() >= 0, { error: 'must not be below 0' });
export const aboveZero = decimal.refine((value) => value.sign() > 0, { error: 'must be above 0' });

export const date = z
  .string({ error: missingOr('write a date as 2024-10-01') })
  .refine(isDate, { error: 'write a date of the calendar as 2024-10-01' });

export const month = z.string().regex(/^(19|20|21)\d\d-(0[1-9]|1[0-2])$/, { error: 'write a month as 2025-02' });

export const roundingStep = z.strictObject({
  to: aboveZero.describe('the unit: 0.1, 1, 10'),
  mode: z.enum(roundingModes).describe('down 절사, up 절상, half_up 반올림, half_even'),
});

export const roundingSteps = z
  .array(roundingStep, { error: missingOr('write a list of steps: [{ to: 10, mode: down }]') })
  .max(tariffLimits.steps);

/** Steps that make a unit price of a base price, in order. */
const priceStep = z
  .strictObject({
    times: notNegative.optional().describe('multiplies by this'),
    times_index: identifier.optional().describe('multiplies by the value of this index for the month'),
    plus: anyAmount.optional().describe('adds this, or takes it off where negative'),
    round: roundingStep.optional(),
  })
  .refine((step) => Object.values(step).filter((part) => part !== undefined).length === 1, {
    error: 'a step is just one of times, times_index, plus, round',
  });
export type PriceStep = z.infer<typeof priceStep>;

export const priceSteps = z.array(priceStep).max(tariffLimits.steps);

/** What an amount is multiplied by: months, households, days, and counts of the tariff. */
export const scale = z.array(identifier).max(4);

/** When a line counts: days of use and days of billing, the first that does and the first that no longer does. */
export const period = {
  use_from: date.optional().describe('first day of use that the line is for'),
  use_until: date.optional().describe('first day of use that it is no longer for'),
  billed_from: date.optional().describe('first date of a bill that the line is for'),
  billed_until: date.optional().describe('first date of a bill that it is no longer for'),
};

export const lineBase = {
  id: identifier.describe('the name that a bill names the line by; once in the file'),
  classes: z
    .array(identifier)
    .min(1)
    .max(tariffLimits.classes)
    .optional()
    .describe('the classes it is for; all without'),
  bores_mm: z
    .array(z.int().min(1).max(3_000))
    .min(1)
    .max(tariffLimits.bores)
    .optional()
    .describe('the meter bores it is for; all without'),
  ...period,
  verified: z.boolean().optional().describe("whether the figures were seen at the source; the tariff's own without"),
  source: z.string().min(1).max(500).optional().describe('where the line is published, if not where the tariff is'),
};
