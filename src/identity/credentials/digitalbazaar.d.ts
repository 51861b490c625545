// Types of the Data Integrity libraries, which bring none: only the parts Naru calls.

declare module '@digitalbazaar/vc' {
  export type DocumentLoader = (
    url: string,
  ) => Promise<{ contextUrl: null; documentUrl: string; document: object; tag?: 'static' }>;
  export class CredentialIssuancePurpose {
    constructor(options?: { controller?: object });
  }
  export interface VerificationResult {
    verified: boolean;
    error?: Error & { errors?: Error[] };
  }
  export function issue(options: {
    credential: object;
    suite: object;
    documentLoader: DocumentLoader;
    now?: Date;
  }): Promise<Record<string, unknown>>;
  export function verifyCredential(options: {
    credential: object;
    suite: object;
    purpose: CredentialIssuancePurpose;
    documentLoader: DocumentLoader;
    checkStatus: () => Promise<{ verified: boolean }>;
    now?: Date;
  }): Promise<VerificationResult>;
}

declare module '@digitalbazaar/data-integrity' {
  export class DataIntegrityProof {
    constructor(options: {
      signer?: {
        id: string;
        algorithm: string;
        sign(options: { data: Uint8Array }): Promise<Uint8Array>;
      };
      date?: Date;
      cryptosuite: object;
    });
  }
}

declare module '@digitalbazaar/eddsa-rdfc-2022-cryptosuite' {
  export const cryptosuite: object;
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
}
