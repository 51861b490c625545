// Who asks, from somebody other than who asks: the list of registered verifiers that the service signs with its DID's key.
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { verifyEs256 } from '../../../src/identity/openid-callbacks.ts';
import { verifierPaths } from '../../../src/identity/presenting/request-object.ts';
import { type VerifierList, verifierListSchema, verifierListType } from '../../../src/identity/trust/verifier-list.ts';
import type { CityService } from './city-service.ts';
import { WalletRefusal } from './wallet-refusal.ts';

export type KnownVerifier = VerifierList['verifiers'][number];

/** What a request asks for: of which type, which claims. */
export interface AskedCredential {
  vct: string;
  claims: string[];
}

export interface VerifierRegister {
  /**
   * @param stated what the request says of itself
   * @throws VERIFIER_NOT_REGISTERED where the list does not know that verifier under that client id,
   *   REQUEST_ASKS_TOO_MUCH, SERVICE_AWAY
   */
  requireRegistered(
    stated: { verifier: unknown; clientId: string },
    asked: readonly AskedCredential[],
  ): Promise<KnownVerifier>;
  /**
   * Whom an address belongs to, of those registered with software of their own; null for the service itself.
   *
   * @throws `elsewhere` for any other address, VERIFIER_NOT_REGISTERED where the list does not hold, SERVICE_AWAY
   */
  partnerAt(
    address: string,
    elsewhere: 'OFFER_FROM_ELSEWHERE' | 'REQUEST_FROM_ELSEWHERE',
  ): Promise<KnownVerifier | null>;
}

/** The list as one request or offer sees it: fetched when it is first needed, and not again. */
export function verifierRegister(service: CityService, now_ms: number): VerifierRegister {
  let fetched: Promise<VerifierList> | null = null;
  const list = (): Promise<VerifierList> => {
    fetched ??= fetchList(service, now_ms);
    return fetched;
  };
  return {
    async requireRegistered(stated, asked) {
      const { verifiers } = await list();
      // Software of its own does not know the name under which it is registered here: its client id is that name.
      const known = verifiers.find(
        ({ id, client_ids, origins }) =>
          client_ids.includes(stated.clientId) && (id === stated.verifier || origins.length > 0),
      );
      if (known === undefined) throw new WalletRefusal('VERIFIER_NOT_REGISTERED');
      for (const { vct, claims } of asked) {
        const allowed = known.may_ask.filter((each) => each.vct === vct).flatMap((each) => each.claims);
        const tooMuch = claims.filter((claim) => !allowed.includes(claim));
        if (tooMuch.length > 0 || allowed.length === 0) {
          throw new WalletRefusal('REQUEST_ASKS_TOO_MUCH', tooMuch.join(', ') || vct);
        }
      }
      return known;
    },

    async partnerAt(address, elsewhere) {
      if (service.owns(address)) return null;
      const origin = URL.canParse(address) ? new URL(address).origin : null;
      const { verifiers } = origin === null ? { verifiers: [] } : await list();
      const partner = verifiers.find(({ origins }) => origins.some((each) => each === origin));
      if (partner === undefined) throw new WalletRefusal(elsewhere);
      return partner;
    },
  };
}

async function fetchList(service: CityService, now_ms: number): Promise<VerifierList> {
  const answer = await service.fetch(`${service.url}${verifierPaths.verifiers}`);
  if (!answer.ok) throw new WalletRefusal('SERVICE_AWAY');
  const jwt = await answer.text();
  try {
    const { typ, kid } = decodeProtectedHeader(jwt);
    const key = typ === verifierListType && typeof kid === 'string' ? await service.findKey(kid) : null;
    if (key === null || !(await verifyEs256(jwt, key))) throw new TypeError('not signed by the service');
    const list = verifierListSchema.parse(decodeJwt(jwt));
    if (list.iss !== kid?.split('#')[0] || list.exp * 1_000 <= now_ms) throw new TypeError('of another, or old');
    return list;
  } catch (error) {
    if (error instanceof WalletRefusal) throw error;
    throw new WalletRefusal('VERIFIER_NOT_REGISTERED', 'the list of verifiers does not hold', error);
  }
}
