// What a bill is made of, in the order in which it is worked out: the components of a tariff and their lines.
import { z } from 'zod';
import { Exact } from './exact.ts';
import {
  aboveZero,
  anyAmount,
  identifier,
  lineBase,
  notNegative,
  peopleName,
  priceSteps,
  roundingStep,
  roundingSteps,
  scale,
  tariffLimits,
} from './tariff-values.ts';

const componentBase = {
  id: identifier,
  name: peopleName,
  optional: z.boolean().default(false).describe('whether a meter can be without it, such as sewer'),
  round: roundingSteps
    .prefault([{ to: 1, mode: 'down' }])
    .describe('rounding of the sum, in steps; whole won downwards without; [] keeps it exact for a later component'),
};

const lines = <Line extends z.ZodType>(line: Line) => z.array(line).min(1).max(tariffLimits.lines);
const parts = z
  .array(identifier)
  .min(1)
  .max(tariffLimits.components)
  .describe('components above that it is reckoned on');

const tier = z.strictObject({
  up_to_m3: aboveZero.optional().describe('the last m3 that the price is for; the last tier may go on without'),
  price: notNegative.describe('won per m3'),
  price_steps: priceSteps.optional(),
});
export type Tier = z.infer<typeof tier>;

const volumeLine = z
  .strictObject({
    ...lineBase,
    price: notNegative.optional().describe('won per m3, whatever the volume'),
    price_steps: priceSteps.optional().describe('what makes the unit price of `price`, in order'),
    tiers: z.array(tier).min(1).max(tariffLimits.tiers).optional(),
    whole_volume: z.boolean().default(false).describe('whether the price of the tier reached is for all of the volume'),
    free: z.literal(true).optional().describe('no charge for these classes'),
    at_least_m3: aboveZero.optional().describe('volume that is charged even where less was used'),
    scale: scale
      .default(['months', 'households'])
      .describe('what widens the tiers and at_least_m3; [] where the table is for the whole bill'),
    shares: z
      .strictObject({
        by: z
          .array(z.enum(['months', 'households']))
          .min(1)
          .max(2)
          .describe('one share for each month, each household, or each month of each household'),
        to_m3: aboveZero.describe('unit that a share is whole in'),
        remainder: z.enum(['last', 'spread']).describe('what is left over: all to the last share, or one unit each'),
        round: roundingSteps.default([]).describe('rounding of each share'),
      })
      .optional()
      .describe('cuts the volume into shares that are priced one by one, instead of widening the tiers'),
  })
  .refine((line) => [line.price, line.tiers, line.free].filter((way) => way !== undefined).length === 1, {
    error: 'a line has just one of price, tiers, free: true',
  })
  .refine((line) => line.price_steps === undefined || line.price !== undefined, {
    error: 'price_steps goes with price; a tier has its own',
  })
  .refine((line) => !line.whole_volume || line.tiers !== undefined, { error: 'whole_volume goes with tiers' });
export type VolumeLine = z.infer<typeof volumeLine>;

const volumeComponent = z.strictObject({
  ...componentBase,
  kind: z.literal('volume').describe('a price per m3: water, sewer, levy'),
  volume: z
    .strictObject({
      percent: aboveZero.describe("of the meter's volume, class by class"),
      round: roundingStep.optional().describe('of each part; exact without'),
    })
    .optional()
    .describe('what of the volume it is for, such as 95 percent that reach the sewer; a volume given for it stays'),
  lines: lines(volumeLine),
});
export type VolumeComponent = z.infer<typeof volumeComponent>;

const fixedLine = z
  .strictObject({
    ...lineBase,
    amount: notNegative.optional().describe('won, whatever the bore'),
    by_bore: z
      .record(z.string().regex(/^\d{1,4}$/, { error: 'write the bore in mm, such as 13' }), notNegative)
      .refine((table) => Object.keys(table).length > 0, { error: 'the table is empty' })
      .optional()
      .describe('won for each bore in mm'),
    per: scale.default(['months']).describe('what it is multiplied by; [] for once a bill'),
  })
  .refine((line) => (line.amount === undefined) !== (line.by_bore === undefined), {
    error: 'a line has just one of amount, by_bore',
  });
