// The W3C form of a status list and of an entry in it. Source: Bitstring Status List 1.0, sections 2.1 and 2.2.
import { BitstringStatusList, createCredential } from '@digitalbazaar/vc-bitstring-status-list';
import { mostSignificantFirst, statusListLimits } from './status-list.ts';

/** The unsigned BitstringStatusListCredential over `bits`. */
export async function bitstringStatusListCredential(
  bits: Uint8Array,
  list: { id: string; issuer: string; now_ms: number },
): Promise<Record<string, unknown>> {
  const credential = await createCredential({
    id: list.id,
    list: new BitstringStatusList({ buffer: mostSignificantFirst(bits) }),
    statusPurpose: 'revocation',
  });
  return {
    ...credential,
    issuer: list.issuer,
    validFrom: seconds(list.now_ms),
    validUntil: seconds(list.now_ms + statusListLimits.lifetime_s * 1000),
  };
}

/** The `credentialStatus` of a credential. */
export function bitstringStatusEntry(listUri: string, index: number) {
  return {
    id: `${listUri}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(index),
    statusListCredential: listUri,
  };
}

function seconds(time_ms: number): string {
  return `${new Date(time_ms).toISOString().slice(0, 19)}Z`;
}
