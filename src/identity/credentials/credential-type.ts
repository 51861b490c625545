// The shape of a credential type: the one description that metadata, display, contexts and queries derive from.
import type { z } from 'zod';

/** A text in the two languages every page has. */
export interface Bilingual {
  ko: string;
  en: string;
}

interface ClaimDescription {
  label: Bilingual;
  /** The value's form. Optional claims are optional here. */
  schema: z.ZodType;
  /** JSON-LD: IRI of the term, and the XSD or JSON-LD type of its value where it is not a plain string. */
  term: { iri: `urn:naru:vocab:${string}`; type?: 'xsd:date' | 'xsd:boolean' };
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
  /** In the order in which they are shown. */
  claims: Readonly<Record<string, ClaimDescription>>;
}
