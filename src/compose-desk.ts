// Wires the issuing desk: its offers, imports, audit and the ways in for staff.
import type { composeIdentity } from './compose-identity.ts';
import { createImportService, type ImportService } from './identity/issuing/import-offers-service.ts';
import { createImportSecrets } from './identity/issuing/import-secrets.ts';
import type { Clock } from './platform/clock.ts';
import type { Routes } from './platform/http/http-server.ts';
import type { Pool } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';
import { auditRoutes } from './portal/audit-routes.ts';
import { createAuditService } from './portal/audit-service.ts';
import { deskApprovalRoutes } from './portal/desk-approval-routes.ts';
import { createDeskApprovalService } from './portal/desk-approval-service.ts';
import { createDeskImportService } from './portal/desk-import-service.ts';
import { deskRoutes } from './portal/desk-routes.ts';
import { createDeskService } from './portal/desk-service.ts';
import { importRoutes } from './portal/import-routes.ts';
import type { Metering } from './portal/my-meter-service.ts';
import { createOfferService, type OfferService } from './portal/offer-service.ts';
import { staffOfRequest, staffRoutes } from './portal/staff-routes.ts';
import type { StaffService } from './portal/staff-service.ts';
import { staffSignInRoutes } from './portal/staff-sign-in-routes.ts';
import { createStaffSignInService } from './portal/staff-sign-in-service.ts';

export interface DeskOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  publicUrl: string;
  walletUrl: string;
  /** The service's secret, of which the links and codes of imports are made. */
  secret: string;
  identity: Awaited<ReturnType<typeof composeIdentity>>;
  metering: Pick<Metering, 'servicePointMeter'>;
  staff: StaffService;
}

/** Imports alone, for the worker: it needs neither the issuer's keys nor pages. */
export function composeImports(
  options: Pick<DeskOptions, 'pool' | 'clock' | 'random' | 'publicUrl' | 'secret'>,
): ImportService {
  return createImportService({ ...options, secrets: createImportSecrets(options.secret) });
}

export function composeDesk(options: DeskOptions): { offers: OfferService; routes: Routes[] } {
  const { identity, staff, publicUrl, walletUrl } = options;
  const offers = createOfferService({ ...options, issuer: { ...identity.offers, ...identity.credentials } });
  const staffOf = staffOfRequest(staff);
  return {
    offers,
    routes: [
      staffRoutes({ staff, offers, publicUrl, walletUrl }),
      staffSignInRoutes({
        signIn: createStaffSignInService({ ...options, presentations: identity.requests }),
        ...{ publicUrl, walletUrl },
      }),
      deskRoutes({ desk: createDeskService({ ...options, issuer: identity.desk }), staffOf, walletUrl }),
      deskApprovalRoutes({
        approvals: createDeskApprovalService({
          ...options,
          approvals: identity.approvals,
          statusOf: identity.credentials.statusOf,
        }),
        staffOf,
      }),
      importRoutes({ imports: createDeskImportService({ ...options, imports: composeImports(options) }), staffOf }),
      auditRoutes({ audit: createAuditService(options), staffOf }),
    ],
  };
}
