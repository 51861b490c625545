// Wires the room of metering: registry, use, the broker, and what the portal may ask of them.
import type { FastifyRequest } from 'fastify';
import { type BrokerOptions, openBroker } from './compose-intake.ts';
import { createZonesService } from './metering/balance/zone-balance-service.ts';
import { startZoneJobs } from './metering/balance/zone-jobs-service.ts';
import { zoneRoutes } from './metering/balance/zone-routes.ts';
import { startBillJobs } from './metering/billing/bill-jobs-service.ts';
import { billRoutes } from './metering/billing/bill-routes.ts';
import { billRunRoutes } from './metering/billing/bill-run-routes.ts';
import { createBillsService } from './metering/billing/bills-service.ts';
import { exceptionRoutes } from './metering/billing/exception-routes.ts';
import { createExceptionsService } from './metering/billing/exceptions-service.ts';
import { reductionsOffered } from './metering/billing/offered-reductions-service.ts';
import { recordProven } from './metering/billing/proven-predicate-store.ts';
import { shippedTariffNames, shippedTariffText } from './metering/billing/shipped-tariff-port.ts';
import { type BillRunOrder, startBillRun } from './metering/billing/start-bill-run-service.ts';
import { commandRoutes } from './metering/commands/command-routes.ts';
import { createCommandService } from './metering/commands/command-service.ts';
import { approvedByTwo } from './metering/commands/command-store.ts';
import { completenessRoutes } from './metering/completeness/completeness-routes.ts';
import { createCompletenessService } from './metering/completeness/completeness-service.ts';
import { createBillExportService } from './metering/exports/bill-export-service.ts';
import { createChangedUseService } from './metering/exports/changed-use-service.ts';
import { copyRoutes } from './metering/exports/copy-routes.ts';
import { readingExportRoutes } from './metering/exports/reading-export-routes.ts';
import { createReadingExportService } from './metering/exports/reading-export-service.ts';
import { sensorThingsRoot, sensorThingsRoutes } from './metering/exports/sensorthings-routes.ts';
import { createSensorThings } from './metering/exports/sensorthings-service.ts';
import { createDeviceSecrets } from './metering/intake/device-secret.ts';
import { intakeActivityRoutes } from './metering/intake/intake-activity-routes.ts';
import { readActivity } from './metering/intake/intake-activity-service.ts';
import { openPartitions } from './metering/intake/partition-service.ts';
import { redecodeRoutes } from './metering/intake/redecode-routes.ts';
import { redecode } from './metering/intake/redecode-service.ts';
import { createDeviceAuthority } from './metering/meters/device-authority-service.ts';
import { authorityKeyFile } from './metering/meters/device-ca-port.ts';
import { deviceClaimRoutes } from './metering/meters/device-claim-routes.ts';
import { createDeviceClaims } from './metering/meters/device-claim-service.ts';
import { deviceCredentialRoutes } from './metering/meters/device-credential-routes.ts';
import { createDeviceCredentials } from './metering/meters/device-credential-service.ts';
import { deviceRoutes } from './metering/meters/device-routes.ts';
import type { FleetEntry, ProvisionedDevice } from './metering/meters/fleet-entry.ts';
import { gatewayRoutes } from './metering/meters/gateway-routes.ts';
import { createGatewaysService } from './metering/meters/gateways-service.ts';
import { importRegistry } from './metering/meters/import-registry-service.ts';
import { meterRoutes } from './metering/meters/meter-routes.ts';
import { createMetersService } from './metering/meters/meters-service.ts';
import { completeList, provisionList } from './metering/meters/provision-csv-service.ts';
import { provisionFleet } from './metering/meters/provision-fleet-service.ts';
import { createRegistryReading } from './metering/meters/registry-reading-service.ts';
import { registryRoutes } from './metering/meters/registry-routes.ts';
import { type BillProofOptions, createBillProofService } from './metering/proofs/bill-proof-service.ts';
import type { AnchorTree } from './metering/proofs/build-zone-days-service.ts';
import { startProofJobs } from './metering/proofs/proof-jobs-service.ts';
import { findAlikeUse } from './metering/readings/alike-use-store.ts';
import { LocalDays } from './metering/readings/local-days.ts';
import { startPackingJobs } from './metering/readings/packing-jobs-service.ts';
import { startUseJobs } from './metering/readings/use-jobs-service.ts';
import { createUseService } from './metering/readings/use-service.ts';
import { editReading } from './metering/validation/edit-reading-service.ts';
import { editRoutes } from './metering/validation/edit-routes.ts';
import { estimateUse } from './metering/validation/estimate-use-service.ts';
import { findingRoutes } from './metering/validation/finding-routes.ts';
import { createFindingService } from './metering/validation/finding-service.ts';
import { listShownRegisters } from './metering/validation/list-registers-service.ts';
import { startValidationJobs } from './metering/validation/validation-jobs-service.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import type { Pool } from './platform/postgres/database.ts';
import { Problem } from './platform/problem.ts';
import type { Random } from './platform/random.ts';
import type { BillReading } from './portal/citizen-bills-service.ts';
import type { AlikeMetering } from './portal/compare-use-service.ts';
import type { Metering } from './portal/my-meter-service.ts';
import type { ReductionBilling } from './portal/prove-reduction-service.ts';

