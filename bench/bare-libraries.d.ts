// Types of libraries that only the benchmarks call, in the parts that they call.

declare module '@digitalbazaar/ed25519-multikey' {
  export function generate(options: { id: string; controller: string }): Promise<BareKey>;
}

declare module '@digitalbazaar/ecdsa-multikey' {
  export function generate(options: { id: string; controller: string; curve: 'P-256' }): Promise<BareKey>;
}

declare module '@digitalbazaar/eddsa-rdfc-2022-cryptosuite' {
  export const cryptosuite: object;
}

interface BareKey {
  signer(): object;
  export(options: { publicKey: true; includeContext: true }): Promise<Record<string, unknown>>;
}
