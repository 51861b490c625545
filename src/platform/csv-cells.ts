// What the cells of a CSV list may hold: schemas from text, each refusal with the fault that is told of the cell.
import { z } from 'zod';
import { csvFault } from './csv-faults.ts';
import type { Fault } from './fault-texts.ts';

/** For `refine`: the first fault of a cell ends its reading. */
export const told = (fault: Fault) => ({ error: fault.problem, params: { fault }, abort: true });

/** The fault that a cell was refused with. */
export function toldFault(error: z.ZodError): Fault {
  const [issue] = error.issues;
  return (issue?.code === 'custom' && (issue.params?.fault as Fault | undefined)) || csvFault('wrong');
}

export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text), told(csvFault('not_whole_number')))
    .transform(Number)
    .refine((value) => value >= least && value <= most, told(csvFault('not_between', { least, most })));

export const shortText = (most: number) =>
  z
    .string()
    .refine((text) => text !== '', told(csvFault('empty')))
    .refine((text) => text.length <= most, told(csvFault('too_long', { most })));

export const identifier = z.string().refine((text) => /^[\w.:-]{1,64}$/.test(text), told(csvFault('not_identifier')));

export const oneOf = <Choice extends string>(choices: readonly Choice[]) =>
  z
    .string()
    .refine(
      (text) => choices.some((one) => one === text),
      told(csvFault('not_one_of', { choices: choices.join(', ') })),
    )
    .transform((text) => text as Choice);

/** Of a calendar that the reader knows: 2026-03-01. */
export const day = z.string().refine((text) => z.iso.date().safeParse(text).success, told(csvFault('not_day')));

/** ISO 8601 with its zone, to milliseconds since 1970. */
export const instant = z
  .string()
  .refine((text) => z.iso.datetime({ offset: true }).safeParse(text).success, told(csvFault('not_instant')))
  .transform((text) => Date.parse(text));
