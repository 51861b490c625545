// The wallet's own did:webvh: made here with a key that stays here, and registered with the service.

import { webCryptoSigner } from '../../../src/identity/dids/did-entry.ts';
import { didLogText } from '../../../src/identity/dids/did-log.ts';
import { createPersonDidLog, personId } from '../../../src/identity/dids/did-webvh.ts';
import type { CityService } from './city-service.ts';
import type { WalletOptions } from './wallet.ts';
import { makeKey } from './wallet-keys.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { StoredDid } from './wallet-store.ts';

const personId_bytes = 16;

/** The wallet's DID, made and registered when there is none yet. Throws ISSUER_REFUSED, SERVICE_AWAY. */
export async function ensureDid(service: CityService, { store, now_ms }: WalletOptions): Promise<StoredDid> {
  const existing = await store.get('dids', 'own');
  if (existing !== undefined) return existing;
  const configuration = await service.fetch(`${service.url}/dids/configuration`);
  if (!configuration.ok) throw new WalletRefusal('SERVICE_AWAY', 'no place for DIDs');
  const { domain, path_prefix } = (await configuration.json()) as { domain: string; path_prefix: string };
  const { publicKey, ...key } = await makeKey('EdDSA');
  const { did, log } = await createPersonDidLog({
    domain,
    pathPrefix: path_prefix,
    id: personId(crypto.getRandomValues(new Uint8Array(personId_bytes))),
    signer: await webCryptoSigner({ privateKey: key.privateKey, publicKey }),
    created: `${new Date(now_ms()).toISOString().slice(0, 19)}Z`,
  });
  const registered = await service.fetch(`${service.url}/dids`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(log),
  });
  if (!registered.ok) throw new WalletRefusal('ISSUER_REFUSED', `DID not registered: ${registered.status}`);
  const own: StoredDid = { id: 'own', did, update_key_id: key.id, log: didLogText(log), created_at_ms: now_ms() };
  await store.put('keys', key);
  await store.put('dids', own);
  return own;
}
