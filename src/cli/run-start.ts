// Brings the service up step by step, says where everything is, and takes it down in order.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ComposeOptions, compose, type Running } from '../compose.ts';
import {
  alarmTelling,
  cityProvider,
  httpTls,
  mqttListening,
  requireProduction,
  type Settings,
  vcApiIsOpen,
  verifierFiles,
} from '../config.ts';
import { startDemonstration } from '../demonstration.ts';
import { type Engines, startEngines } from '../engines.ts';
import { credentialType } from '../identity/credentials/credential-types.ts';
import { atLeast } from '../identity/issuing/key-attestation.ts';
import { noWallets, parseTrustedWallets, type TrustedWallets } from '../identity/trust/trusted-wallets.ts';
import { systemClock } from '../platform/clock.ts';
import { type DataDirectory, dataDirectoryPath, openDataDirectory } from '../platform/data-directory.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { packageVersion } from '../platform/package-root.ts';
import { migrate } from '../platform/postgres/migrate.ts';
import { problem } from '../platform/problem.ts';
import { systemRandom } from '../platform/random.ts';
import { isIntakeProcess, startIntakeProcesses } from './intake-processes.ts';
import { issuerKeyService } from './key-engine.ts';
import { choosePorts, type Ports, portNames } from './ports.ts';
import { createProgress, type Progress } from './progress.ts';
import { demonstrationTable, productionLines } from './start-table.ts';

const STOP_WITHIN_ms = 10_000;
/** The demonstration also ends its fleet, its database and its chain; cut off, those would be left behind. */
const STOP_DEMONSTRATION_WITHIN_ms = 40_000;

interface Stoppable {
  stop(): Promise<void>;
}

export async function runStart(settings: Settings): Promise<void> {
  // In production all state is in the database, and copies may share the folder of the keys.
  const directory: DataDirectory = settings.NARU_DEMO
    ? openDataDirectory(dataDirectoryPath(settings.NARU_DATA_DIR))
    : { path: dataDirectoryPath(settings.NARU_DATA_DIR), release: () => {} };
  // Before anything is started: a service that comes up and then ends again helps nobody.
  if (settings.NARU_ROLES.includes('broker')) mqttListening(settings);
  const started: Stoppable[] = [];
  const stopAll = async (): Promise<void> => {
    for (const part of started.splice(0).reverse()) await part.stop();
    rmSync(join(directory.path, 'running.json'), { force: true });
    directory.release();
  };
  const stopped = stopOnSignal(stopAll, settings.NARU_DEMO ? STOP_DEMONSTRATION_WITHIN_ms : STOP_WITHIN_ms);
  try {
    if (settings.NARU_DEMO) await startAll(settings, directory, started);
    else await startOnOwnEngines(settings, directory, started);
  } catch (error) {
    await stopAll();
    throw error;
  }
  await stopped;
}

async function startAll(settings: Settings, directory: DataDirectory, started: Stoppable[]): Promise<void> {
  process.stderr.write('나루 Naru\n');
  const progress = createProgress();
  const { ports, moved } = await choosePorts(settings, directory.path);
  const logger = createLogger(settings.LOG_LEVEL ?? 'warn');
  const engines = await progress.step('database and chain', () => startEngines(directory.path, settings, logger));
  started.push(engines);
  const options: ComposeOptions = {
    ...common(settings, directory, ports),
    databaseUrl: engines.databaseUrl,
    chain: {
      ...engines.chain,
      ...sending(settings, 15),
      confirmations: settings.CHAIN_CONFIRMATIONS ?? 2,
    },
    secret: engines.secret,
    keysPassphrase: engines.keysPassphrase,
    operatorToken: engines.operatorToken,
    epochInterval_ms: (settings.EPOCH_INTERVAL_S ?? 5) * 1_000,
  };
  const running = await bringUp(options, logger, progress, started);
  writeRunning(directory, running, engines);
  const demonstration = await startDemonstration({
    ...{ running, progress, logger, clock: systemClock, directory: directory.path },
    meters: settings.NARU_DEMO_METERS,
    secret: engines.secret,
  });
  started.push(demonstration);
  process.stdout.write(demonstrationTable({ running, demonstration, directory: directory.path, moved }));
}

