// The question in DCQL and whether an answer fits it.
import { DcqlPresentationResult, DcqlQuery } from 'dcql';
import { problem } from '../../platform/problem.ts';
import { dcqlCredential, expandedTypes } from '../credentials/credential-metadata.ts';
import type { CredentialType } from '../credentials/credential-type.ts';
import { credentialType, doctypeOf, vctOf } from '../credentials/credential-types.ts';
import { type AskedFormat, presentationLimits, type Wanted, type WantedCredential } from './presentation-request.ts';

export type PresentationQuery = DcqlQuery.Output;

const idForm = /^[A-Za-z0-9_-]{1,64}$/;

/** Id of a credential query. */
export function queryIdOf({ id, type }: WantedCredential): string {
  return id ?? type.replaceAll('-', '_');
}

/**
 * The wanted credentials as a query. Optional claims become claim sets, the fullest first, so that a wallet shows as many
 * of them as the credential has. Source: OpenID4VP 1.0, 6.1 to 6.4.
 *
 * @throws REQUEST_INVALID when a claim is not of its type, appears twice, or too much is asked at once
 */
export function presentationQuery(wanted: Wanted, publicUrl: string): PresentationQuery {
  const { credentials, sets } = wanted;
  const ids = credentials.map(queryIdOf);
  if (credentials.length === 0 || credentials.length > presentationLimits.credentials) {
    throw problem('REQUEST_INVALID', `credentials: ask for 1 to ${presentationLimits.credentials}`);
  }
  if (new Set(ids).size !== ids.length || !ids.every((id) => idForm.test(id))) {
    throw problem('REQUEST_INVALID', 'credentials: give each an id of its own, of letters, digits, - and _');
  }
  if (sets?.some(({ options }) => options.flat().some((id) => !ids.includes(id)))) {
    throw problem('REQUEST_INVALID', 'sets: an option names a credential that is not asked for');
  }
  const query = DcqlQuery.parse({
    credentials: credentials.map((credential) => credentialQuery(credential, publicUrl)),
    ...(sets === undefined
      ? {}
      : { credential_sets: sets.map(({ options, required }) => ({ options, required: required ?? true })) }),
  } as DcqlQuery.Input);
  DcqlQuery.validate(query);
  return query;
}

/** Formats that bring certificates of their issuer. */
const certified: ReadonlySet<AskedFormat> = new Set(['dc+sd-jwt', 'mso_mdoc']);

/** Source: OpenID4VP 1.0, B.1.1, B.2.3 and B.3.5. */
function askedShape(format: AskedFormat, type: CredentialType, publicUrl: string, names: string[]) {
  if (format === 'dc+sd-jwt') return dcqlCredential(type, publicUrl, names);
  if (format === 'mso_mdoc') return { format, meta: { doctype_value: doctypeOf(type) } };
  return { format, meta: { type_values: [expandedTypes(type)] } };
}

function pathOf(format: AskedFormat, type: CredentialType, name: string): string[] {
  if (format === 'dc+sd-jwt') return [name];
  return [format === 'mso_mdoc' ? doctypeOf(type) : 'credentialSubject', name];
}

/** A verified credential as the library matches it to the question. */
function answerShape(format: AskedFormat, type: CredentialType, publicUrl: string, claims: Record<string, string>) {
  if (format === 'dc+sd-jwt') return { credential_format: format, vct: vctOf(type, publicUrl), claims };
  if (format === 'mso_mdoc') {
    const doctype = doctypeOf(type);
    return { credential_format: format, doctype, namespaces: { [doctype]: claims } };
  }
  return { credential_format: format, type: expandedTypes(type), claims: { credentialSubject: claims } };
}

