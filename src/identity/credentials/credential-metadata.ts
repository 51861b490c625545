// What others need to know of a credential type, derived from its one description: metadata, display, query.
import type { Bilingual, CredentialType } from './credential-type.ts';
import { vctOf } from './credential-types.ts';

interface Display {
  name: string;
  locale: 'ko' | 'en';
  description?: string;
}

function displays(name: Bilingual, description?: Bilingual): Display[] {
  return (['ko', 'en'] as const).map((locale) => ({
    name: name[locale],
    locale,
    ...(description ? { description: description[locale] } : {}),
  }));
}

/** Type metadata served at the `vct`. Source: draft-ietf-oauth-sd-jwt-vc, section 6. */
export function sdJwtVcTypeMetadata(type: CredentialType, publicUrl: string) {
  return {
    vct: vctOf(type, publicUrl),
    name: type.name.en,
    description: type.description.en,
    display: displays(type.name, type.description),
    claims: Object.entries(type.claims).map(([name, { label, schema }]) => ({
      path: [name],
      display: (['ko', 'en'] as const).map((locale) => ({ locale, label: label[locale] })),
      mandatory: !schema.safeParse(undefined).success,
      sd: 'always' as const,
    })),
  };
}

/** `credential_metadata` of an issuer's metadata, but for where the claims stand. Source: OpenID4VCI 1.0, 12.2.4 and B.2. */
export function credentialMetadata(type: CredentialType) {
  return {
    display: displays(type.name, type.description),
    claims: Object.entries(type.claims).map(([name, { label, schema }]) => ({
      name,
      mandatory: !schema.safeParse(undefined).success,
      display: displays(label),
    })),
  };
}

/**
 * One credential of a DCQL query asking for `claims` (all of the type's where none are named).
 * Source: OpenID4VP 1.0, 6.1 and B.3.
 */
export function dcqlCredential(type: CredentialType, publicUrl: string, claims = Object.keys(type.claims)) {
  return {
    id: type.id.replaceAll('-', '_'),
    format: 'dc+sd-jwt' as const,
    meta: { vct_values: [vctOf(type, publicUrl)] },
    claims: claims.map((name) => ({ path: [name] })),
  };
}

/** Under which name contexts define a credential's type. */
function typeIri({ w3cName }: CredentialType): string {
  return `urn:naru:vocab:${w3cName}`;
}

/** Types of a W3C credential as DCQL has them, fully expanded. Source: OpenID4VP 1.0, B.1.1. */
export function expandedTypes(type: CredentialType): string[] {
  return ['https://www.w3.org/2018/credentials#VerifiableCredential', typeIri(type)];
}

/** Naru's own JSON-LD context, with the terms of every type. */
export function jsonLdContext(types: readonly CredentialType[]): { '@context': Record<string, unknown> } {
  const terms: Record<string, unknown> = {};
  for (const type of types) {
    terms[type.w3cName] = typeIri(type);
    for (const [name, { term }] of Object.entries(type.claims)) {
      terms[name] = term.type ? { '@id': term.iri, '@type': term.type } : term.iri;
    }
  }
  return { '@context': { '@protected': true, xsd: 'http://www.w3.org/2001/XMLSchema#', ...terms } };
}
