// A credential as its issuer's metadata describe it, and the record of one that was received.
import type { IssuerMetadataResult } from '@openid4vc/openid4vci';
import { bilingual, type DisplayEntry } from './bilingual.ts';
import type { CityService } from './city-service.ts';
import { checkReceived } from './held-credential.ts';
import { randomId } from './wallet-keys.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { StoredCredential, Text } from './wallet-store.ts';

export const heldFormat = 'dc+sd-jwt';

interface Expected {
  /** Of the credential configuration. */
  id: string;
  keyId: string;
  metadata: IssuerMetadataResult;
  /** The credential issuer. */
  from: string;
  issuerName: Text;
}

/** Throws CREDENTIAL_UNREADABLE, OFFER_UNREADABLE. */
export async function checkedCredential(
  compact: string,
  { id, keyId, metadata, from, issuerName }: Expected,
  service: CityService,
  now_ms: number,
): Promise<StoredCredential> {
  const { vct, name, labels } = configuration(metadata, id);
  const content = await checkReceived(compact, { vct, keyId, from }, service);
  return {
    id: randomId(),
    format: heldFormat,
    compact,
    key_id: keyId,
    vct,
    // Of a certified credential the service's own DID, whose key signed it.
    issuer: content.issuer === '' && from === service.url ? didOf(content.header.kid) : content.issuer,
    issuer_name: issuerName,
    type_name: name,
    claim_labels: labels,
    received_at_ms: now_ms,
  };
}

function didOf(kid: unknown): string {
  return typeof kid === 'string' ? (kid.split('#')[0] ?? '') : '';
}

export function nameOf(metadata: IssuerMetadataResult, id: string): Text {
  const { display } = (metadata.credentialIssuer.credential_configurations_supported[id]?.credential_metadata ??
    {}) as {
    display?: DisplayEntry[];
  };
  return bilingual(display, id);
}

/** What the issuer says about one of its credentials. Throws OFFER_UNREADABLE where that does not say what it is. */
export function configuration(
  metadata: IssuerMetadataResult,
  id: string,
): { vct: string; name: Text; labels: Record<string, Text> } {
  const found = metadata.credentialIssuer.credential_configurations_supported[id];
  if (found?.format !== heldFormat || typeof found.vct !== 'string') {
    throw new WalletRefusal('OFFER_UNREADABLE', 'a credential without a type');
  }
  const { claims } = (found.credential_metadata ?? {}) as {
    claims?: { path: unknown[]; display?: DisplayEntry[] }[];
  };
  return {
    vct: found.vct,
    name: nameOf(metadata, id),
    labels: Object.fromEntries(
      (claims ?? []).map(({ path, display: labels }) => [String(path[0]), bilingual(labels, String(path[0]))]),
    ),
  };
}
