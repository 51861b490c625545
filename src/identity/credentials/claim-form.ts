// A type's claims as fields of a form and columns of a table: what kind of input each takes, and what to write in it.
import { z } from 'zod';
import type { Bilingual, ClaimDescription, CredentialType } from './credential-type.ts';

export type FieldKind = 'text' | 'date' | 'choice' | 'number' | 'list' | 'yes_no';

export interface FormField {
  name: string;
  label: Bilingual;
  kind: FieldKind;
  required: boolean;
  /** What the form takes, for whoever fills it in. */
  rule: Bilingual;
  hint: Bilingual | null;
  /** Of a choice. */
  options: { value: string; label: Bilingual }[];
  longest_chars: number | null;
  least: number | null;
  most: number | null;
}

export interface CredentialForm {
  type: string;
  name: Bilingual;
  description: Bilingual;
  /** The claim an offer is filed under; null where the office gives a number of its own. */
  reference_claim: string | null;
  /** A field for each claim that is given; those worked out are in none. */
  fields: FormField[];
  /** What is worked out. */
  derived: Bilingual[];
}

interface JsonSchema {
  type?: string;
  format?: string;
  enum?: string[];
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

/** Of a schema that nothing changes: asked for each row of an import. */
const schemas = new WeakMap<z.ZodType, JsonSchema>();

function jsonSchema(schema: z.ZodType): JsonSchema {
  const known = schemas.get(schema);
  if (known !== undefined) return known;
  const made = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  schemas.set(schema, made);
  return made;
}

export function fieldKind({ schema }: ClaimDescription): FieldKind {
  const { type, format, enum: choices } = jsonSchema(schema);
  if (choices !== undefined) return 'choice';
  if (format === 'date') return 'date';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'yes_no';
  return type === 'array' ? 'list' : 'text';
}

/** What a claim takes, as a sentence that mends a wrong one. */
export function claimRule(claim: ClaimDescription): Bilingual {
  if (claim.hint && fieldKind(claim) === 'text') return claim.hint;
  const { enum: choices = [], maxLength, minimum, maximum } = jsonSchema(claim.schema);
  switch (fieldKind(claim)) {
    case 'choice':
      return { ko: `다음 가운데 하나를 적습니다: ${choices.join(', ')}`, en: `Write one of ${choices.join(', ')}.` };
    case 'date':
      return { ko: '날짜를 2026-03-01처럼 적습니다.', en: 'Write a day such as 2026-03-01.' };
    case 'number':
      return {
        ko: `${minimum}부터 ${maximum}까지의 수를 적습니다.`,
        en: `Write a number from ${minimum} to ${maximum}.`,
      };
    case 'list':
      return claim.hint ?? { ko: '쉼표로 나누어 적습니다.', en: 'Separate them by commas.' };
    case 'yes_no':
      return { ko: 'true 또는 false를 적습니다.', en: 'Write true or false.' };
    case 'text':
      return { ko: `${maxLength}자까지 적습니다.`, en: `Write at most ${maxLength} characters.` };
  }
}

export function credentialForm(type: CredentialType): CredentialForm {
  const all = Object.entries(type.claims);
  return {
    type: type.id,
    name: type.name,
    description: type.description,
    reference_claim: type.referenceClaim ?? null,
    fields: all.filter(([, { derive }]) => derive === undefined).map(([name, claim]) => formField(name, claim)),
    derived: all.filter(([, { derive }]) => derive !== undefined).map(([, { label }]) => label),
  };
}

function formField(name: string, claim: ClaimDescription): FormField {
  const { enum: choices = [], maxLength, minimum, maximum } = jsonSchema(claim.schema);
  return {
    name,
    label: claim.label,
    kind: fieldKind(claim),
    required: !claim.schema.safeParse(undefined).success,
    rule: claimRule(claim),
    hint: claim.hint ?? null,
    options: choices.map((value) => ({ value, label: claim.values?.[value] ?? { ko: value, en: value } })),
    longest_chars: maxLength ?? null,
    least: minimum ?? null,
    most: maximum ?? null,
  };
}

/**
 * A cell of a table or a field of a form as the claim it stands for; what can't be read stays text, and is then refused.
 *
 * @returns undefined where nothing was written
 */
export function claimOfText(kind: FieldKind, text: string): unknown {
  const trimmed = text.trim();
  if (kind === 'list') return trimmed === '' ? [] : trimmed.split(/[,;\s]+/).filter((part) => part !== '');
  if (trimmed === '') return undefined;
  if (kind === 'number') return /^-?\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed;
  if (kind === 'yes_no') return { true: true, false: false }[trimmed.toLowerCase()] ?? trimmed;
  return trimmed;
}
