// A tariff as data: what a file of tariffs/ may hold. docs/tariffs.md says it for people.
import { z } from 'zod';
import { Exact } from './exact.ts';
import { component } from './tariff-components.ts';
import {
  aboveZero,
  date,
  identifier,
  month,
  notNegative,
  peopleName,
  roundingStep,
  roundingSteps,
  tariffLimits,
} from './tariff-values.ts';

const source = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).optional(),
    document: z.string().min(1).max(500).optional().describe('ordinance, gazette or notice'),
    as_of: date.describe('the day the source said so'),
    note: z.string().min(1).max(1_000).optional(),
  })
  .refine((from) => from.url !== undefined || from.document !== undefined, {
    error: 'a source has a url or a document',
  });

/** A figure that changes from month to month: a coefficient, the river's BOD. */
const index = z
  .strictObject({
    name: peopleName,
    month_of: z.enum(['billing', 'use']).describe("whose month counts: the bill's or the first day of use's"),
    holds: z.boolean().describe('whether a value holds until the next one, or is for its month alone'),
    values: z
      .record(month, notNegative)
      .default({})
      .describe('the value of each month, or from each month on; a bill can be given one that is not here'),
    bands: z
      .array(z.strictObject({ up_to: notNegative.optional(), value: notNegative }))
      .min(1)
      .max(tariffLimits.tiers)
      .optional()
      .describe('turns a measured value into the factor: the first band that it does not exceed'),
  })
  .refine((one) => Object.keys(one.values).length <= tariffLimits.indexValues, { error: 'too many values' });

const mix = z
  .strictObject({
    main: identifier.describe("the meter's class, which gets what is left"),
    with: identifier.describe('the other class on the meter'),
    m3_per_household: aboveZero.optional().describe('what each of its households gets of the volume, a month'),
    percent: aboveZero
      .refine((value) => value.compare(Exact.whole(100)) <= 0, { error: 'must not be above 100' })
      .optional()
      .describe('its part of the volume'),
    by_units: z
      .literal(true)
      .optional()
      .describe('the volume is divided evenly by households and units of both classes'),
  })
  .refine((one) => [one.m3_per_household, one.percent, one.by_units].filter((way) => way !== undefined).length === 1, {
    error: 'a mix has just one of m3_per_household, percent, by_units: true',
  });

export const tariffSchema = z.strictObject({
  $schema: z.string().optional(),
  naru_tariff: z.literal(1, { error: 'write naru_tariff: 1, the version of this language' }),
  id: identifier,
  name: peopleName,
  verified: z.boolean().describe('whether the figures were seen at the source'),
  sources: z.array(source).min(1).max(tariffLimits.lines),
  currency: z.literal('KRW', { error: 'write KRW, or leave it out; amounts are won' }).default('KRW'),
  time_zone: z.string().min(1).max(64).default('Asia/Seoul').describe('whose calendar the days are of'),
  classes: z
    .record(identifier, peopleName)
    .refine((all) => Object.keys(all).length >= 1 && Object.keys(all).length <= tariffLimits.classes, {
      error: `between 1 and ${tariffLimits.classes} classes`,
    }),
  volume: z
    .strictObject({ round: roundingStep })
    .prefault({ round: { to: 1, mode: 'down' } })
    .describe('what is charged of a measured volume in m3; whole m3 downwards without'),
  price_change: z
    .strictObject({
      divide: z
        .enum(['by_days', 'by_use', 'first_day', 'last_day'])
        .describe('by_days: in proportion; by_use: as measured; first_day, last_day: the line of that day for all'),
      round: roundingStep.optional().describe('makes the parts of the volume whole; the last gets the rest'),
    })
    .optional()
    .describe('how a bill whose days of use span two lines is divided; without, such a bill is refused'),
  indices: z
    .record(identifier, index)
    .default({})
    .refine((all) => Object.keys(all).length <= tariffLimits.indices, { error: 'too many indices' }),
  counts: z
    .record(identifier, z.strictObject({ name: peopleName }))
    .default({})
    .refine((all) => Object.keys(all).length <= tariffLimits.counts, { error: 'too many counts' })
    .describe('numbers of a place that tiers or amounts go by, such as its persons; each bill is given them'),
  mixes: z.array(mix).max(tariffLimits.mixes).default([]),
  components: z.array(component).min(1).max(tariffLimits.components),
  total: z
    .strictObject({ round: roundingSteps.min(1) })
    .prefault({ round: [{ to: 1, mode: 'down' }] })
    .describe('rounding of the sum of all components; whole won downwards without'),
});

export type Tariff = z.infer<typeof tariffSchema>;

/** The JSON Schema of a tariff file, for editors. Source: JSON Schema 2020-12. */
export function tariffJsonSchema(): unknown {
  return z.toJSONSchema(tariffSchema, { io: 'input' });
}
