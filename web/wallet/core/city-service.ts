// The one service this wallet belongs to: what counts as its address, how it is reached, and which keys its DID has.
import { parseDidLogText } from '../../../src/identity/dids/did-log.ts';
import { verifyDidLog } from '../../../src/identity/dids/verify-did-log.ts';
import { type PublicJwk, publicP256 } from '../../../src/identity/openid-callbacks.ts';
import { listedKey } from './listed-key.ts';
import { WalletRefusal } from './wallet-refusal.ts';

const requestTimeout_ms = 15_000;

export interface CityService {
  url: string;
  fetch: typeof globalThis.fetch;
  /** Whether an address leads to the service itself; nothing else is ever fetched or answered. */
  owns(address: string): boolean;
  /** The P-256 key a DID URL of the service names, from its verified log; null when it names none. */
  findKey(didUrl: string): Promise<PublicJwk | null>;
}

export function cityService(serviceUrl: string, fetchWith: typeof globalThis.fetch | undefined): CityService {
  const { origin } = new URL(serviceUrl);
  const send = fetchWith ?? globalThis.fetch.bind(globalThis);
  const fetch: typeof globalThis.fetch = async (input, init) => {
    try {
      const headers = new Headers(init?.headers);
      // Both languages, whatever the browser's: the wallet's pages can be turned to the other at any time.
      headers.set('accept-language', 'ko, en');
      return await send(input, { ...init, headers, signal: AbortSignal.timeout(requestTimeout_ms), redirect: 'error' });
    } catch (error) {
      throw new WalletRefusal('SERVICE_AWAY', undefined, error);
    }
  };
  return {
    url: serviceUrl,
    fetch,
    owns: (address) => URL.canParse(address) && new URL(address).origin === origin,
    async findKey(didUrl) {
      const did = didUrl.split('#')[0] ?? '';
      const answer = await fetch(`${serviceUrl}/.well-known/did.jsonl`);
      if (!answer.ok) return null;
      const verified = await verifyDidLog(parseDidLogText(await answer.text()));
      const { did: logged, document } = verified;
      if (logged !== did || document === null || !(document.assertionMethod ?? []).includes(didUrl)) return null;
      return publicP256(listedKey(document, didUrl));
    },
  };
}
