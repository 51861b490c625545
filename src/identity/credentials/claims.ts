// What is given for a credential and what the credential then says: the claims checked, and those worked out from them.
import { problem } from '../../platform/problem.ts';
import { dayInSeoul, endOfDayInSeoul_ms } from './calendar-age.ts';
import { claimRule } from './claim-form.ts';
import type { Bilingual, ClaimDescription, CredentialType } from './credential-type.ts';
import { holdsResidentNumber } from './registration-numbers.ts';

const DAY_s = 86_400;

/** What is wrong with a claim that was given; never its value. */
export interface ClaimFault {
  /** Null for a claim that the type does not have, whose name may itself be personal. */
  claim: string | null;
  fault: 'missing' | 'wrong_form' | 'resident_number' | 'in_the_past' | 'derived' | 'unknown';
  /** What to do. */
  message: Bilingual;
}

/** The claims that are given for a credential: all but those worked out. */
export function givenClaims(type: CredentialType): [string, ClaimDescription][] {
  return Object.entries(type.claims).filter(([, { derive }]) => derive === undefined);
}

/** Everything that is wrong with `given`, in the type's order; nothing where a credential can be offered for it. */
export function claimFaults(type: CredentialType, given: unknown, now_ms: number): ClaimFault[] {
  const claims = (typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {}) as Record<
    string,
    unknown
  >;
  const faults = givenClaims(type).flatMap(([name, description]) => faultOf(name, description, claims[name]) ?? []);
  for (const name of Object.keys(claims)) {
    const described = Object.hasOwn(type.claims, name) ? type.claims[name] : undefined;
    if (described === undefined) faults.push({ claim: null, fault: 'unknown', message: messages.unknown });
    else if (described.derive) faults.push({ claim: name, fault: 'derived', message: messages.derived });
  }
  const last = type.endsWith === undefined ? undefined : claims[type.endsWith];
  if (faults.length === 0 && typeof last === 'string' && endOfDayInSeoul_ms(last) <= now_ms) {
    faults.push({ claim: type.endsWith ?? null, fault: 'in_the_past', message: messages.in_the_past });
  }
  return faults;
}

function faultOf(name: string, description: ClaimDescription, value: unknown): ClaimFault | null {
  if (description.schema.safeParse(value).success) {
    return textsOf(value).some(holdsResidentNumber)
      ? { claim: name, fault: 'resident_number', message: messages.resident_number }
      : null;
  }
  if (value === undefined || value === null || value === '') {
    return { claim: name, fault: 'missing', message: messages.missing };
  }
  return { claim: name, fault: 'wrong_form', message: claimRule(description) };
}

const messages = {
  missing: { ko: '비어 있습니다. 적어 주세요.', en: 'Is empty; fill it in.' },
  unknown: {
    ko: '이 증명서에 없는 항목이 있습니다. 지워 주세요.',
    en: 'There is a claim that the type does not have; take it out.',
  },
  derived: {
    ko: '다른 항목에서 계산되는 값입니다. 지워 주세요.',
    en: 'Is worked out from another claim; leave it out.',
  },
  resident_number: {
    ko: '주민등록번호로 보이는 값이 들어 있습니다. 주민등록번호는 받지 않습니다. 지워 주세요.',
    en: 'Holds what looks like a resident registration number, which is never taken; take it out.',
  },
  in_the_past: {
    ko: '지난 날짜입니다. 오늘이나 이후의 날짜를 적어 주세요.',
    en: 'Lies in the past; write today or a later day.',
  },
} as const satisfies Record<string, Bilingual>;

/** Every text in a value, numbers as they are written. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/**
 * @returns the given claims, checked, in the type's order
 * @throws CLAIMS_INVALID names the first claim that is wrong, never its value; its member `claims` has them all
 */
export function checkClaims(type: CredentialType, given: unknown, now_ms: number): Record<string, unknown> {
  const faults = claimFaults(type, given, now_ms);
  const [first] = faults;
  if (first !== undefined) {
    const where = first.claim === null ? '' : `${first.claim}: `;
    throw problem('CLAIMS_INVALID', `Claims of ${type.id}: ${where}${first.message.en}`, { claims: faults });
  }
  const claims = given as Record<string, unknown>;
  return Object.fromEntries(
    givenClaims(type)
      .filter(([name]) => claims[name] !== undefined)
      .map(([name]) => [name, claims[name]]),
  );
}

/**
 * What a credential issued now says: the given claims and those worked out from them, in the type's order.
 *
 * @throws CLAIMS_INVALID as checkClaims does
 */
export function claimsAtIssue(type: CredentialType, given: unknown, now_ms: number): Record<string, unknown> {
  const checked = checkClaims(type, given, now_ms);
  const today = dayInSeoul(now_ms);
  return Object.fromEntries(
    Object.entries(type.claims).flatMap(([name, { derive }]) => {
      const value = derive === undefined ? checked[name] : derive(checked, today);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** When a credential ends, in seconds since 1970: after the type's validity, or with the day that a claim of it names. */
export function expiry_s(type: CredentialType, claims: Readonly<Record<string, unknown>>, issuedAt_s: number): number {
  const ordinary = issuedAt_s + type.validity_days * DAY_s;
  const last = type.endsWith === undefined ? undefined : claims[type.endsWith];
  return typeof last === 'string' ? Math.min(ordinary, Math.floor(endOfDayInSeoul_ms(last) / 1_000)) : ordinary;
}