function credentialQuery(wanted: WantedCredential, publicUrl: string) {
  const type = credentialType(wanted.type);
  const { claims } = wanted;
  const names = claims.map(({ name }) => name);
  if (names.length === 0 || new Set(names).size !== names.length || names.some((name) => !(name in type.claims))) {
    throw problem('REQUEST_INVALID', `claims: name each wanted claim of ${type.id} once`);
  }
  const optional = claims.filter((claim) => claim.optional === true).map(({ name }) => name);
  if (optional.length > presentationLimits.optionalClaims) {
    throw problem('REQUEST_INVALID', `claims: at most ${presentationLimits.optionalClaims} may be optional`);
  }
  const { format = 'dc+sd-jwt' } = wanted;
  const brings = certified.has(format);
  if (!brings && wanted.trusted_authorities !== undefined) {
    throw problem(
      'REQUEST_INVALID',
      'trusted_authorities: W3C credentials bring no certificates; ask for dc+sd-jwt or mso_mdoc',
    );
  }
  return {
    ...askedShape(format, type, publicUrl, names),
    id: queryIdOf(wanted),
    ...(wanted.multiple === true ? { multiple: true } : {}),
    ...(wanted.trusted_authorities === undefined ? {} : { trusted_authorities: authoritiesOf(wanted) }),
    claims: claims.map(({ name, values }) => ({
      ...(optional.length === 0 ? {} : { id: name }),
      path: pathOf(format, type, name),
      ...(values === undefined ? {} : { values }),
    })),
    ...(optional.length === 0
      ? {}
      : { claim_sets: withoutSome(optional).map((left) => names.filter((name) => !left.includes(name))) }),
  };
}

/** @throws REQUEST_INVALID for a type that is not `aki`, and for what is no key identifier */
function authoritiesOf({ trusted_authorities: authorities = [] }: WantedCredential) {
  return authorities.map(({ type, values }) => {
    if (type !== 'aki') {
      throw problem(
        'REQUEST_INVALID',
        'trusted_authorities: only `aki` is asked for here, the key identifier of a certificate; federations and trusted lists are not followed',
      );
    }
    if (!values.every((value) => /^[A-Za-z0-9_-]{2,86}$/.test(value))) {
      throw problem('REQUEST_INVALID', 'trusted_authorities: write key identifiers in base64url, without padding');
    }
    return { type, values } as const;
  });
}

/** Key identifiers of the authorities of which one must have certified the issuer; undefined for no matter which. */
export function wantedAuthorities({ trusted_authorities: authorities }: WantedCredential): string[] | undefined {
  return authorities?.flatMap(({ values }) => values);
}

/** Every subset of `optional` that may be left out, the smallest first. */
function withoutSome(optional: readonly string[]): string[][] {
  let subsets: string[][] = [[]];
  for (const name of optional) subsets = [...subsets, ...subsets.map((subset) => [...subset, name])];
  return subsets.sort((left, right) => left.length - right.length);
}

/** Whether what verified presentations disclosed, by query id, is what `wanted` asks for. */
export function answersQuery(
  wanted: Wanted,
  publicUrl: string,
  disclosed: Record<string, Record<string, unknown>[]>,
): boolean {
  // Whose certificates they bring, the verdict on each has said.
  const credentials = wanted.credentials.map(({ trusted_authorities: _judged, ...rest }) => rest);
  const query = presentationQuery({ ...wanted, credentials }, publicUrl);
  const presentations = Object.entries(disclosed).map(([id, claims]) => {
    const asked = wanted.credentials.find((credential) => queryIdOf(credential) === id);
    const { format = 'dc+sd-jwt', type: typeId = '' } = asked ?? {};
    const type = credentialType(typeId);
    return [
      id,
      claims.map((each) => {
        // The library takes JSON values only, which a verdict's claims are.
        const shown = each as Record<string, string>;
        return {
          ...answerShape(format, type, publicUrl, shown),
          cryptographic_holder_binding: true,
        };
      }),
    ];
  });
  return DcqlPresentationResult.fromDcqlPresentation(Object.fromEntries(presentations), { dcqlQuery: query })
    .can_be_satisfied;
}

/** The claims that were asked for and no others: what a wallet showed beyond the question is never kept. */
export function askedClaims(claims: Record<string, unknown>, wanted: WantedCredential): Record<string, unknown> {
  return Object.fromEntries(wanted.claims.filter(({ name }) => name in claims).map(({ name }) => [name, claims[name]]));
}
