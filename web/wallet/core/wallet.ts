// The wallet as its pages and the headless simulator see it: every operation of a citizen's wallet, no page and no storage.
import type { DidCheck } from './judge-own-did.ts';
import type { WordsLanguage } from './recovery-words.ts';
import type {
  SharedRecord,
  StoredCredential,
  StoredDid,
  Text,
  WaitingCredential,
  WalletStore,
} from './wallet-store.ts';

/** One claim of a credential, ready to show. */
export interface DisplayedClaim {
  name: string;
  label: Text;
  value: unknown;
}

export interface DisplayedCredential {
  id: string;
  type_name: Text;
  issuer: string;
  issuer_name: Text;
  vct: string;
  /** Short type id such as `water-account`: the last part of `vct`. */
  type: string;
  claims: DisplayedClaim[];
  issued_at_ms: number | null;
  expires_at_ms: number | null;
  /** How often it can be shown with a copy that nobody has seen, so that nobody can tell two of the times from one another. */
  copies_left: number;
  /** Whether that is so few that it is time for new ones. */
  copies_few: boolean;
}

export interface OfferPreview {
  issuer: string;
  issuer_name: Text;
  /** What the wallet takes. */
  types: { id: string; name: Text }[];
  /** What is offered besides, in formats that the wallet does not hold. */
  left: { id: string; name: Text }[];
  /** What the person must type in; null when nothing. */
  tx_code: { length: number | null; input_mode: 'numeric' | 'text'; description: string | null } | null;
  /** The library's resolved offer, for `acceptOffer` only. */
  readonly resolved: unknown;
}

/** A credential in the wallet that answers one part of a request, with exactly what would be shown. */
export interface PresentationMatch {
  credential_id: string;
  type_name: Text;
  issuer_name: Text;
  /** What would be shared. All are required by the request: a wallet shows all of them or refuses. */
  claims: DisplayedClaim[];
  /** Names of claims the credential holds and the request does not ask for: these stay in the wallet. */
  kept_back: Text[];
}

export interface RequestedCredential {
  /** `id` of the DCQL credential query. */
  query_id: string;
  type: string;
  matches: PresentationMatch[];
}

/** A text that is signed along with a credential, shown whole before that. */
export interface SignedTextToShow {
  /** Of the credential whose key signs. */
  query_id: string;
  title: Text;
  text: Text;
  /** As it came; what is signed is its hash. */
  entry: string;
}

export interface PresentationRequest {
  /** The verifier's client id without its prefix: the hash of its certificate, or a DID. */
  verifier: string;
  client_id: string;
  verifier_name: Text;
  purpose: Text;
  /** How long the verifier says it keeps what it is shown. */
  keeps: Text;
  requested: RequestedCredential[];
  /** Empty where nothing is to be signed. */
  signs: SignedTextToShow[];
  expires_at_ms: number | null;
  readonly resolved: unknown;
}

export interface PresentationAnswer {
  /** Same device: the page to go back to. */
  redirect_to: string | null;
}

/** The wallet's own DID, for as long as the person lives with it. All throw ISSUER_REFUSED and SERVICE_AWAY. */
export interface OwnDidOperations {
  /** Null before there is one. */
  read(): Promise<StoredDid | null>;
  /** Made with recovery words of that language (Korean by default) and registered, when there is none yet. */
  ensure(language?: WordsLanguage): Promise<StoredDid>;
  /** A new one in place of one that has ended. Throws DID_STILL_LIVES. */
  beginAnew(language?: WordsLanguage): Promise<StoredDid>;
  /** New keys. Throws DID_CHANGED_ELSEWHERE. */
  rotate(): Promise<StoredDid>;
  /** Ends it for good; its log says so and stays. Throws DID_CHANGED_ELSEWHERE. */
  deactivate(): Promise<StoredDid>;
  /** Ends it for good, and has its log deleted. Throws DID_CHANGED_ELSEWHERE. */
  erase(): Promise<StoredDid>;
  /** Takes the DID of these words over. Throws the RECOVERY_ refusals. */
  recover(words: string): Promise<StoredDid>;
  /** The recovery words until they are confirmed; null afterwards. */
  words(): Promise<string[] | null>;
  /** At least three words by their place, counted from 1; then the wallet forgets them. Throws RECOVERY_ANSWERS_WRONG. */
  confirmWords(answers: Record<number, string>): Promise<void>;
  /** Holds what the service says against what the wallet knows. Null before there is a DID. */
  check(): Promise<DidCheck | null>;
  /** The file with which the anchor can be checked without the service. Throws PROOF_NOT_READY. */
  proof(): Promise<{ name: string; text: string }>;
}

export interface Wallet {
  did: OwnDidOperations;
  /** `uri`: `openid-credential-offer://…`, or an http(s) link with the same parameters. */
  resolveOffer(uri: string): Promise<OfferPreview>;
  /** Takes what is offered in the wallet's format, in copies with a fresh key each. Throws TX_CODE_WRONG so that the person can try again.
   * What an office has yet to approve is not returned; it waits in `listWaiting`. */
  acceptOffer(offer: OfferPreview, txCode?: string): Promise<StoredCredential[]>;
  /** `uri`: `openid4vp://?…`. Throws when the request is not signed by who it says it is from, or cannot be answered. */
  parsePresentationRequest(uri: string): Promise<PresentationRequest>;
  /** `chosen`: by `query_id`, the `credential_id` of one of its matches. Default: the first match of each. */
  answerPresentationRequest(request: PresentationRequest, chosen?: Record<string, string>): Promise<PresentationAnswer>;
  /** Tells the verifier that the person says no. */
  declinePresentationRequest(request: PresentationRequest): Promise<void>;
  listCredentials(): Promise<DisplayedCredential[]>;
  /** Removes the credential and its key from this wallet. */
  forgetCredential(credentialId: string): Promise<void>;
  /** What was asked for and waits for an office's approval, the oldest first. */
  listWaiting(): Promise<WaitingCredential[]>;
  /** Asks for what waits, no oftener than the issuer wants. Says how many credentials came. */
  fetchWaiting(): Promise<number>;
  forgetWaiting(id: string): Promise<void>;
  /** Newest first. */
  listShared(): Promise<SharedRecord[]>;
}

export interface WalletOptions {
  /** Base URL of the city's service, without a slash at the end. */
  serviceUrl: string;
  store: WalletStore;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now_ms: () => number;
  fetch?: typeof globalThis.fetch;
  /** How many copies of a credential are taken at most. Default: as many as its issuer gives at once, up to 30. */
  copies?: number;
  /** Runs changes of the DID one after another, also over several open pages. Default: at once. */
  alone?: <T>(work: () => Promise<T>) => Promise<T>;
}