export interface MeteringOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  timeZone: string;
  /** Address under which the service is reached; no slash at the end. */
  publicUrl: string;
  /** NARU_SECRET: the key of the device secrets is derived from it. */
  secret: string;
  /** Folder that may hold the key of the authority for devices. */
  dataDirectory: string;
  requireOperator(request: FastifyRequest): Promise<void>;
  requireStaff(request: FastifyRequest): Promise<void>;
  /** The hash of the staff session that a request came with; null where it came with none. */
  actorOf(request: FastifyRequest): Buffer | null;
}

/** All that lies in quarantine. */
const everything = { code: null, deviceId: null, since_ms: null };

interface MeteringSeams {
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

export function composeMetering(options: MeteringOptions) {
  const { pool, clock, random, timeZone, requireOperator, requireStaff } = options;
  const meters = createMetersService(pool, clock, timeZone);
  const use = createUseService(pool, timeZone);
  const days = new LocalDays(timeZone);
  const secrets = createDeviceSecrets(options.secret);
  const provision = (
    entries: readonly FleetEntry[],
    beforeCommit?: (provisioned: readonly ProvisionedDevice[]) => Promise<void>,
  ) => provisionFleet(pool, random, entries, secrets, beforeCommit);
  const authority = createDeviceAuthority({ pool, clock, random, keyFile: authorityKeyFile(options.dataDirectory) });
  const claims = createDeviceClaims({ pool, clock, random, secrets, authority });
  const credentials = createDeviceCredentials({ pool, clock, random, secrets });
  const valvePreconditions = [approvedByTwo];
  const bills = createBillsService(pool);
  const commands = createCommandService({ pool, clock, valvePreconditions });

  /** Staff, or a program with the operator's token. */
  const requireKeeper = (request: FastifyRequest): Promise<void> =>
    isProgram(request) ? requireOperator(request) : requireStaff(request);
  const actorOf = (request: FastifyRequest) => (isProgram(request) ? null : options.actorOf(request));

  /** The meter at a service point; null where there is no such place, or no meter stands there. */
  async function meterAt(servicePoint: string, at: Date) {
    try {
      return await meters.meterAtServicePoint(servicePoint, at.getTime());
    } catch (error) {
      if (error instanceof Problem && error.code === 'SERVICE_POINT_UNKNOWN') return null;
      throw error;
    }
  }

  const billing: ReductionBilling & BillReading = {
    reductionsOffered: async (servicePoint, on) => {
      const row = await meterAt(servicePoint, new Date(clock.now_ms()));
      return row === null ? [] : reductionsOffered(pool, servicePoint, row.bore_mm, on);
    },
    recordProven,
    ...bills,
  };

  const forPortal: Metering & AlikeMetering = {
    async servicePointMeter(servicePoint, at) {
      const row = await meterAt(servicePoint, at);
      if (row === null) return null;
      // The place's own, not the meter's: by now the meter may stand somewhere else.
      const { zone, usage_class: usageClass } = await meters.getServicePoint(servicePoint);
      return {
        servicePoint,
        zone,
        usageClass,
        meter: {
          id: row.meter_id,
          serial: row.serial,
          model: row.model,
          boreMm: row.bore_mm,
          format: row.format ?? '',
        },
      };
    },
    async lastReading(servicePoint, from, to) {
      const reading = await use.lastReadingAt(servicePoint, { from_ms: from.getTime(), to_ms: to.getTime() });
      return (
        reading && {
          measuredAt: new Date(reading.measured_at_ms),
          receivedAt: new Date(reading.received_at_ms),
          register_l: reading.register_l,
          flags: reading.flags,
        }
      );
    },
    async lastAlarm(servicePoint, from, to) {
      const alarm = await use.lastAlarmAt(servicePoint, { from_ms: from.getTime(), to_ms: to.getTime() });
      return alarm && { flag: alarm.flag, measuredAt: new Date(alarm.measured_at_ms) };
    },
    alikeUse: (servicePoint, days) => findAlikeUse(pool, servicePoint, days),
    async useOf(servicePoint, resolution, from, to) {
      const intervals = await use.useOf({
        of: { servicePointId: servicePoint },
        from_ms: from.getTime(),
        to_ms: to.getTime(),
        resolution,
      });
      return intervals.map(({ start_ms, end_ms, use_l, estimated_l }) => ({
        start: new Date(start_ms),
        end: new Date(end_ms),
        use_l,
        ...(estimated_l === undefined ? {} : { estimated_l }),
      }));
    },
  };

  return {
    ...forPortal,
    billing,
    provisionFleet: provision,
    routes: [
      meterRoutes(meters, use, requireStaff),
      findingRoutes({
        findings: createFindingService({ pool, clock, days }),
        ...{ requireStaff, actorOf: options.actorOf },
      }),
      editRoutes({
        editReading: (edit, actor) => editReading({ pool, clock }, edit, { actor, rule: null }),
        estimateUse: (wanted, actor) => estimateUse({ pool, clock, days }, wanted, { actor, rule: null }),
        listRegisters: (meterId, span) => listShownRegisters(pool, meterId, span),
        ...{ requireStaff, actorOf: options.actorOf },
      }),
      zoneRoutes(createZonesService(pool, clock, days), requireStaff),
      completenessRoutes(createCompletenessService(pool, days), requireStaff),
      registryRoutes({
        reading: createRegistryReading(pool, clock),
        importList: (list, file, given) => importRegistry({ pool, clock }, list, file, given),
        ...{ requireStaff, actorOf: options.actorOf },
      }),
      deviceRoutes({
        provisionFleet: provision,
        provisionList: (file, dryRun, actor, keep) =>
          provisionList(pool, file, {
            ...{ dryRun, keep, provisionFleet: provision },
            by: { at: new Date(clock.now_ms()), actor },
          }),
        completeList: (file) => completeList(pool, random, file),
        ...{ requireOperator, requireKeeper, actorOf },
      }),
      deviceCredentialRoutes({ credentials, claims, authority, requireKeeper, actorOf }),
      deviceClaimRoutes({ claims, authority }),
      commandRoutes({ commands, requireKeeper, actorOf }),
      redecodeRoutes({
        redecode: async () => redecode({ pool, timeZone, partitions: await openPartitions(pool, clock) }, everything),
        requireStaff,
      }),
      intakeActivityRoutes({ readActivity: () => readActivity(pool, clock), requireStaff }),
      gatewayRoutes({
        gateways: createGatewaysService(pool, clock, random, secrets),
        ...{ requireOperator, requireStaff },
      }),
      billRunRoutes({
        ...{ bills, requireStaff, actorOf: options.actorOf },
        startRun: (order) => startBillRun({ pool, clock, days }, order),
        shippedTariffs: { names: shippedTariffNames, text: shippedTariffText },
      }),
      billRoutes(bills, requireStaff),
      exceptionRoutes({
        exceptions: createExceptionsService(pool, clock),
        ...{ requireStaff, actorOf: options.actorOf },
      }),
      readingExportRoutes({
        ...{ exports: createReadingExportService(pool), use, requireKeeper },
        requireMeter: meters.getMeter,
        requirePlace: meters.getServicePoint,
      }),
      copyRoutes({
        changes: createChangedUseService(pool, days),
        bills: createBillExportService(pool),
        requireKeeper,
      }),
      sensorThingsRoutes(createSensorThings(pool, timeZone, `${options.publicUrl}${sensorThingsRoot}`), requireKeeper),
    ],
    startPackingJobs: (seams: MeteringSeams) => startPackingJobs({ pool, ...seams }),
    startUseJobs: (seams: MeteringSeams) => startUseJobs({ pool, timeZone, ...seams }),
    startValidationJobs: (seams: MeteringSeams) => startValidationJobs({ pool, timeZone, ...seams }),
    /** @param anchor leaves what is hashed for the anchored map, which metering does not know */
    startProofJobs: (seams: MeteringSeams, anchor: AnchorTree) =>
      startProofJobs({ pool, random, days, anchor, ...seams }),
    /** @param prove asks the anchored map, which metering does not know */
    billProofs: (prove: BillProofOptions['prove']) => createBillProofService({ pool, days, prove }),
    startZoneJobs: (seams: MeteringSeams) => startZoneJobs({ pool, days, ...seams }),
    startBillJobs: (seams: MeteringSeams, beforeRun: () => Promise<unknown>) =>
      startBillJobs({ pool, timeZone, beforeRun, ...seams }),
    startBillRun: (order: BillRunOrder) => startBillRun({ pool, clock, days }, order),
    openBroker: (of: BrokerOptions, seams: MeteringSeams) =>
      openBroker({ ...of, timeZone, secrets, valvePreconditions, random }, seams),
  };
}

function isProgram(request: FastifyRequest): boolean {
  return request.headers.authorization !== undefined;
}
