// A credential as its issuer's metadata describe it, and the record of one that was received.
import type { IssuerMetadataResult } from '@openid4vc/openid4vci';
import { bilingual, type DisplayEntry } from './bilingual.ts';
import type { CityService } from './city-service.ts';
import { checkReceived } from './held-credential.ts';
import { randomId } from './wallet-keys.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { CredentialCopy, StoredCredential, Text } from './wallet-store.ts';

export const heldFormat = 'dc+sd-jwt';

interface Expected {
  /** Of the credential configuration. */
  id: string;
  /** One for each copy that was asked for. */
  keyIds: readonly string[];
  metadata: IssuerMetadataResult;
  /** The credential issuer. */
  from: string;
  issuerName: Text;
}

/**
 * The copies of one answer as one record: each for a key of its own, all of one content.
 *
 * @throws CREDENTIAL_UNREADABLE, OFFER_UNREADABLE
 */
export async function checkedCredential(
  compacts: readonly string[],
  { id, keyIds, metadata, from, issuerName }: Expected,
  service: CityService,
  now_ms: number,
): Promise<StoredCredential> {
  const { vct, name, labels } = configuration(metadata, id);
  const reading = readingOnce(service);
  const open = new Set(keyIds);
  const copies: CredentialCopy[] = [];
  const issuers = new Set<string>();
  const contents = new Set<string>();
  for (const compact of compacts) {
    const content = await checkReceived(compact, { vct, keyIds: [...open], from }, reading);
    // Of a certified credential the service's own DID, whose key signed it.
    issuers.add(content.issuer === '' && from === service.url ? didOf(content.header.kid) : content.issuer);
    contents.add(JSON.stringify(Object.entries(content.claims).sort()));
    open.delete(content.keyThumbprint);
    copies.push({ compact, key_id: content.keyThumbprint });
  }
  const [first, ...further] = copies;
  const [issuer] = issuers;
  if (first === undefined || issuer === undefined) {
    throw new WalletRefusal('CREDENTIAL_UNREADABLE', 'no credential in the answer');
  }
  if (issuers.size > 1 || contents.size > 1) {
    throw new WalletRefusal('CREDENTIAL_UNREADABLE', 'copies that say different things');
  }
  return {
    id: randomId(),
    format: heldFormat,
    ...first,
    ...(further.length === 0 ? {} : { copies: further }),
    vct,
    issuer,
    issuer_name: issuerName,
    type_name: name,
    claim_labels: labels,
    received_at_ms: now_ms,
  };
}

/** The texts of an answer's `credentials`, whatever else stands there. */
export function compactsOf(credentials: unknown): string[] {
  return (Array.isArray(credentials) ? credentials : [])
    .map((entry: unknown) => (entry as { credential?: unknown } | null)?.credential ?? entry)
    .filter((compact) => typeof compact === 'string');
}

/** The service, asked once for each key of its DID. */
function readingOnce(service: CityService): CityService {
  const found = new Map<string, ReturnType<CityService['findKey']>>();
  return {
    ...service,
    findKey: (didUrl) => {
      const key = found.get(didUrl) ?? service.findKey(didUrl);
      found.set(didUrl, key);
      return key;
    },
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
