// Who may issue what: in this version, institutions of this service may issue every type it knows; people none.

/** @param issuer null for a DID that is not known here */
export function mayIssue(issuer: { kind: 'institution' | 'person' } | null): boolean {
  return issuer?.kind === 'institution';
}