async function startOnOwnEngines(settings: Settings, directory: DataDirectory, started: Stoppable[]): Promise<void> {
  requireProduction(settings);
  const logger = createLogger(settings.LOG_LEVEL ?? 'info');
  const ports = Object.fromEntries(portNames.map((name) => [name, settings[name]])) as Ports;
  const options: ComposeOptions = {
    ...common(settings, directory, ports),
    databaseUrl: settings.DATABASE_URL,
    chain: {
      rpcUrls: settings.CHAIN_RPC_URL,
      isDevelopmentChain: false,
      committerKey: settings.CHAIN_COMMITTER_KEY,
      ...sending(settings, 60),
      confirmations: settings.CHAIN_CONFIRMATIONS ?? 12,
      ...(settings.CHAIN_ID !== undefined && { chainId: settings.CHAIN_ID }),
      ...(settings.ANCHOR_CONTRACT !== undefined && { contract: settings.ANCHOR_CONTRACT }),
    },
    secret: settings.NARU_SECRET,
    // Asked for where the api role runs; no other opens the file.
    keysPassphrase: settings.ISSUER_KEYS_PASSPHRASE ?? '',
    ...(settings.NARU_OPERATOR_TOKEN !== undefined && { operatorToken: settings.NARU_OPERATOR_TOKEN }),
    epochInterval_ms: (settings.EPOCH_INTERVAL_S ?? 600) * 1_000,
  };
  const running = await bringUp(options, logger, createProgress(), started);
  if (sharesIntake(settings)) started.push(await startIntakeProcesses(settings, logger));
  // Said once, and when all of them listen.
  if (isIntakeProcess()) return;
  const token = (await running.desk?.firstStaffLink()) ?? null;
  const link = token === null ? null : `${running.publicUrl}/utility/#enter=${token}`;
  process.stdout.write(productionLines({ ...running, roles: settings.NARU_ROLES }, link));
}

async function bringUp(
  options: ComposeOptions,
  logger: ReturnType<typeof createLogger>,
  progress: Progress,
  started: Stoppable[],
): Promise<Running> {
  await progress.step('schema', () => migrate(options.databaseUrl));
  const seams = { clock: systemClock, random: systemRandom, logger, metrics: createMetrics() };
  const running = await progress.step('service', () => compose(options, seams));
  started.push(running);
  return running;
}

function common(settings: Settings, directory: DataDirectory, ports: Ports) {
  const tls = httpTls(settings);
  const scheme = tls === null ? 'http' : 'https';
  const publicUrl = settings.PUBLIC_URL ?? `${scheme}://localhost:${ports.HTTP_PORT}`;
  return {
    roles: sharesIntake(settings) ? settings.NARU_ROLES.filter((role) => role !== 'broker') : settings.NARU_ROLES,
    version: packageVersion,
    dataDirectory: directory.path,
    host: settings.HOST,
    httpPort: ports.HTTP_PORT,
    walletPort: ports.WALLET_PORT,
    mqttPort: ports.MQTT_PORT,
    mqttWsPort: ports.MQTT_WS_PORT,
    mqttMaxPacket_bytes: settings.MQTT_MAX_PACKET_BYTES,
    ...clusterOf(settings),
    mqtt: mqttListening(settings),
    httpTls: tls,
    publicUrl,
    walletUrl: settings.WALLET_URL ?? `${scheme}://localhost:${ports.WALLET_PORT}`,
    vcApiIsOpen: vcApiIsOpen(settings, publicUrl),
    statusListHosts: settings.STATUS_LIST_HOSTS,
    timeZone: settings.TIME_ZONE,
    rawUplinkDays: settings.RAW_UPLINK_DAYS,
    keyService: issuerKeyService(settings),
    issuerCertificateFile: settings.ISSUER_CERTIFICATE_FILE,
    verifierFiles: verifierFiles(settings),
    foreignDids: { webHosts: settings.DID_WEB_HOSTS, ethrNetworks: settings.DID_ETHR_NETWORKS },
    authorization: authorizationPolicy(settings),
    issuing: issuingPolicy(settings),
    epochChanges: settings.EPOCH_CHANGES,
    telling: alarmTelling(settings),
  };
}

function authorizationPolicy(settings: Settings): ComposeOptions['authorization'] {
  const provider = cityProvider(settings);
  return {
    wallets: trustedWallets(settings.WALLETS_FILE),
    bearerTokens: settings.WALLET_BEARER_TOKENS,
    ...(provider && { cityProvider: provider }),
  };
}

