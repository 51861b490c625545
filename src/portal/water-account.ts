// What a shown water account credential says, in the portal's terms.
import type { Verdict } from '../identity/presenting/verdict.ts';
import { problem } from '../platform/problem.ts';

export interface WaterAccount {
  servicePoint: string;
  role: string;
  from: string;
  until: string | null;
  credentialId: string;
  holderThumbprint: string;
}

const calendarDate = /^\d{4}-\d{2}-\d{2}$/;

/** @throws PRESENTATION_INCOMPLETE where a verified presentation lacks what the portal asked for */
export function waterAccountOf(verdict: Verdict): WaterAccount {
  const { service_point, role, from, until } = verdict.claims;
  if (
    verdict.type !== 'water-account' ||
    verdict.credential_id === null ||
    verdict.holder_thumbprint === null ||
    typeof service_point !== 'string' ||
    typeof role !== 'string' ||
    !isDate(from) ||
    !(until === undefined || until === null || isDate(until))
  ) {
    throw problem('PRESENTATION_INCOMPLETE');
  }
  return {
    servicePoint: service_point,
    role,
    from,
    until: until ?? null,
    credentialId: verdict.credential_id,
    holderThumbprint: verdict.holder_thumbprint,
  };
}

function isDate(value: unknown): value is string {
  return typeof value === 'string' && calendarDate.test(value);
}
