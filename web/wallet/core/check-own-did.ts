// The wallet's check of its own DID at every opening: finishes what was left unfinished, asks, judges, and remembers.
import { anchorKey } from '../../../src/anchoring/anchor-keys.ts';
import { toHex } from '../../../src/anchoring/hexadecimal.ts';
import { finishPending } from './change-own-did.ts';
import type { CityService } from './city-service.ts';
import { type DidCheck, type DidResolution, judgeOwnDid } from './judge-own-did.ts';
import { fetchServedLog, personIdOf } from './served-log.ts';
import type { WalletOptions } from './wallet.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { StoredDid } from './wallet-store.ts';

/** Null while the wallet has no DID. Throws nothing: a service that is away is an outcome. */
export async function checkOwnDid(service: CityService, options: WalletOptions): Promise<DidCheck | null> {
  const { store, now_ms } = options;
  let own = await store.get('dids', 'own');
  if (own === undefined) return null;
  try {
    own = await finishPending(own, service, options);
  } catch (error) {
    if (error instanceof WalletRefusal && error.code === 'SERVICE_AWAY') return unchecked(own);
    // Refused for good: what is left is judged like anything else.
    own = await store.get('dids', 'own');
    if (own === undefined) return null;
  }
  if (own.ended?.how === 'erased') {
    return { own, outcome: 'ended', warnings: [], anchor: null, checked_at_ms: own.seen?.checked_at_ms ?? null };
  }
  const [served, resolution] = await Promise.all([
    fetchServedLog(service, personIdOf(own.did)),
    resolve(own.did, service),
  ]);
  if (served.state === 'away' || resolution === 'away') return unchecked(own);
  const { warnings, waiting, anchor, seen } = judgeOwnDid(own, served, resolution, now_ms());
  const checked: StoredDid = { ...own, seen };
  await store.put('dids', checked);
  return {
    own: checked,
    outcome: warnings.length > 0 ? 'warned' : waiting ? 'waiting' : 'fine',
    warnings,
    anchor,
    checked_at_ms: seen.checked_at_ms,
  };
}

function unchecked(own: StoredDid): DidCheck {
  return { own, outcome: 'unchecked', warnings: [], anchor: null, checked_at_ms: own.seen?.checked_at_ms ?? null };
}

/** Null: the service says that there is no such DID. A deactivated DID's answer may come as 410 with its metadata. */
async function resolve(did: string, service: CityService): Promise<DidResolution | null | 'away'> {
  try {
    const answer = await service.fetch(`${service.url}/1.0/identifiers/${encodeURIComponent(did)}`, {
      cache: 'no-store',
      headers: { accept: 'application/ld+json;profile="https://w3id.org/did-resolution"' },
    });
    const content = (await answer.json()) as DidResolution;
    if (answer.ok || content.didDocumentMetadata?.versionId !== undefined) return content;
    return answer.status === 404 || answer.status === 410 ? null : 'away';
  } catch {
    return 'away';
  }
}

/**
 * What anybody needs to check the DID's anchor later without the service, as the service made it.
 *
 * @throws DID_MISSING, PROOF_NOT_READY, SERVICE_AWAY
 */
export async function fetchProof(
  service: CityService,
  { store }: WalletOptions,
): Promise<{ name: string; text: string }> {
  const own = await store.get('dids', 'own');
  if (own === undefined) throw new WalletRefusal('DID_MISSING');
  const key = toHex(anchorKey('did', own.did));
  const answer = await service.fetch(`${service.url}/api/anchors/${key}/bundle`);
  if (!answer.ok) throw new WalletRefusal('PROOF_NOT_READY', `HTTP ${answer.status}`);
  return { name: `naru-proof-${key.slice(2, 10)}.json`, text: await answer.text() };
}
