// From what the city's provider says about a person to the claims of a credential type: only what is mapped, by name.
import { problem } from '../../platform/problem.ts';
import { checkClaims, givenClaims } from '../credentials/claims.ts';
import { credentialType } from '../credentials/credential-types.ts';

/** For each credential type that can be had by signing in: claim of the type → claim of the provider. */
export type ClaimMapping = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The mapping itself, checked against the types.
 *
 * @throws SETTING_INVALID naming a type or claim that does not exist
 */
export function checkMapping(mapping: ClaimMapping): ClaimMapping {
  for (const [typeId, claims] of Object.entries(mapping)) {
    const known = givenClaims(settingType(typeId)).map(([name]) => name);
    const unknown = Object.keys(claims).find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw problem('SETTING_INVALID', `CITY_OPENID_CLAIMS: ${typeId}.${unknown}: its claims are ${known.join(', ')}`);
    }
  }
  return mapping;
}

/**
 * What is given for a credential of the type, taken from what the provider said; the rest is worked out at the issue. A name with dots goes into objects: `address.locality`.
 *
 * @throws CREDENTIAL_TYPE_UNKNOWN, CLAIMS_INVALID
 */
export function mapClaims(
  mapping: ClaimMapping,
  typeId: string,
  said: Readonly<Record<string, unknown>>,
  now_ms: number,
): Record<string, unknown> {
  const taken: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(mapping[typeId] ?? {})) {
    const value = Object.hasOwn(said, source) ? said[source] : within(said, source.split('.'));
    if (value !== undefined && value !== null) taken[name] = value;
  }
  return checkClaims(credentialType(typeId), taken, now_ms);
}

function within(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined,
    value,
  );
}

function settingType(typeId: string) {
  try {
    return credentialType(typeId);
  } catch {
    throw problem('SETTING_INVALID', `CITY_OPENID_CLAIMS: ${typeId} is not a credential type`);
  }
}
