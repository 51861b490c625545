// The only place that wires anything: options and seams in, running roles out.
import { join } from 'node:path';
import { sha256 } from '@noble/hashes/sha2.js';
import { anchorKey } from './anchoring/anchor-keys.ts';
import { anchorRoutes } from './anchoring/anchor-routes.ts';
import { createAnchoring } from './anchoring/anchoring-service.ts';
import { anchoringStateRoutes } from './anchoring/anchoring-state-routes.ts';
import { bytes32, toHex } from './anchoring/hexadecimal.ts';
import { enqueueChange } from './anchoring/outbox-store.ts';
import { proofBundleRoutes } from './anchoring/proof-bundle-routes.ts';
import { composeAlarmJobs, composeAlarmRoutes, composeContactJobs } from './compose-alarms.ts';
import type { AuthorizationPolicy } from './compose-authorization.ts';
import { composeCitizen, composeReductionChecks } from './compose-citizen.ts';
import { composeDesk, composeImports } from './compose-desk.ts';
import { composeIdentity, type IdentityOptions } from './compose-identity.ts';
import type { BrokerOptions } from './compose-intake.ts';
import type { IssuingPolicy } from './compose-issuing.ts';
import { composeMetering } from './compose-metering.ts';
import type { AlarmTelling, MqttListening, Role } from './config.ts';
import { findCredential } from './identity/credentials/credential-record-store.ts';
import { startImportJobs } from './identity/issuing/import-jobs-service.ts';
import { sweepIdentity } from './identity/sweep-service.ts';
import type { KeyService } from './identity/trust/held-key.ts';
import { ISSUER_KEYS_CHANNEL } from './identity/trust/revoked-key-store.ts';
import type { FleetEntry, ProvisionedDevice } from './metering/meters/fleet-entry.ts';
import type { Clock } from './platform/clock.ts';
import { createHttpServer, type Routes } from './platform/http/http-server.ts';
import { operationsRoutes, type ReadinessCheck } from './platform/http/operations-routes.ts';
import { operatorGuard } from './platform/http/operator-guard.ts';
import { createWalletServer, staticPages } from './platform/http/static-server.ts';
import { readTlsFiles, type TlsFiles } from './platform/http/tls-files.ts';
import type { Logger } from './platform/logger.ts';
import { createMailer } from './platform/mailer.ts';
import type { Metrics } from './platform/metrics.ts';
import { packageRoot } from './platform/package-root.ts';
import { openPool } from './platform/postgres/database.ts';
import { listen } from './platform/postgres/listen.ts';
import type { Random } from './platform/random.ts';
import { queueContactNews } from './portal/contact-news-service.ts';
import type { OfferService } from './portal/offer-service.ts';
import { startReductionJobs } from './portal/reduction-jobs-service.ts';
import { staffActor, staffGuard } from './portal/staff-routes.ts';
import { createStaffService } from './portal/staff-service.ts';
import { sweepPortal } from './portal/sweep-service.ts';

const API_CONNECTIONS = 20;
const SWEEP_EVERY_ms = 60_000;
const SETTLED_FOR_ms = 60_000;
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
  /** Largest packet taken from a device. */
  mqttMaxPacket_bytes: number;
  /** Where given, the broker role consumes from there and opens no port. */
  cluster?: BrokerOptions['cluster'];
  mqtt: MqttListening;
  /** Files with which service and wallet speak HTTPS themselves; null for plain HTTP. */
  httpTls: TlsFiles | null;
  /** Whether anybody may issue through the VC-API what is not one of the city's own types. */
  vcApiIsOpen: boolean;
  /** Hosts whose status lists are fetched. */
  statusListHosts: readonly string[];
  /** Addresses under which people reach service and wallet; no slash at the end. */
  publicUrl: string;
  walletUrl: string;
  databaseUrl: string;
  chain: {
    rpcUrls: string[];
    chainId?: number;
    committerKey: string;
    contract?: string;
    /** Account to which the registry is offered. */
    owner?: string;
    confirmations: number;
    stuckAfter_ms: number;
    maxFee_gwei: number;
    /** It is ours and may lose its tail. */
    isDevelopmentChain: boolean;
  };
  /** Key of the pseudonyms. */
  secret: string;
  /** Seals the file of the issuer's keys; only the api role opens it. */
  keysPassphrase: string;
  /** Holds the private halves of the issuer's keys where it can; the file holds them all where absent. */
  keyService?: KeyService | null;
  /** Bearer token of the operator's programs; without one their routes refuse. */
  operatorToken?: string;
  timeZone: string;
  /** Raw uplinks are kept this many days at least. */
  rawUplinkDays: number;
  /** Hosts and chains whose DIDs are resolved; none where absent. */
  foreignDids?: IdentityOptions['foreignDids'];
  /** PEM file of the issuer's certificate chain; none where absent. */
  issuerCertificateFile?: IdentityOptions['issuerCertificateFile'];
  /** PEM files of the verifier's key and certificate chain; both are made where absent. */
  verifierFiles?: IdentityOptions['verifierFiles'];
  /** Which wallets are taken for what they say they are, and where people sign in for credentials. */
  authorization: AuthorizationPolicy;
  /** What the city asks of wallets beyond the protocol. */
  issuing: IssuingPolicy;
  epochInterval_ms: number;
  epochChanges: number;
  /** Where alarms are told beside the console. */
  telling: AlarmTelling;
}

