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

export interface StoredCredential {
  /** Random, only the wallet's own handle. */
  id: string;
  /** `dc+sd-jwt`: `compact` is issuer-signed JWT ~ disclosures ~ . */
  format: 'dc+sd-jwt';
  compact: string;
  /** Key that proves the holder (id of a StoredKey). */
  key_id: string;
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

export interface StoredDid {
  /** Always `own`: a wallet has one DID. */
  id: 'own';
  did: string;
  /** id of the StoredKey that signs the DID's log. */
  update_key_id: string;
  /** The did:webvh log as the wallet last wrote it, one JSON line an entry. */
  log: string;
  created_at_ms: number;
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
