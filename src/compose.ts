// The only place that wires anything: options and seams in, running roles out.
import { join } from 'node:path';
import { sha256 } from '@noble/hashes/sha2.js';
import { anchorRoutes } from './anchoring/anchor-routes.ts';
import { createAnchoring } from './anchoring/anchoring-service.ts';
import { bytes32, toHex } from './anchoring/hexadecimal.ts';
import { composeIdentity } from './compose-identity.ts';
import { composeMetering } from './compose-metering.ts';
import type { Role } from './config.ts';
import type { FleetEntry, ProvisionedDevice } from './metering/meters/fleet-entry.ts';
import type { Clock } from './platform/clock.ts';
import { createHttpServer, type Routes } from './platform/http/http-server.ts';
import { operationsRoutes, type ReadinessCheck } from './platform/http/operations-routes.ts';
import { operatorGuard } from './platform/http/operator-guard.ts';
import { createWalletServer, staticPages } from './platform/http/static-server.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { packageRoot } from './platform/package-root.ts';
import { openPool } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';
import { citizenRoutes } from './portal/citizen-routes.ts';
import { createMyMeterService } from './portal/my-meter-service.ts';
import { createOfferService, type OfferService } from './portal/offer-service.ts';
import { createSignInService } from './portal/sign-in-service.ts';
import { staffGuard, staffRoutes } from './portal/staff-routes.ts';
import { createStaffService } from './portal/staff-service.ts';
import { sweepPortal } from './portal/sweep-service.ts';

const API_CONNECTIONS = 20;
const SWEEP_EVERY_ms = 60_000;
const pages = join(packageRoot, 'dist', 'pages');

export interface ComposeOptions {
  roles: readonly Role[];
  /** Folder of the issuer's keys. */
  dataDirectory: string;
  version: string;
  host: string;
  httpPort: number;
  walletPort: number;
  mqttPort: number;
  mqttWsPort: number;
  /** Addresses under which people reach service and wallet; no slash at the end. */
  publicUrl: string;
  walletUrl: string;
  databaseUrl: string;
  chain: {
    rpcUrls: string[];
    chainId?: number;
    committerKey: string;
    contract?: string;
    confirmations: number;
    /** It is ours and may lose its tail. */
    isDevelopmentChain: boolean;
  };
  /** Key of the pseudonyms. */
  secret: string;
  /** Bearer token of the operator's programs; without one their routes refuse. */
  operatorToken?: string;
  timeZone: string;
  epochInterval_ms: number;
  epochChanges: number;
}

/** Time and chance, and where a process speaks: what tests and simulations replace. */
export interface Seams {
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
}

export interface Running {
  roles: readonly Role[];
  publicUrl: string;
  walletUrl: string;
  mqttPort: number | null;
  mqttWsPort: number | null;
  provisionFleet(entries: readonly FleetEntry[]): Promise<ProvisionedDevice[]>;
  createStaffLink(): Promise<string>;
  /** A link into the console where nobody was ever given one; null at every later start. */
  firstStaffLink(): Promise<string | null>;
  offerWaterAccount: OfferService['offerWaterAccount'];
  /** Nothing new is taken, what was taken is finished. */
  stop(): Promise<void>;
}

export async function compose(options: ComposeOptions, seams: Seams): Promise<Running> {
  const { publicUrl, walletUrl, timeZone, host, roles } = options;
  const { clock, random, logger, metrics } = seams;
  const pool = openPool(options.databaseUrl, API_CONNECTIONS);
  const requireOperator = operatorGuard(options.operatorToken);
  const anchoring = createAnchoring({
    ...{ pool, clock, logger, metrics },
    chain: { ...options.chain, registryId: registryOf(options.publicUrl) },
    epochInterval_ms: options.epochInterval_ms,
    epochChanges: options.epochChanges,
  });
  const identity = await composeIdentity({
    ...{ pool, clock, random, publicUrl, requireOperator },
    dataDirectory: options.dataDirectory,
    anchorOf: anchoring.service.anchorOf,
  });
  const staff = createStaffService({ pool, clock, random });
  const metering = composeMetering({ pool, clock, random, timeZone, requireOperator, requireStaff: staffGuard(staff) });
  const offers = createOfferService({ pool, clock, issuer: { ...identity.offers, ...identity.credentials }, metering });
  const stops: (() => Promise<unknown>)[] = [() => pool.end()];

  if (roles.includes('worker')) {
    await anchoring.start();
    stops.push(() => anchoring.stop());
    const sweeping = setInterval(() => {
      Promise.all([identity.sweep(), sweepPortal(pool, clock)]).catch((error: Error) =>
        logger.warn({ err: error }, 'sweeping what expired failed'),
      );
    }, SWEEP_EVERY_ms);
    stops.push(async () => clearInterval(sweeping));
  }
  if (roles.includes('api')) {
    const signIn = createSignInService({
      ...{ pool, clock, random, publicUrl },
      presentations: identity.requests,
      statusOf: identity.credentials.statusOf,
      secret: options.secret,
    });
    const myMeter = createMyMeterService({
      metering,
      clock,
      timeZone,
      anchorOf: (key) => anchoring.service.anchorOf(bytes32(key)),
    });
    const checks: ReadinessCheck[] = [
      { name: 'database', check: async () => void (await pool.query('SELECT 1')) },
      {
        name: 'chain',
        check: async () => {
          const trouble = anchoring.trouble();
          if (trouble !== null) throw trouble;
        },
      },
    ];
    const routes: Routes[] = [
      operationsRoutes(metrics, checks),
      anchorRoutes(anchoring.service),
      ...identity.routes,
      ...metering.routes,
      citizenRoutes({ signIn, myMeter, publicUrl, walletUrl }),
      staffRoutes({ staff, offers, publicUrl, walletUrl }),
      staticPages(join(pages, 'site')),
    ];
    const http = await createHttpServer({ logger, publicUrl, title: 'Naru', version: options.version, routes });
    await http.listen({ host, port: options.httpPort });
    stops.push(() => http.close());
    const wallet = await createWalletServer(join(pages, 'wallet'), publicUrl, logger);
    await wallet.listen({ host, port: options.walletPort });
    stops.push(() => wallet.close());
  }
  const broker = roles.includes('broker') ? await metering.openBroker(options, seams) : null;
  if (broker) stops.push(() => broker.close());

  return {
    roles,
    publicUrl,
    walletUrl,
    mqttPort: broker?.ports.mqtt ?? null,
    mqttWsPort: broker?.ports.ws ?? null,
    provisionFleet: metering.provisionFleet,
    createStaffLink: staff.createStaffLink,
    firstStaffLink: staff.firstStaffLink,
    offerWaterAccount: offers.offerWaterAccount,
    async stop() {
      for (const stop of stops.reverse()) await stop();
    },
  };
}

/** One contract serves many cities: each service's registry is named by the address it is known under. */
function registryOf(publicUrl: string): string {
  return toHex(sha256(new TextEncoder().encode(`naru/registry/1${publicUrl}`)));
}
