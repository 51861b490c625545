// The wallet's DID log as the service has it, verified here, and how it compares with the wallet's own.
import { parseDidLogText } from '../../../src/identity/dids/did-log.ts';
import { type VerifiedDidLog, verifyDidLog } from '../../../src/identity/dids/verify-did-log.ts';
import type { CityService } from './city-service.ts';

export type ServedLog =
  | { state: 'log'; text: string; verified: VerifiedDidLog }
  | { state: 'unknown' }
  | { state: 'erased' }
  /** It does not verify. */
  | { state: 'broken' }
  /** The service could not be asked, or could not answer. */
  | { state: 'away' };

/** Never throws. */
export async function fetchServedLog(service: CityService, personId: string): Promise<ServedLog> {
  let text: string;
  try {
    const answer = await service.fetch(`${service.url}/people/${personId}/did.jsonl`, { cache: 'no-store' });
    if (answer.status === 410) return { state: 'erased' };
    if (answer.status === 404) return { state: 'unknown' };
    if (!answer.ok) return { state: 'away' };
    text = await answer.text();
  } catch {
    return { state: 'away' };
  }
  try {
    return { state: 'log', text, verified: await verifyDidLog(parseDidLogText(text)) };
  } catch {
    return { state: 'broken' };
  }
}

/** The last segment of a person's DID. */
export function personIdOf(did: string): string {
  return did.slice(did.lastIndexOf(':') + 1);
}

/** The versionIds of a log that the wallet itself wrote; each is a hash over all before it. */
export function versionIdsOf(log: string): string[] {
  return parseDidLogText(log).map(({ versionId }) => versionId);
}

export function sameLog(verified: VerifiedDidLog, log: string): boolean {
  return verified.versionId === versionIdsOf(log).at(-1);
}