function issuingPolicy({ KEY_ATTESTATIONS, CREDENTIAL_ENCRYPTION }: Settings): ComposeOptions['issuing'] {
  return {
    keyAttestations: Object.fromEntries(
      KEY_ATTESTATIONS.map(({ type, level }) => [credentialType(type).id, atLeast(level)]),
    ),
    encryptionRequired: CREDENTIAL_ENCRYPTION === 'required',
  };
}

function trustedWallets(path: string | undefined): TrustedWallets {
  if (path === undefined) return noWallets;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw problem('SETTING_INVALID', `WALLETS_FILE: ${path} cannot be read`);
  }
  return parseTrustedWallets(text);
}

/** The role broker in processes of its own, which share this one's port. */
function sharesIntake({ NARU_DEMO, NARU_ROLES, NARU_INTAKE_PROCESSES }: Settings): boolean {
  return !NARU_DEMO && NARU_INTAKE_PROCESSES > 1 && NARU_ROLES.includes('broker');
}

function clusterOf(settings: Settings): Pick<ComposeOptions, 'cluster'> {
  const urls = settings.BROKER_URL;
  if (urls.length === 0) return {};
  const { BROKER_USERNAME: username, BROKER_PASSWORD: password } = settings;
  const cert = pemOf(settings, 'BROKER_CERT_FILE');
  const key = pemOf(settings, 'BROKER_KEY_FILE');
  if ((cert === undefined) !== (key === undefined))
    throw problem('SETTING_INVALID', 'BROKER_CERT_FILE and BROKER_KEY_FILE: give both or none');
  const plain = urls.find((url) => /^(mqtt|ws):/.test(url));
  if (cert !== undefined && plain !== undefined)
    throw problem('SETTING_INVALID', `BROKER_CERT_FILE: ${plain} is not encrypted; write mqtts:// or wss://`);
  const ca = pemOf(settings, 'BROKER_CA_FILE');
  const login = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ca && { ca }),
    ...(cert && key && { cert, key }),
  };
  return { cluster: { urls, login, group: settings.BROKER_GROUP } };
}

function pemOf(settings: Settings, name: 'BROKER_CA_FILE' | 'BROKER_CERT_FILE' | 'BROKER_KEY_FILE') {
  const path = settings[name];
  if (path === undefined) return undefined;
  try {
    const bytes = readFileSync(path);
    if (bytes.includes('-----BEGIN ')) return bytes;
  } catch {
    throw problem('SETTING_INVALID', `${name}: ${path} can't be read`);
  }
  throw problem('SETTING_INVALID', `${name}: ${path} is no PEM file`);
}

function sending(settings: Settings, stuckAfter_s: number) {
  return {
    stuckAfter_ms: (settings.CHAIN_STUCK_AFTER_S ?? stuckAfter_s) * 1_000,
    maxFee_gwei: settings.CHAIN_MAX_FEE_GWEI,
    ...(settings.ANCHOR_OWNER !== undefined && { owner: settings.ANCHOR_OWNER }),
  };
}

/** What other commands (doctor, simulate) need to find this process. */
function writeRunning(directory: DataDirectory, running: Running, engines?: Engines): void {
  const content = {
    url: running.publicUrl,
    wallet_url: running.walletUrl,
    mqtt_port: running.mqttPort,
    ...(running.mqttTlsPort !== null && { mqtt_tls_port: running.mqttTlsPort }),
    ...(engines && { postgres_port: engines.postgresPort, rpc_url: engines.chain.rpcUrls[0] }),
  };
  writeFileSync(join(directory.path, 'running.json'), JSON.stringify(content));
}

/** Resolves when everything has stopped after SIGTERM or SIGINT; a second signal, or `within_ms`, end it at once. */
function stopOnSignal(stopAll: () => Promise<void>, within_ms: number): Promise<void> {
  return new Promise((done) => {
    let stopping = false;
    const onSignal = (): void => {
      if (stopping) process.exit(1);
      stopping = true;
      setTimeout(() => process.exit(1), within_ms).unref();
      stopAll().then(
        () => {
          done();
          process.exit(0);
        },
        (error: Error) => {
          process.stderr.write(`naru: while stopping: ${error.message}\n`);
          process.exit(1);
        },
      );
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', isIntakeProcess() ? () => {} : onSignal);
  });
}
