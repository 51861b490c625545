// The list of registered verifiers as wallets read it: signed with the key of the service's DID, so that a wallet knows who
// asks and what they may ask from somebody other than who asks.
import { z } from 'zod';

/** `typ` of the signed list. */
export const verifierListType = 'naru-verifiers+jwt';

const bilingual = z.object({ ko: z.string(), en: z.string() });

export const verifierListSchema = z.object({
  iss: z.string(),
  iat: z.number(),
  exp: z.number(),
  verifiers: z.array(
    z.object({
      id: z.string(),
      /** The names under which it may ask. */
      client_ids: z.array(z.string()),
      /** Where software of its own asks, is answered, and offers credentials; none where this service asks for it. */
      origins: z.array(z.string()),
      name: bilingual,
      keeps: bilingual,
      /** `vct` of the credentials and names of their claims. */
      may_ask: z.array(z.object({ vct: z.string(), claims: z.array(z.string()) })),
    }),
  ),
});

export type VerifierList = z.output<typeof verifierListSchema>;
