// What the audit of the desk and of citizens tells apart.

export const auditActions = [
  'signed_in',
  'offer_made',
  'offer_withdrawn',
  'offer_approved',
  'offer_refused',
  'credential_revoked',
  'credential_suspended',
  'credential_resumed',
  'credential_replaced',
  'import_started',
  'import_cancelled',
  'links_downloaded',
  'codes_downloaded',
  'audit_exported',
  'consent_given',
  'contacts_changed',
  'consent_withdrawn',
  'away_set',
  'away_ended',
  'reduction_proved',
  'reduction_ended',
  'bill_refused',
  'bill_offered',
  'citizen_forgotten',
] as const;
export type AuditAction = (typeof auditActions)[number];
