// The copies of a credential: how many are taken, and that each is shown once, so that who sees two cannot tell that they are one.
// Source: OpenID4VCI 1.0, 3.3.2 and 13.6.1; RFC 9901, 10.1.
import type { IssuerMetadataResult } from '@openid4vc/openid4vci';
import type { WalletOptions } from './wallet.ts';
import { makeKey } from './wallet-keys.ts';
import type { StoredCredential, StoredKey, WalletStore } from './wallet-store.ts';

const copyBounds = {
  /** Of one answer. */
  taken: 30,
  /** So many left, and it is time for new ones. */
  few: 3,
} as const;

/** A key for each copy that the issuer gives at once and the wallet takes. */
export function keysForCopies(
  { credentialIssuer }: IssuerMetadataResult,
  { copies = copyBounds.taken }: Pick<WalletOptions, 'copies'>,
): Promise<StoredKey[]> {
  const given = credentialIssuer.batch_credential_issuance?.batch_size ?? 1;
  const count = Math.max(1, Math.min(given, copies, copyBounds.taken));
  return Promise.all(Array.from({ length: count }, () => makeKey('ES256')));
}

/** The copy at hand is about to be shown: the next one takes its place, before anybody has seen it. */
export async function useUpCopy(credential: StoredCredential, store: WalletStore): Promise<void> {
  const [next, ...copies] = credential.copies ?? [];
  if (next === undefined) {
    await store.put('credentials', { ...credential, seen: true });
    return;
  }
  await store.put('credentials', { ...credential, ...next, copies });
  await store.delete('keys', credential.key_id);
}

/** Of an issuer that gives a single copy there are never few: there is no getting more. */
export function copiesLeft({ copies, seen }: StoredCredential): { copies_left: number; copies_few: boolean } {
  const left = (copies?.length ?? 0) + (seen ? 0 : 1);
  return { copies_left: left, copies_few: copies !== undefined && left <= copyBounds.few };
}

/** Ids of the keys of all its copies. */
export function keyIdsOf({ key_id, copies = [] }: StoredCredential): string[] {
  return [key_id, ...copies.map((copy) => copy.key_id)];
}
