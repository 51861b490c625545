// An entry of a credential in a Bitstring Status List, as a credential carries it. Source: Bitstring Status List 1.0, 2.1.
import { z } from 'zod';
import { oneOrMany, url } from './vc-terms.ts';

/** Of a status; more would make lists that nobody can keep. */
const SIZE_bits = 8;

const messageSchema = z.looseObject({ status: z.string().regex(/^0x[0-9a-fA-F]{1,2}$/), message: z.string().min(1) });

const entrySchema = z
  .looseObject({
    id: url.optional(),
    type: z.literal('BitstringStatusListEntry'),
    statusPurpose: z.string().min(1).max(64),
    statusListIndex: z.string().regex(/^(0|[1-9]\d{0,14})$/, 'must be a whole number from 0, written in digits'),
    statusListCredential: url,
    statusSize: z.int().min(1).max(SIZE_bits).default(1),
    statusMessage: z.array(messageSchema).optional(),
    statusReference: oneOrMany(url).optional(),
  })
  .refine(({ id, statusListCredential }) => id !== statusListCredential, {
    path: ['id'],
    message: 'must not be the address of the list',
  })
  .refine(({ statusSize, statusMessage }) => statusSize === 1 || statusMessage !== undefined, {
    path: ['statusMessage'],
    message: 'must be there where statusSize is more than 1',
  })
  .refine(({ statusSize, statusMessage }) => statusMessage === undefined || statusMessage.length === 2 ** statusSize, {
    path: ['statusMessage'],
    message: 'must have a message for each value a status can take',
  });

export interface StatusEntryReference {
  purpose: string;
  /** Address of the list's credential. */
  list: string;
  index: number;
  size_bits: number;
  /** What the values mean, by value; only of purpose `message`. */
  messages: ReadonlyMap<number, string>;
}

/** @returns the entry, or what is wrong with it */
export function readStatusEntry(value: unknown): StatusEntryReference | string {
  const read = entrySchema.safeParse(value);
  if (!read.success) {
    const issue = read.error.issues[0];
    return `${issue?.path.join('/') || 'entry'} ${issue?.message ?? 'is invalid'}`;
  }
  const { statusPurpose, statusListCredential, statusListIndex, statusSize, statusMessage } = read.data;
  return {
    purpose: statusPurpose,
    list: statusListCredential,
    index: Number(statusListIndex),
    size_bits: statusSize,
    messages: new Map((statusMessage ?? []).map(({ status, message }) => [Number(status), message])),
  };
}
