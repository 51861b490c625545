// What didDocumentMetadata says of a did:webvh version, own or foreign.
import type { VerifiedDidLog } from './verify-did-log.ts';

/** The same for own and foreign DIDs. */
export function webvhMetadata(verified: VerifiedDidLog): Record<string, unknown> {
  const { versionId, created, updated, deactivated, versions } = verified;
  const { scid, portable, ttl_s, witness, watchers } = verified.parameters;
  const at = versions.findIndex((version) => version.versionId === versionId);
  const next = versions[at + 1];
  return {
    ...{ versionId, versionNumber: at + 1, created, updated, deactivated },
    ...(next === undefined ? {} : { nextVersionId: next.versionId, nextUpdate: next.versionTime }),
    ...{ versions, scid, portable, ttl: ttl_s },
    ...(witness === null ? {} : { witness }),
    ...(watchers.length === 0 ? {} : { watchers }),
  };
}
