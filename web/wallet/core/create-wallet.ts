// Puts a wallet together from its parts: the service it belongs to, and where its records are kept.
import { allowAddressesLike } from '../../../src/identity/openid-callbacks.ts';
import { answerPresentationRequest, declinePresentationRequest } from './answer-request.ts';
import { cityService } from './city-service.ts';
import { displayCredential } from './held-credential.ts';
import { ensureDid } from './own-did.ts';
import { parsePresentationRequest } from './read-request.ts';
import { acceptOffer, resolveOffer } from './take-offer.ts';
import type { Wallet, WalletOptions } from './wallet.ts';

export function createWallet(options: WalletOptions): Wallet {
  const { store } = options;
  const service = cityService(options.serviceUrl, options.fetch);
  allowAddressesLike(options.serviceUrl);
  return {
    ensureDid: () => ensureDid(service, options),
    resolveOffer: (uri) => resolveOffer(uri, service),
    acceptOffer: (offer, txCode) => acceptOffer(offer, txCode, service, options),
    parsePresentationRequest: (uri) => parsePresentationRequest(uri, service, options),
    answerPresentationRequest: (request, chosen = {}) => answerPresentationRequest(request, chosen, service, options),
    declinePresentationRequest: (request) => declinePresentationRequest(request, service, options),
    listCredentials: async () => Promise.all((await store.list('credentials')).map(displayCredential)),
    async forgetCredential(credentialId) {
      const credential = await store.get('credentials', credentialId);
      await store.delete('credentials', credentialId);
      if (credential !== undefined) await store.delete('keys', credential.key_id);
    },
    listShared: async () => (await store.list('shared')).sort((left, right) => right.at_ms - left.at_ms),
  };
}