export type FixedLine = z.infer<typeof fixedLine>;

const fixedComponent = z.strictObject({
  ...componentBase,
  kind: z.literal('fixed').describe('a sum whatever the volume: 구경별 정액요금'),
  lines: lines(fixedLine),
});
export type FixedComponent = z.infer<typeof fixedComponent>;

const percentLine = z.strictObject({ ...lineBase, percent: anyAmount.describe('of what `of` names') });

const percentComponent = z.strictObject({
  ...componentBase,
  kind: z.literal('percent').describe('a part of other components: a tax, a surcharge'),
  of: parts,
  lines: lines(percentLine),
});
export type PercentComponent = z.infer<typeof percentComponent>;

const limitLine = z
  .strictObject({
    ...lineBase,
    at_least: notNegative.optional().describe('won: what is missing is added'),
    at_most: notNegative.optional().describe('won: what is over is taken off'),
    per: scale.default(['months']),
  })
  .refine((line) => line.at_least !== undefined || line.at_most !== undefined, {
    error: 'a limit has at_least, at_most or both',
  });

export type LimitLine = z.infer<typeof limitLine>;

const limitComponent = z.strictObject({
  ...componentBase,
  kind: z.literal('limit').describe('a least or a most of other components together: a minimum charge'),
  of: parts,
  lines: lines(limitLine),
});
export type LimitComponent = z.infer<typeof limitComponent>;

const reductionLine = z
  .strictObject({
    ...lineBase,
    percent: notNegative
      .refine((value) => value.compare(Exact.whole(100)) <= 0, { error: 'must not be above 100' })
      .optional()
      .describe('of the charge'),
    m3: aboveZero.optional().describe('the charge of so many m3'),
    m3_from: z.enum(['first', 'last']).default('first').describe('the m3 of the lowest or of the highest tiers'),
    amount: aboveZero.optional().describe('won'),
    at_least: notNegative.optional().describe('won that are taken off even where it would be less'),
    at_most: notNegative.optional().describe('cap in won'),
    per: scale.default(['months']).describe('what m3, amount, at_least and at_most are multiplied by'),
  })
  .refine((line) => [line.percent, line.m3, line.amount].filter((way) => way !== undefined).length === 1, {
    error: 'a reduction has just one of percent, m3, amount',
  });
export type ReductionLine = z.infer<typeof reductionLine>;

const reductionComponent = z.strictObject({
  ...componentBase,
  kind: z.literal('reduction').describe('감면: less for those who prove something'),
  predicate: identifier.describe('the name of what a credential has to prove'),
  of: parts,
  group: identifier.optional().describe('of the reductions of one group only the largest counts'),
  on: z
    .enum(['charge', 'remainder'])
    .default('charge')
    .describe('whether percent is of the charge, or of what reductions above left of it'),
  lines: lines(reductionLine),
});
export type ReductionComponent = z.infer<typeof reductionComponent>;

const roundingComponent = z.strictObject({
  ...componentBase,
  kind: z.literal('rounding').describe('rounds other components together; what that changes is its amount'),
  of: parts,
});
export type RoundingComponent = z.infer<typeof roundingComponent>;

export const component = z.discriminatedUnion(
  'kind',
  [volumeComponent, fixedComponent, percentComponent, limitComponent, reductionComponent, roundingComponent],
  { error: 'kind is one of volume, fixed, percent, limit, reduction, rounding' },
);
export type TariffComponent = z.infer<typeof component>;
type LineOf<Component> = Component extends { lines: (infer Line)[] } ? Line : never;
export type TariffLine = LineOf<TariffComponent>;

/** Of every component; of a rounding there are none. */
export function linesOf(components: readonly TariffComponent[]): TariffLine[] {
  return components.flatMap((one): readonly TariffLine[] => (one.kind === 'rounding' ? [] : one.lines));
}
