// Types of the Data Integrity libraries, which bring none: only the parts Naru calls.

declare module '@digitalbazaar/vc' {
  export type DocumentLoader = (
    url: string,
  ) => Promise<{ contextUrl: null; documentUrl: string; document: object; tag?: 'static' }>;
}

declare module '@digitalbazaar/data-integrity' {
  import type { DocumentLoader } from '@digitalbazaar/vc';
  export interface LibraryCryptosuite {
    name: string;
  }
  export interface LibrarySigner {
    id: string;
    algorithm: string;
    publicKey?: Uint8Array;
    sign(options: { data: Uint8Array }): Promise<Uint8Array>;
    multisign?(options: { header: Uint8Array; messages: Uint8Array[] }): Promise<Uint8Array>;
  }
  type JsonObject = Record<string, unknown>;
  interface ProofInput {
    document: JsonObject;
    proofSet: object[];
    documentLoader: DocumentLoader;
  }
  export class DataIntegrityProof {
    /** `date: null` for a proof that says no time; now where it is left out. */
    constructor(options: { signer?: LibrarySigner; date?: null; cryptosuite: LibraryCryptosuite });
    readonly cryptosuite: string;
    /** Members that a proof to be made starts with. */
    proof?: JsonObject;
    createProof(
      options: ProofInput & { purpose: { update(proof: JsonObject): Promise<JsonObject> } },
    ): Promise<JsonObject>;
    verifyProof(options: ProofInput & { proof: JsonObject }): Promise<{ verified: boolean; error?: Error }>;
    derive(options: ProofInput & { purpose: { term: string | undefined } }): Promise<JsonObject>;
  }
}

declare module '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite' {
  import type { LibraryCryptosuite } from '@digitalbazaar/data-integrity';
  import type { DocumentLoader } from '@digitalbazaar/vc';
  export const cryptosuite: LibraryCryptosuite & {
    canonize(
      document: object,
      options: { documentLoader: DocumentLoader; messageDigestAlgorithm: 'SHA-256' | 'SHA-384' },
    ): Promise<string>;
  };
}

declare module '@digitalbazaar/eddsa-jcs-2022-cryptosuite' {
  import type { LibraryCryptosuite } from '@digitalbazaar/data-integrity';
  export function createSignCryptosuite(): LibraryCryptosuite & { canonize(document: object): Promise<string> };
  export function createVerifyCryptosuite(): LibraryCryptosuite;
}

declare module '@digitalbazaar/ecdsa-sd-2023-cryptosuite' {
  import type { LibraryCryptosuite } from '@digitalbazaar/data-integrity';
  import type { DocumentLoader } from '@digitalbazaar/vc';
  export interface SignCryptosuite extends LibraryCryptosuite {
    createVerifyData(options: {
      cryptosuite: SignCryptosuite;
      document: object;
      proof: object;
      documentLoader: DocumentLoader;
    }): Promise<{ hmacKey: Uint8Array; nonMandatory: string[]; mandatoryHash: Uint8Array }>;
  }
  export function createSignCryptosuite(options: { mandatoryPointers: readonly string[] }): SignCryptosuite;
  export function createDiscloseCryptosuite(options: { selectivePointers: readonly string[] }): LibraryCryptosuite;
  export function createVerifyCryptosuite(): LibraryCryptosuite;
}

declare module '@digitalbazaar/bbs-2023-cryptosuite' {
  import type { LibraryCryptosuite } from '@digitalbazaar/data-integrity';
  export function createSignCryptosuite(options: { mandatoryPointers: readonly string[] }): LibraryCryptosuite;
  export function createDiscloseCryptosuite(options: {
    selectivePointers: readonly string[];
    presentationHeader?: Uint8Array;
  }): LibraryCryptosuite;
  export function createVerifyCryptosuite(): LibraryCryptosuite;
}

declare module '@digitalbazaar/credentials-context' {
  export const contexts: ReadonlyMap<string, object>;
}

declare module '@digitalbazaar/data-integrity-context' {
  export const contexts: ReadonlyMap<string, object>;
}

declare module '@digitalbazaar/vc-bitstring-status-list' {
  export class BitstringStatusList {
    constructor(options: { buffer: Uint8Array });
    getStatus(index: number): boolean;
  }
  export function createCredential(options: {
    id: string;
    list: BitstringStatusList;
    statusPurpose: string;
  }): Promise<Record<string, unknown>>;
  export function decodeList(options: { encodedList: string }): Promise<BitstringStatusList>;
}

declare module '@digitalbazaar/bls12-381-multikey' {
  export const ALGORITHMS: { BBS_BLS12381_SHA256: string };
  export interface BbsJwk {
    kty: string;
    crv: string;
    x: string;
    d?: string;
  }
  export interface BbsKeyPair {
    publicKeyMultibase: string;
    signer(): {
      publicKey: Uint8Array;
      multisign(input: { header: Uint8Array; messages: Uint8Array[] }): Promise<Uint8Array>;
    };
  }
  export function generateBbsKeyPair(options: { algorithm: string; seed: Uint8Array }): Promise<BbsKeyPair>;
  export function toJwk(options: { keyPair: BbsKeyPair; secretKey: boolean }): Promise<BbsJwk>;
  export function fromJwk(options: { jwk: BbsJwk; secretKey: boolean }): Promise<BbsKeyPair>;
  export function from(key: object): Promise<BbsKeyPair>;
}
