// The question in DCQL and whether an answer fits it.
import { DcqlPresentationResult, DcqlQuery } from 'dcql';
import { problem } from '../../platform/problem.ts';
import { dcqlCredential } from '../credentials/credential-metadata.ts';
import type { CredentialType } from '../credentials/credential-type.ts';
import { vctOf } from '../credentials/credential-types.ts';
import { presentationLimits, type WantedClaim } from './presentation-request.ts';

export type PresentationQuery = DcqlQuery.Output;

/**
 * One credential of `type` with the wanted claims. Optional claims become claim sets, the fullest first, so that a wallet
 * shows as many of them as the credential has. Source: OpenID4VP 1.0, 6.1, 6.3 and 6.4.1.
 *
 * @throws REQUEST_INVALID when a claim is not of the type, appears twice, or too many are optional
 */
export function presentationQuery(
  type: CredentialType,
  publicUrl: string,
  claims: readonly WantedClaim[],
): PresentationQuery {
  const names = claims.map(({ name }) => name);
  if (names.length === 0 || new Set(names).size !== names.length || names.some((name) => !(name in type.claims))) {
    throw problem('REQUEST_INVALID', `claims: name each wanted claim of ${type.id} once`);
  }
  const optional = claims.filter((claim) => claim.optional === true).map(({ name }) => name);
  if (optional.length > presentationLimits.optionalClaims) {
    throw problem('REQUEST_INVALID', `claims: at most ${presentationLimits.optionalClaims} may be optional`);
  }
  const asked = dcqlCredential(type, publicUrl, names);
  const query = DcqlQuery.parse({
    credentials: [
      optional.length === 0
        ? asked
        : {
            ...asked,
            claims: names.map((name) => ({ id: name, path: [name] })),
            claim_sets: withoutSome(optional).map((left) => names.filter((name) => !left.includes(name))),
          },
    ],
  } as DcqlQuery.Input);
  DcqlQuery.validate(query);
  return query;
}

/** Every subset of `optional` that may be left out, the smallest first. */
function withoutSome(optional: readonly string[]): string[][] {
  let subsets: string[][] = [[]];
  for (const name of optional) subsets = [...subsets, ...subsets.map((subset) => [...subset, name])];
  return subsets.sort((left, right) => left.length - right.length);
}

/** Id of the one credential query. */
export function queryId(query: PresentationQuery): string {
  return query.credentials[0].id;
}

/** Whether `claims`, disclosed by a verified presentation of `type`, are what `query` wants. */
export function answersQuery(
  query: PresentationQuery,
  type: CredentialType,
  publicUrl: string,
  claims: Record<string, unknown>,
): boolean {
  const presentation = {
    credential_format: 'dc+sd-jwt' as const,
    vct: vctOf(type, publicUrl),
    // The library takes JSON values only, which a verdict's claims are.
    claims: claims as Record<string, string>,
    cryptographic_holder_binding: true,
  };
  return DcqlPresentationResult.fromDcqlPresentation({ [queryId(query)]: [presentation] }, { dcqlQuery: query })
    .can_be_satisfied;
}

/** The claims that were asked for and no others: what a wallet showed beyond the question is never kept. */
export function askedClaims(claims: Record<string, unknown>, wanted: readonly WantedClaim[]): Record<string, unknown> {
  return Object.fromEntries(wanted.filter(({ name }) => name in claims).map(({ name }) => [name, claims[name]]));
}
