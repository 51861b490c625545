// The credential that every contender issues and verifies: a resident of the city. How long each is measured.
import { credentialType } from '../src/identity/credentials/credential-types.ts';

export interface Limits {
  run_ms: number;
  repeats: number;
}

export const TYPE = credentialType('resident');
export const ISSUER = 'did:web:naru.example';
export const PUBLIC_URL = 'https://naru.example';
export const CONTEXTS = ['https://www.w3.org/ns/credentials/v2', `${PUBLIC_URL}/contexts/v1`];
/** What ecdsa-sd-2023 shows in every disclosure: all but the claims. */
export const MANDATORY = ['/issuer', '/validFrom', '/validUntil', '/credentialStatus'];

const RESIDENT: Readonly<Record<string, unknown>> = {
  family_name: '김',
  given_name: '서연',
  birth_date: '1991-04-17',
  address_district: '수지구 풍덕천동',
  age_over_14: true,
  age_over_18: true,
  age_over_19: true,
  age_over_65: false,
  youth_protection_adult: true,
};

/** All claims the credential has. */
export function claimsOf(n: number): Record<string, unknown> {
  const names = Object.keys(TYPE.claims);
  return { ...Object.fromEntries(names.map((name) => [name, RESIDENT[name]])), given_name: `서연 ${n}` };
}

/** Those an office gives; the others are worked out from them. */
export function givenClaimsOf(n: number): Record<string, unknown> {
  const derived = (name: string) => 'derive' in (TYPE.claims[name] ?? {});
  return Object.fromEntries(Object.entries(claimsOf(n)).filter(([name]) => !derived(name)));
}

/** A register of residents as an office's program writes it, in pieces. */
export async function* registerOf(rows: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from('관리번호,성,이름,생년월일,사는 구·동\r\n');
  for (let n = 0; n < rows; n += 1) {
    yield Buffer.from(`R-${n},김,서연 ${n},1991-04-17,수지구 풍덕천동\r\n`);
  }
}

/** As VC 2.0, unsigned. */
export function documentOf(n: number, issuer = ISSUER): Record<string, unknown> {
  const list = `${PUBLIC_URL}/status-lists/1/bitstring`;
  return {
    '@context': CONTEXTS,
    type: ['VerifiableCredential', TYPE.w3cName],
    issuer,
    validFrom: '2026-01-01T00:00:00Z',
    validUntil: '2098-01-01T00:00:00Z',
    credentialStatus: {
      id: `${list}#${n}`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: String(n),
      statusListCredential: list,
    },
    credentialSubject: { id: `did:key:zHolder${n}`, ...claimsOf(n) },
  };
}
