// A registered verifier: who asks, why, what it may ask for, how long it keeps it, and where people go back to.
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import { credentialTypes } from '../credentials/credential-types.ts';

export const verifierLimits = {
  name_chars: 100,
  sentence_chars: 300,
  mayAsk: 20,
  returnOrigins: 10,
  certificate_chars: 20_000,
  clientId_chars: 500,
} as const;

const bilingual = (most_chars: number) =>
  z.object({ ko: z.string().min(1).max(most_chars), en: z.string().min(1).max(most_chars) });

const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  message: 'must be an origin such as https://library.example',
});

/** What is registered, as the operator writes it. */
export const verifierRegistrationSchema = z.strictObject({
  name: bilingual(verifierLimits.name_chars),
  purpose: bilingual(verifierLimits.sentence_chars),
  keeps: bilingual(verifierLimits.sentence_chars),
  may_ask: z
    .array(z.strictObject({ type: z.string(), claims: z.array(z.string()).min(1) }))
    .min(1)
    .max(verifierLimits.mayAsk),
  return_origins: z.array(origin).max(verifierLimits.returnOrigins).default([]),
  certificate: z.string().max(verifierLimits.certificate_chars).nullable().default(null),
  /**
   * Where it asks with software of its own: under which client id, and the origins of its requests, its answers and of what
   * it offers. The city's wallets then deal with it directly.
   */
  own_client: z
    .strictObject({
      client_id: z
        .string()
        .max(verifierLimits.clientId_chars)
        .regex(/^(x509_hash|decentralized_identifier):./, 'must begin with x509_hash: or decentralized_identifier:'),
      origins: z.array(origin).min(1).max(verifierLimits.returnOrigins),
    })
    .nullable()
    .default(null),
});

export type VerifierRegistration = z.output<typeof verifierRegistrationSchema>;

export interface RegisteredVerifier extends VerifierRegistration {
  id: string;
}

export const verifierIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

/** @throws REQUEST_INVALID where it would allow a type or a claim that there is not */
export function requireKnownClaims({ may_ask }: VerifierRegistration): void {
  for (const { type: id, claims } of may_ask) {
    const type = credentialTypes.find((candidate) => candidate.id === id);
    const unknown = type === undefined ? id : claims.find((claim) => !(claim in type.claims));
    if (unknown !== undefined) throw problem('REQUEST_INVALID', `may_ask: there is no '${unknown}'.`);
  }
}

/** @throws VERIFIER_ASKS_TOO_MUCH (names the claims it is not registered for) */
export function requireMayAsk(verifier: RegisteredVerifier, type: string, claims: readonly string[]): void {
  const allowed = verifier.may_ask.filter((asked) => asked.type === type).flatMap((asked) => asked.claims);
  const tooMuch = claims.filter((claim) => !allowed.includes(claim));
  if (tooMuch.length === 0 && allowed.length > 0) return;
  throw problem(
    'VERIFIER_ASKS_TOO_MUCH',
    `${verifier.id} is not registered to ask for ${tooMuch.join(', ') || type} of ${type}; register it or ask for less.`,
  );
}