/** Time and chance, and where a process speaks: what tests and simulations replace. */
export interface Seams {
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
}

/** What a clerk's desk can do, where pages are served. */
export interface Desk {
  createStaffLink(): Promise<string>;
  /** A link's token where nobody was ever given one; null at every later start. */
  firstStaffLink(): Promise<string | null>;
  offerWaterAccount: OfferService['offerWaterAccount'];
}

export interface Running {
  roles: readonly Role[];
  publicUrl: string;
  walletUrl: string;
  mqttPort: number | null;
  mqttWsPort: number | null;
  mqttTlsPort: number | null;
  /** Null without the api role. */
  desk: Desk | null;
  provisionFleet(entries: readonly FleetEntry[]): Promise<ProvisionedDevice[]>;
  billing: DemonstratedBilling;
  /** Nothing new is taken, what was taken is finished. */
  stop(): Promise<void>;
}

/** As much of use and bills as a demonstration needs. */
export interface DemonstratedBilling {
  timeZone: string;
  useOf: ReturnType<typeof composeMetering>['useOf'];
  startBillRun: ReturnType<typeof composeMetering>['startBillRun'];
}

type Stops = (() => Promise<unknown>)[];
type Rooms = Awaited<ReturnType<typeof openRooms>>;

/** Starts the roles; where one can't be started, those before it are stopped again. */
export async function compose(options: ComposeOptions, seams: Seams): Promise<Running> {
  const { publicUrl, walletUrl, roles } = options;
  const stops: Stops = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const rooms = openRooms(options, seams, stops);
    if (roles.includes('worker')) await startWorker(options, seams, rooms, stops);
    const desk = roles.includes('api') ? await startApi(options, seams, rooms, stops) : null;
    const broker = roles.includes('broker') ? await rooms.metering.openBroker(options, seams) : null;
    if (broker) stops.push(() => broker.close());
    return {
      ...{ roles, publicUrl, walletUrl, desk, stop },
      mqttPort: broker?.ports?.mqtt ?? null,
      mqttWsPort: broker?.ports?.ws ?? null,
      mqttTlsPort: broker?.ports?.tls ?? null,
      provisionFleet: rooms.metering.provisionFleet,
      billing: { ...rooms.metering, timeZone: options.timeZone },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function openRooms(options: ComposeOptions, { clock, random, logger, metrics }: Seams, stops: Stops) {
  const { publicUrl, timeZone } = options;
  const pool = openPool(options.databaseUrl, API_CONNECTIONS);
  stops.push(() => pool.end());
  const requireOperator = operatorGuard(options.operatorToken);
  const anchoring = createAnchoring({
    ...{ pool, clock, logger, metrics },
    chain: { ...options.chain, registryId: registryOf(publicUrl) },
    epochInterval_ms: options.epochInterval_ms,
    epochChanges: options.epochChanges,
  });
  const staff = createStaffService({ pool, clock, random, statusOf: (id) => findCredential(pool, id) });
  const metering = composeMetering({
    ...{ pool, clock, random, timeZone, publicUrl },
    ...{ requireOperator, requireStaff: staffGuard(staff), actorOf: staffActor },
    ...{ secret: options.secret, dataDirectory: options.dataDirectory },
  });
  /** A broker alone has no need of the issuer's keys, and need not be given them. */
  const openIdentity = () =>
    composeIdentity({
      ...{ pool, clock, random, publicUrl, requireOperator },
      ...{ dataDirectory: options.dataDirectory, secret: options.secret },
      keysPassphrase: options.keysPassphrase,
      keyService: options.keyService ?? null,
      foreignDids: options.foreignDids,
      issuerCertificateFile: options.issuerCertificateFile,
      warn: (message) => logger.warn(message),
      verifierFiles: options.verifierFiles,
      vcApiIsOpen: options.vcApiIsOpen,
      statusListHosts: options.statusListHosts,
      ...options.authorization,
      issuingPolicy: options.issuing,
      anchorOf: anchoring.service.anchorOf,
      chainTrouble: anchoring.state.trouble,
    });
  return { pool, anchoring, staff, metering, openIdentity };
}

async function startWorker(options: ComposeOptions, seams: Seams, rooms: Rooms, stops: Stops): Promise<void> {
  const { anchoring, pool } = rooms;
  const { logger, clock, random } = seams;
  await anchoring.start();
  stops.push(() => anchoring.stop());
  const useJobs = rooms.metering.startUseJobs(seams);
  stops.push(() => useJobs.stop());
  const packingJobs = rooms.metering.startPackingJobs(seams);
  stops.push(() => packingJobs.stop());
  const validationJobs = rooms.metering.startValidationJobs(seams);
  stops.push(() => validationJobs.stop());
  const proofJobs = rooms.metering.startProofJobs(seams, (transaction, kind, name, value) =>
    enqueueChange(transaction, anchorKey(kind, name), value),
  );
  stops.push(() => proofJobs.stop());
  const zoneJobs = rooms.metering.startZoneJobs(seams);
  stops.push(() => zoneJobs.stop());
  const { publicUrl, secret, timeZone, telling } = options;
  const mailer = telling.smtp && createMailer(telling.smtp);
  stops.push(async () => mailer?.close());
  const alarmJobs = await composeAlarmJobs({
    ...{ pool, timeZone, publicUrl, telling, mailer, ...seams },
    tellContacts: queueContactNews(random, clock),
  });
  stops.push(() => alarmJobs.stop());
  if (mailer !== null) {
    const isLost = async (id: string) => ((await findCredential(pool, id))?.state ?? 'revoked') === 'revoked';
    const contactJobs = composeContactJobs({ pool, clock, logger, timeZone, mailer, isLost });
    stops.push(() => contactJobs.stop());
  }
  const checks = composeReductionChecks({
    ...{ pool, clock, timeZone, metering: rooms.metering, chainTrouble: anchoring.state.trouble },
  });
  const reductionJobs = startReductionJobs({ checks, ...seams });
  stops.push(() => reductionJobs.stop());
  // A run begins with every status as it is now: what was checked within the last minute is.
  const billJobs = rooms.metering.startBillJobs(seams, () =>
    checks.checkReductions(new Date(clock.now_ms() - SETTLED_FOR_ms)),
  );
  stops.push(() => billJobs.stop());
  const importJobs = startImportJobs({ imports: composeImports({ pool, clock, random, publicUrl, secret }), logger });
  stops.push(() => importJobs.stop());
  const sweeping = setInterval(() => {
    Promise.all([sweepIdentity(pool, clock), sweepPortal(pool, clock)]).catch((error: Error) =>
      logger.warn({ err: error }, 'sweeping what expired failed'),
    );
  }, SWEEP_EVERY_ms);
  stops.push(async () => clearInterval(sweeping));
}

async function startApi(options: ComposeOptions, seams: Seams, rooms: Rooms, stops: Stops): Promise<Desk> {
  const { publicUrl, walletUrl, host, timeZone } = options;
  const { clock, random, logger, metrics } = seams;
  const { pool, anchoring, staff, metering } = rooms;
  const identity = await rooms.openIdentity();
  const keysChanged = () => {
    identity
      .reloadKeys()
      .catch((error: Error) => logger.error({ err: error }, "taking up the issuer's new keys failed"));
  };
  const listening = listen({
    ...{ databaseUrl: options.databaseUrl, logger, onListening: keysChanged },
    channels: { [ISSUER_KEYS_CHANNEL]: keysChanged },
  });
  stops.push(() => listening.close());
  const { secret } = options;
  const desk = composeDesk({ pool, clock, random, publicUrl, walletUrl, secret, identity, metering, staff });
  const citizen = await composeCitizen({
    canTell: options.telling.smtp !== null,
    ...{ pool, clock, random, timeZone, publicUrl, walletUrl, secret, identity, metering },
    anchorOf: (key) => anchoring.service.anchorOf(bytes32(key)),
    proveBill: metering.billProofs((kind, name) => anchoring.bundles.bundleOf(anchorKey(kind, name))).proveBill,
    chainTrouble: anchoring.state.trouble,
  });
  const checks: ReadinessCheck[] = [
    { name: 'database', check: async () => void (await pool.query('SELECT 1')) },
    { name: 'chain', check: () => anchoring.state.requireWorking() },
  ];
  const routes: Routes[] = [
    operationsRoutes(metrics, checks),
    anchorRoutes(anchoring.service),
    anchoringStateRoutes(anchoring.state, staffGuard(staff)),
    proofBundleRoutes(anchoring.bundles),
    ...identity.routes,
    ...metering.routes,
    await composeAlarmRoutes({ pool, clock, requireStaff: staffGuard(staff), actorOf: staffActor }),
    ...citizen,
    ...desk.routes,
    staticPages(join(pages, 'site')),
  ];
  const tls = options.httpTls && (await readTlsFiles(options.httpTls));
  const http = await createHttpServer({ logger, publicUrl, title: 'Naru', version: options.version, routes, tls });
  stops.push(() => http.close());
  await http.listen({ host, port: options.httpPort });
  const wallet = await createWalletServer(join(pages, 'wallet'), publicUrl, logger, tls);
  stops.push(() => wallet.close());
  await wallet.listen({ host, port: options.walletPort });
  const { createStaffLink, firstStaffLink } = staff;
  return { createStaffLink, firstStaffLink, offerWaterAccount: desk.offers.offerWaterAccount };
}

/** One contract serves many cities: each service's registry is named by the address it is known under. */
function registryOf(publicUrl: string): string {
  return toHex(sha256(new TextEncoder().encode(`naru/registry/1${publicUrl}`)));
}
