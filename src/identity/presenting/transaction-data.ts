// Texts that a holder signs along with a presentation: how they are sent, and the hashes that sign them.
// Source: OpenID4VP 1.0, 5.1 (`transaction_data`), 8.4 and B.3.3.
import { base64url } from 'jose';
import { z } from 'zod';
import { sdJwtHasher } from '../credentials/sd-jwt-vc.ts';
import { queryIdOf } from './presentation-query.ts';
import type { TransactionText, WantedCredential } from './presentation-request.ts';

/** The one type of transaction that verifiers of this service ask to be signed: a text the wallet shows whole. */
export const signedTextType = 'urn:naru:signed-text:1';

const bilingual = z.strictObject({ ko: z.string(), en: z.string() });
/** Strict: an entry with members that are not known is refused. Source: OpenID4VP 1.0, 8.5 (`invalid_transaction_data`). */
const signedTextSchema = z.strictObject({
  type: z.literal(signedTextType),
  credential_ids: z.array(z.string()).min(1),
  transaction_data_hashes_alg: z.array(z.string()).optional(),
  title: bilingual,
  text: bilingual,
});

export type SignedText = z.output<typeof signedTextSchema>;

/** As entries of `transaction_data`; what is hashed is the entry as it is sent. */
export function encodeTransactions(
  texts: readonly TransactionText[],
  credentials: readonly WantedCredential[],
): string[] {
  return texts.map(({ title, text, credential }) => {
    const signer = credential ?? (credentials[0] === undefined ? '' : queryIdOf(credentials[0]));
    const content: SignedText = {
      type: signedTextType,
      credential_ids: [signer],
      transaction_data_hashes_alg: ['sha-256'],
      title,
      text,
    };
    return base64url.encode(new TextEncoder().encode(JSON.stringify(content)));
  });
}

/** What an entry says, null where it is of a type, or has a form, that is not known here. */
export function readTransaction(entry: string): SignedText | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(entry));
    return signedTextSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The hash that signs an entry. */
export function transactionHash(entry: string): string {
  return base64url.encode(sdJwtHasher(entry));
}
