// Credo, an independent implementation of OpenID4VC, as wallet and as office: found where its own package folder was installed.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const peers = new URL('../conformance/peers/', import.meta.url);
const installCommand = 'npm ci --prefix test/conformance/peers';

export interface CredoRecord {
  id: string;
  /** One entry a credential of the batch. */
  credentialInstances: unknown[];
}

export interface CredoWallet {
  /** By pre-authorized code: everything offered, a fresh key for each copy. */
  takeOffer(offerUri: string, txCode: string): Promise<CredoRecord[]>;
  answer(requestUri: string): Promise<CredoAnswer>;
  close(): Promise<void>;
}

export type CredoAnswer =
  | { satisfied: false }
  | { satisfied: true; status: number; body: Record<string, unknown>; redirectUri?: string };

export interface CredoOffice {
  vct: string;
  issuerUrl: string;
  offer(): Promise<{ uri: string; txCode: string }>;
  ask(request: { query: object; responseMode?: string }): Promise<{ uri: string; sessionId: string }>;
  answerOf(sessionId: string): Promise<{ state: string; error?: string; presentations?: Record<string, unknown[]> }>;
  close(): Promise<void>;
}

export interface Credo {
  credoWallet(options: { resolverUrl: string; trustedCertificates?: string[] }): Promise<CredoWallet>;
  credoOffice(options: {
    resolverUrl: string;
    port: number;
    signWith: 'did' | 'x5c';
    batchSize?: number;
    requireDpop?: boolean;
  }): Promise<CredoOffice>;
}

/** Null after saying loudly that the tests with it are skipped; where `CI` is set its absence is an error. */
export async function findCredo(): Promise<Credo | null> {
  if (existsSync(new URL('node_modules/@credo-ts/openid4vc/package.json', peers))) {
    const [wallet, office] = await Promise.all(
      ['credo-wallet.mjs', 'credo-office.mjs'].map((file) => import(fileURLToPath(new URL(file, peers)))),
    );
    return { credoWallet: wallet.credoWallet, credoOffice: office.credoOffice };
  }
  const message = `CREDO TESTS SKIPPED: it is not installed. Install it: ${installCommand}`;
  if (process.env.CI !== undefined && process.env.CI !== '') throw new Error(message);
  console.warn(`\n*** ${message} ***\n`);
  return null;
}
