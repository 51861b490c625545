// The W3C form of a status list and of a credential's entries in it. Source: Bitstring Status List 1.0, sections 2.1 and 2.2.
import { BitstringStatusList, createCredential } from '@digitalbazaar/vc-bitstring-status-list';
import { purposeBits, type StatusPurpose, statusListLimits } from './status-list.ts';

export const statusPurposes: readonly StatusPurpose[] = ['revocation', 'suspension'];

/** The unsigned BitstringStatusListCredential of one purpose over `statuses`, two bits an entry. */
export async function bitstringStatusListCredential(
  statuses: Uint8Array,
  list: { id: string; issuer: string; purpose: StatusPurpose; issuedAt_s: number },
): Promise<Record<string, unknown>> {
  const credential = await createCredential({
    id: list.id,
    list: new BitstringStatusList({ buffer: purposeBits(statuses, list.purpose) }),
    statusPurpose: list.purpose,
  });
  return {
    ...credential,
    issuer: list.issuer,
    validFrom: seconds(list.issuedAt_s),
    validUntil: seconds(list.issuedAt_s + statusListLimits.lifetime_s),
  };
}

/** Where the list of a purpose stands, by the address of the one for revocation. */
export function purposeUri(revocationUri: string, purpose: StatusPurpose): string {
  return purpose === 'revocation' ? revocationUri : `${revocationUri}/${purpose}`;
}

/** The `credentialStatus` of a credential: one entry a purpose. */
export function bitstringStatusEntries(revocationUri: string, index: number) {
  return statusPurposes.map((purpose) => bitstringStatusEntry(purposeUri(revocationUri, purpose), index, purpose));
}

function bitstringStatusEntry(listUri: string, index: number, statusPurpose: StatusPurpose) {
  return {
    id: `${listUri}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose,
    statusListIndex: String(index),
    statusListCredential: listUri,
  };
}

function seconds(time_s: number): string {
  return `${new Date(time_s * 1000).toISOString().slice(0, 19)}Z`;
}
