// Puts a wallet together from its parts: the service it belongs to, and where its records are kept.
import { allowAddressesLike } from '../../../src/identity/openid-callbacks.ts';
import { answerPresentationRequest, declinePresentationRequest } from './answer-request.ts';
import { endDid, rotateDid } from './change-own-did.ts';
import { checkOwnDid, fetchProof } from './check-own-did.ts';
import { type CityService, cityService } from './city-service.ts';
import { keyIdsOf } from './credential-copies.ts';
import { displayCredential } from './held-credential.ts';
import { beginAnew, confirmWords, ensureDid, recoverDid, waitingWords } from './own-did.ts';
import { parsePresentationRequest } from './read-request.ts';
import { acceptOffer, resolveOffer } from './take-offer.ts';
import { fetchWaiting, forgetWaiting } from './waiting-credential.ts';
import type { OwnDidOperations, Wallet, WalletOptions } from './wallet.ts';

export function createWallet(options: WalletOptions): Wallet {
  const { store, alone = (work) => work() } = options;
  const service = cityService(options.serviceUrl, options.fetch);
  allowAddressesLike(options.serviceUrl);
  return {
    did: ownDid(service, options),
    resolveOffer: (uri) => resolveOffer(uri, service, options.now_ms()),
    acceptOffer: (offer, txCode) => acceptOffer(offer, txCode, service, options),
    parsePresentationRequest: (uri) => parsePresentationRequest(uri, service, options),
    answerPresentationRequest: (request, chosen = {}) => answerPresentationRequest(request, chosen, service, options),
    declinePresentationRequest: (request) => declinePresentationRequest(request, service, options),
    listCredentials: async () => Promise.all((await store.list('credentials')).map(displayCredential)),
    async forgetCredential(credentialId) {
      const credential = await store.get('credentials', credentialId);
      await store.delete('credentials', credentialId);
      for (const keyId of credential === undefined ? [] : keyIdsOf(credential)) await store.delete('keys', keyId);
    },
    listWaiting: async () => (await store.list('waiting')).sort((left, right) => left.since_ms - right.since_ms),
    fetchWaiting: () => alone(() => fetchWaiting(service, options)),
    forgetWaiting: (id) => alone(() => forgetWaiting(id, store)),
    listShared: async () => (await store.list('shared')).sort((left, right) => right.at_ms - left.at_ms),
  };
}

function ownDid(service: CityService, options: WalletOptions): OwnDidOperations {
  const { store, alone = (work) => work() } = options;
  return {
    read: async () => (await store.get('dids', 'own')) ?? null,
    ensure: (language = 'ko') => alone(() => ensureDid(language, service, options)),
    beginAnew: (language = 'ko') => alone(() => beginAnew(language, service, options)),
    rotate: () => alone(() => rotateDid(service, options)),
    deactivate: () => alone(() => endDid('deactivate', service, options)),
    erase: () => alone(() => endDid('erase', service, options)),
    recover: (words) => alone(() => recoverDid(words, service, options)),
    words: () => waitingWords(store),
    confirmWords: (answers) => alone(() => confirmWords(answers, store)),
    check: () => alone(() => checkOwnDid(service, options)),
    proof: () => fetchProof(service, options),
  };
}
