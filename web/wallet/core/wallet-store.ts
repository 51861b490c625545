// What a wallet keeps and the small door to where it keeps it: IndexedDB in a browser, a Map in a simulator.

/** Text in both languages the wallet speaks. */
export interface Text {
  ko: string;
  en: string;
}

/** A private key that cannot be read out, with its public half. CryptoKey is structured-cloneable, so IndexedDB takes it. */
export interface StoredKey {
  /** RFC 7638 thumbprint of the public key (base64url). */
  id: string;
  purpose: 'holder-binding' | 'did-update';
  algorithm: 'ES256' | 'EdDSA';
  privateKey: CryptoKey;
  publicJwk: JsonWebKey;
}

export interface CredentialCopy {
  compact: string;
  /** id of the StoredKey that it is bound to. */
  key_id: string;
}

export interface StoredCredential {
  /** Random, only the wallet's own handle. */
  id: string;
  /** `dc+sd-jwt`: `compact` is issuer-signed JWT ~ disclosures ~ . */
  format: 'dc+sd-jwt';
  compact: string;
  /** Key that proves the holder (id of a StoredKey). */
  key_id: string;
  /** Further copies of it for keys of their own, which nobody has seen; none where absent. */
  copies?: CredentialCopy[];
  /** The copy at hand was shown, and there is no other. */
  seen?: true;
  /** `vct` of the credential. */
  vct: string;
  /** Issuer of the credential as it calls itself in `iss`. */
  issuer: string;
  issuer_name: Text;
  type_name: Text;
  /** Labels by claim name, from the issuer's metadata. */
  claim_labels: Record<string, Text>;
  received_at_ms: number;
}

/** A credential that was asked for, and waits until an office approves it. */
export interface WaitingCredential {
  /** Random, only the wallet's own handle. */
  id: string;
  transaction_id: string;
  /** Id of the credential configuration at the issuer. */
  configuration_id: string;
  /** The credential issuer it was asked of. */
  from: string;
  issuer_name: Text;
  type_name: Text;
  /** id of the StoredKey that the credential will be for. */
  key_id: string;
  /** Of the keys that further copies will be for. */
  more_key_ids?: string[];
  /** id of the StoredKey of the tokens. */
  token_key_id: string;
  /** Whether the tokens are bound to that key. */
  bound: boolean;
  access_token: string;
  refresh_token: string | null;
  since_ms: number;
  ask_again_at_ms: number;
  /** It was refused, or its time is over. */
  ended: boolean;
}

/** Recovery words as they lie here until they are written down: AES-GCM under a key that cannot be read out. */
export interface SealedWords {
  key: CryptoKey;
  iv: Uint8Array<ArrayBuffer>;
  sealed: Uint8Array<ArrayBuffer>;
}

/** A change of the DID that was signed here and is not acknowledged yet; kept so that a crash loses no key. */
export interface PendingChange {
  kind: 'register' | 'rotate' | 'recover' | 'deactivate' | 'erase';
  /** The whole log with the change, as the service will have it. */
  log: string;
  update_key_id: string;
  next_key_id: string | null;
}

/** What the wallet saw of its DID at its checks, to compare with what it is told later. */
export interface SeenOfDid {
  /** When the service last answered to a check. */
  checked_at_ms: number;
  /** Since when the newest change has been waiting for its epoch; null when it is in one. */
  waiting_since_ms: number | null;
  /** Newest last, a bounded number; the first root told for an epoch stays. */
  roots: { epoch: number; root: string }[];
  /** The last anchor that held, for the log's entry `version_id`. */
  anchor: { version_id: string; epoch: number; final: boolean } | null;
  /** Chain, contract and registry of the first anchor seen. */
  place: string | null;
}

export interface StoredDid {
  /** Always `own`: a wallet has one DID. */
  id: 'own';
  did: string;
  /** id of the StoredKey in the DID's document; without `next_key_id` it also signs the next entry. */
  update_key_id: string;
  /** The did:webvh log as the wallet last wrote it, one JSON line an entry. */
  log: string;
  created_at_ms: number;
  /** id of the StoredKey that signs the next entry and is promised by the newest; absent in a wallet that never had one. */
  next_key_id?: string;
  /** `updateKeyHash` of the recovery key, promised by every entry; absent in a wallet that never had recovery words. */
  recovery_key_hash?: string;
  /** Present until the person has shown that the words are written down. */
  words?: SealedWords;
  sending?: PendingChange;
  seen?: SeenOfDid;
  /** How the DID ended, by this wallet's own doing. */
  ended?: { how: 'deactivated' | 'erased'; at_ms: number };
}

/** One line of "what was shared with whom": claim names and the verifier, never the values. */
export interface SharedRecord {
  id: string;
  at_ms: number;
  verifier: string;
  verifier_name: Text;
  purpose: Text;
  credential_id: string;
  type_name: Text;
  claims: string[];
  outcome: 'accepted' | 'refused' | 'declined';
}

export interface WalletRecords {
  keys: StoredKey;
  credentials: StoredCredential;
  waiting: WaitingCredential;
  dids: StoredDid;
  shared: SharedRecord;
}

export type WalletKind = keyof WalletRecords;

export interface WalletStore {
  /** Adds, or replaces the record with the same `id`. */
  put<K extends WalletKind>(kind: K, record: WalletRecords[K]): Promise<void>;
  get<K extends WalletKind>(kind: K, id: string): Promise<WalletRecords[K] | undefined>;
  list<K extends WalletKind>(kind: K): Promise<WalletRecords[K][]>;
  delete(kind: WalletKind, id: string): Promise<void>;
}
