// A wallet core without protocols, built into the wallet's pages in place of the real one so that every page state can
// be reached: the pages are under test here, the core has its own tests and the walk on the real service.
import type { DisplayedCredential, PresentationRequest, Wallet, WalletOptions } from '../../web/wallet/core/wallet.ts';
import { WalletRefusal } from '../../web/wallet/core/wallet-refusal.ts';

const issuer = { ko: '나루시 상수도사업본부', en: 'Naru City Waterworks' };
const type_name = { ko: '수도 계정 증명서', en: 'Water account credential' };
const labels = {
  service_point: { ko: '수용가', en: 'Service point' },
  usage_class: { ko: '업종', en: 'Usage class' },
  role: { ko: '자격', en: 'Role' },
  from: { ko: '시작한 날', en: 'From' },
};
const values = { service_point: 'SP-000017', usage_class: 'domestic', role: 'owner', from: '2024-03-01' };
const claims = (names: (keyof typeof values)[]) =>
  names.map((name) => ({ name, label: labels[name], value: values[name] }));

const held: DisplayedCredential = {
  id: 'held-1',
  type_name,
  issuer: 'did:webvh:QmStandIn:localhost%3A8080:issuer',
  issuer_name: issuer,
  vct: 'http://localhost:8080/vct/water-account',
  type: 'water-account',
  claims: claims(['service_point', 'usage_class', 'role', 'from']),
  issued_at_ms: Date.UTC(2026, 10, 20),
  expires_at_ms: Date.UTC(2027, 10, 20),
};

const request: PresentationRequest = {
  verifier: 'did:webvh:QmStandIn:localhost%3A8080:portal',
  client_id: 'decentralized_identifier:did:webvh:QmStandIn:localhost%3A8080:portal',
  verifier_name: { ko: '나루시 수도 포털', en: 'Naru City water portal' },
  purpose: { ko: '내 수도 계량기를 보여 주기 위해', en: 'To show you your own water meter' },
  requested: [
    {
      query_id: 'water',
      type: 'water-account',
      matches: [
        {
          credential_id: 'held-1',
          type_name,
          issuer_name: issuer,
          claims: claims(['service_point', 'role', 'from']),
          kept_back: [labels.usage_class],
        },
      ],
    },
  ],
  keeps: { ko: '로그인해 있는 동안', en: 'While you are signed in' },
  expires_at_ms: null,
  resolved: null,
};

/** What is asked is named by the address: `…/gone`, `…/twice`, `…/nothing` reach the states of those names. */
export function createWallet(options: WalletOptions): Wallet {
  let taken = localStorage.getItem('stand-in.taken') === 'yes';
  return {
    ensureDid: async () => {
      const answer = await fetch(`${options.serviceUrl}/dids`, { method: 'POST' }).catch(() => null);
      if (answer === null) throw new WalletRefusal('SERVICE_AWAY');
      return {
        id: 'own',
        did: 'did:webvh:QmOwn:localhost%3A8080:people:7f3a',
        update_key_id: 'k',
        log: '',
        created_at_ms: 0,
      };
    },
    resolveOffer: async (uri) => {
      if (uri.includes('gone')) throw new WalletRefusal('OFFER_GONE');
      return {
        issuer: 'http://localhost:8080',
        issuer_name: issuer,
        types: [{ id: 'water-account', name: type_name }],
        tx_code: { length: 6, input_mode: 'numeric', description: null },
        resolved: null,
      };
    },
    acceptOffer: async (_offer, txCode) => {
      if (txCode !== '123456') throw new WalletRefusal('TX_CODE_WRONG');
      taken = true;
      localStorage.setItem('stand-in.taken', 'yes');
      return [];
    },
    parsePresentationRequest: async (uri) => {
      if (uri.includes('nothing')) throw new WalletRefusal('NOTHING_TO_SHOW');
      return request;
    },
    answerPresentationRequest: async () => ({ redirect_to: null }),
    declinePresentationRequest: async () => {},
    listCredentials: async () => (taken ? [held] : []),
    forgetCredential: async () => {
      taken = false;
      localStorage.removeItem('stand-in.taken');
    },
    listShared: async () =>
      taken
        ? [
            {
              id: 's1',
              at_ms: Date.UTC(2026, 10, 21, 3),
              verifier: request.verifier,
              verifier_name: request.verifier_name,
              purpose: request.purpose,
              credential_id: 'held-1',
              type_name,
              claims: ['service_point', 'role', 'from'],
              outcome: 'accepted',
            },
          ]
        : [],
  };
}
