// Who may ask citizens for what: each verifier is registered with the claims it may ask for, and gets no others.
import { problem } from '../../platform/problem.ts';
import type { Bilingual } from '../credentials/credential-type.ts';

export interface RegisteredVerifier {
  id: string;
  name: Bilingual;
  mayAsk: readonly { type: string; claims: readonly string[] }[];
  /** How long it keeps what it is shown; the wallet's sheet says so. */
  keeps: Bilingual;
}

const registeredVerifiers: readonly RegisteredVerifier[] = [
  {
    id: 'portal',
    name: { ko: '나루 수도 포털', en: 'Naru water portal' },
    mayAsk: [{ type: 'water-account', claims: ['service_point', 'role', 'from', 'until'] }],
    keeps: { ko: '로그인해 있는 동안만 보관합니다.', en: 'Kept only while you are signed in.' },
  },
];

/** @throws VERIFIER_UNKNOWN, VERIFIER_ASKS_TOO_MUCH (names the claims it is not registered for) */
export function verifierAsking(verifierId: string, type: string, claims: readonly string[]): RegisteredVerifier {
  const verifier = registeredVerifier(verifierId);
  const allowed = verifier.mayAsk.find((asked) => asked.type === type)?.claims ?? [];
  const tooMuch = claims.filter((claim) => !allowed.includes(claim));
  if (tooMuch.length > 0) {
    throw problem(
      'VERIFIER_ASKS_TOO_MUCH',
      `${verifierId} is not registered to ask for ${tooMuch.join(', ')} of ${type}; register it or ask for less.`,
    );
  }
  return verifier;
}

/** @throws VERIFIER_UNKNOWN */
export function registeredVerifier(id: string): RegisteredVerifier {
  const verifier = registeredVerifiers.find((candidate) => candidate.id === id);
  if (verifier === undefined) throw problem('VERIFIER_UNKNOWN', 'No verifier of that name is registered here.');
  return verifier;
}
