// The parts of Digital Bazaar's DID drivers that are used; the packages bring no types.
declare module '@digitalbazaar/did-method-key' {
  export interface MultibaseKey {
    publicKeyMultibase: string;
  }
  export function driver(): {
    use(options: { multibaseMultikeyHeader: string; fromMultibase: (key: MultibaseKey) => Promise<object> }): void;
    get(options: { did: string }): Promise<{ id: string }>;
  };
}

declare module '@digitalbazaar/did-method-jwk' {
  export function driver(): { get(options: { did: string }): Promise<{ id: string }> };
}
