// A wallet core without protocols, built into the wallet's pages in place of the real one so that every page state can
// be reached: the pages are under test here, the core has its own tests and the walk on the real service.
import { didLogText } from '../../src/identity/dids/did-log.ts';
import type { DidCheckOutcome } from '../../web/wallet/core/judge-own-did.ts';
import { readRecoveryWords } from '../../web/wallet/core/recovery-words.ts';
import type {
  DisplayedCredential,
  OwnDidOperations,
  PresentationRequest,
  Wallet,
  WalletOptions,
} from '../../web/wallet/core/wallet.ts';
import { WalletRefusal } from '../../web/wallet/core/wallet-refusal.ts';
import type {
  SealedWords,
  StoredCredential,
  StoredDid,
  WaitingCredential,
} from '../../web/wallet/core/wallet-store.ts';

const multikey = `z6Mk${'a'.repeat(44)}`;

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
  ...{ copies_left: 2, copies_few: true },
};

const stored: StoredCredential = {
  ...{ id: held.id, format: 'dc+sd-jwt', compact: '', key_id: 'k3', vct: held.vct, issuer: held.issuer },
  ...{ issuer_name: issuer, type_name, claim_labels: labels, received_at_ms: Date.UTC(2026, 10, 20) },
};

const waiting: WaitingCredential = {
  ...{ id: 'waits-1', transaction_id: 't', configuration_id: 'water-account', from: 'http://localhost:8080' },
  ...{ issuer_name: issuer, type_name, key_id: 'k4', token_key_id: 'k5', bound: true },
  ...{ access_token: 'a', refresh_token: null, ended: false },
  ...{ since_ms: Date.UTC(2026, 10, 20), ask_again_at_ms: Date.UTC(2100, 0, 1) },
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
  signs: [],
  expires_at_ms: null,
  resolved: null,
};

const twelve = '가격 가끔 가난 가능 가득 가르침 가뭄 가방 가상 가슴 가운데 가을'.split(' ');

const ownDid: StoredDid = {
  id: 'own',
  did: 'did:webvh:QmOwn:localhost%3A8080:people:7f3a09c1d2e4b5a6978812345678abcd',
  update_key_id: 'k1',
  next_key_id: 'k2',
  recovery_key_hash: 'QmRecovery',
  log: didLogText(
    ['2026-11-20T02:00:00Z', '2026-11-22T05:30:00Z'].map((versionTime, index) => ({
      versionId: `${index + 1}-Qm${'Y'.repeat(44)}`,
      versionTime,
      parameters: index === 0 ? { method: 'did:webvh:1.0' as const, scid: 'Q'.repeat(46), updateKeys: [multikey] } : {},
      state: { id: 'did:webvh:QmOwn:localhost%3A8080:people:7f3a' },
      proof: [
        {
          type: 'DataIntegrityProof' as const,
          cryptosuite: 'eddsa-jcs-2022' as const,
          verificationMethod: `did:key:${multikey}#${multikey}`,
          created: versionTime,
          proofPurpose: 'assertionMethod' as const,
          proofValue: multikey,
        },
      ],
    })),
  ),
  created_at_ms: Date.UTC(2026, 10, 20, 2),
};

/** `#/…?did=` is no address of the wallet: states are reached by `localStorage` entries that tests set. */
function standInDid(serviceUrl: string): OwnDidOperations {
  const state = (): string | null => localStorage.getItem('stand-in.did');
  const set = (value: string): void => localStorage.setItem('stand-in.did', value);
  const own = (): StoredDid | null => {
    const now = state();
    if (now === null) return null;
    if (now === 'deactivated' || now === 'erased')
      return { ...ownDid, ended: { how: now, at_ms: Date.UTC(2026, 10, 23) } };
    return now === 'unwritten' ? { ...ownDid, words: {} as SealedWords } : ownDid;
  };
  const become = async (value: string): Promise<StoredDid> => {
    set(value);
    return own() ?? ownDid;
  };
  return {
    read: async () => own(),
    ensure: async () => {
      const answer = await fetch(`${serviceUrl}/dids`, { method: 'POST' }).catch(() => null);
      if (answer === null) throw new WalletRefusal('SERVICE_AWAY');
      return become(state() ?? 'unwritten');
    },
    beginAnew: () => become('unwritten'),
    rotate: async () => {
      if (state() === 'warned') throw new WalletRefusal('DID_CHANGED_ELSEWHERE', 'DID_LOG_STALE');
      return own() ?? ownDid;
    },
    deactivate: () => become('deactivated'),
    erase: () => become('erased'),
    recover: async (words) => {
      await readRecoveryWords(words);
      return become('written');
    },
    words: async () => (state() === 'unwritten' ? twelve : null),
    confirmWords: async (answers) => {
      const wrong = Object.entries(answers).filter(([place, word]) => twelve[Number(place) - 1] !== word);
      if (wrong.length > 0) throw new WalletRefusal('RECOVERY_ANSWERS_WRONG', wrong.map(([place]) => place).join(', '));
      set('written');
    },
    check: async () => {
      const now = own();
      if (now === null) return null;
      const outcome = outcomes[state() ?? ''] ?? 'fine';
      const resolved = await fetch(`${serviceUrl}/1.0/identifiers/x`).then((answer) => answer.json());
      return {
        own: now,
        outcome,
        warnings: outcome === 'warned' ? ['LOG_LONGER', 'ANCHOR_VALUE'] : [],
        anchor: outcome === 'unchecked' || outcome === 'ended' ? null : resolved.didDocumentMetadata.anchor,
        checked_at_ms: Date.UTC(2026, 10, 23, 5, 12),
      };
    },
    proof: async () => {
      throw new WalletRefusal('PROOF_NOT_READY', 'HTTP 404');
    },
  };
}

const outcomes: Record<string, DidCheckOutcome> = {
  warned: 'warned',
  waiting: 'waiting',
  unchecked: 'unchecked',
  erased: 'ended',
};

/** What is asked is named by the address: `…/gone`, `…/twice`, `…/nothing` reach the states of those names. */
export function createWallet(options: WalletOptions): Wallet {
  let taken = localStorage.getItem('stand-in.taken') === 'yes';
  return {
    did: standInDid(options.serviceUrl),
    resolveOffer: async (uri) => {
      if (uri.includes('gone')) throw new WalletRefusal('OFFER_GONE');
      return {
        issuer: 'http://localhost:8080',
        issuer_name: issuer,
        types: [{ id: 'water-account', name: type_name }],
        left: [{ id: 'water-account.eddsa-rdfc-2022', name: type_name }],
        tx_code: { length: 6, input_mode: 'numeric', description: null },
        resolved: null,
      };
    },
    acceptOffer: async (_offer, txCode) => {
      if (txCode === '654321') {
        localStorage.setItem('stand-in.waits', 'yes');
        return [];
      }
      if (txCode !== '123456') throw new WalletRefusal('TX_CODE_WRONG');
      taken = true;
      localStorage.setItem('stand-in.taken', 'yes');
      return [stored];
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
    listWaiting: async () =>
      localStorage.getItem('stand-in.waits') === null ? [] : [waiting, { ...waiting, id: 'waits-2', ended: true }],
    fetchWaiting: async () => 0,
    forgetWaiting: async () => {},
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
