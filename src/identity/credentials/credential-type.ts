// The shape of a credential type: the one description that metadata, display, contexts, queries and forms derive from.
import type { z } from 'zod';
import type { StaffDuty } from './staff-duty.ts';

/** A text in the two languages every page has. */
export interface Bilingual {
  ko: string;
  en: string;
}

type Claims = Readonly<Record<string, unknown>>;

export interface ClaimDescription {
  label: Bilingual;
  /** The value's form. Optional claims are optional here. */
  schema: z.ZodType;
  /** JSON-LD: IRI of the term, and the XSD or JSON-LD type of its value where it is not a plain string. */
  term: { iri: `urn:naru:vocab:${string}`; type?: 'xsd:date' | 'xsd:boolean' | 'xsd:integer' };
  /** What to write, where the form alone does not say it. */
  hint?: Bilingual;
  /** What a verifier needs it for, as the wallet tells its holder. */
  use?: Bilingual;
  /** What follows a number as people read it. */
  unit?: Bilingual;
  /** The words for the values of a choice. */
  values?: Readonly<Record<string, Bilingual>>;
  /**
   * Worked out at issue from the claims that are given; such a claim is never typed in.
   * `today`: the calendar day of the issue in Seoul, YYYY-MM-DD.
   */
  derive?: (given: Claims, today: string) => unknown;
}

export interface CredentialType {
  /** Kebab-case, stable: ends `vct`, and names the type in every API. */
  id: string;
  /** Type name in W3C credentials. */
  w3cName: string;
  name: Bilingual;
  description: Bilingual;
  /** From issue to expiry. */
  validity_days: number;
  /** A date claim with whose day the credential ends, where that comes before `validity_days`. */
  endsWith?: string;
  /** The claim that says what an offer is for; offers of other types are filed under a number of the office. */
  referenceClaim?: string;
  /** Who at the desk may offer and end it, beside administrators; where nobody, it is not offered at the desk at all. */
  offeredBy: readonly StaffDuty[];
  /** In the order in which they are shown. */
  claims: Readonly<Record<string, ClaimDescription>>;
}
