// As what a credential is served: as application/vc, unless who asks only knows JSON.
// Source: Verifiable Credentials Data Model 2.0, 6.2.1 (application/vc is JSON-LD, and that is JSON).

const known = ['application/vc', 'application/ld+json', 'application/json'] as const;

/** @param accept the header, where there is one */
export function credentialMediaType(accept: string | undefined): (typeof known)[number] {
  const named = (accept ?? '').split(',').map((range) => range.split(';')[0]?.trim().toLowerCase() ?? '');
  return known.find((type) => named.includes(type)) ?? 'application/vc';
}
