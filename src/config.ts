// The settings of a running Naru: the only reader of process.env. Each is an environment variable and, where a person
// would type it, an option of `naru start`; the option wins.
import { z } from 'zod';
import { webhookKey } from './metering/alarms/webhook-signature.ts';
import { type EventType, eventTypes } from './metering/events/event-message.ts';
import { problem } from './platform/problem.ts';

export const roles = ['api', 'broker', 'worker'] as const;
export type Role = (typeof roles)[number];

const port = z.coerce.number().int().min(0).max(65_535);
const webUrl = z.url({ protocol: /^https?$/ });

/** Told apart as a person would mend them; what they hold of a login is never repeated. */
const brokerUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const shown = text.slice(0, 60);
  if (text.includes('@')) {
    context.addIssue('holds a login; give it in BROKER_USERNAME and BROKER_PASSWORD');
    return z.NEVER;
  }
  if (url === null || url.hostname === '') {
    context.addIssue(`'${shown}' is not a URL; write mqtt://host:1883`);
    return z.NEVER;
  }
  if (!['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(url.protocol)) {
    context.addIssue(`'${shown}' is no address of MQTT; write mqtt://, mqtts://, ws:// or wss://`);
    return z.NEVER;
  }
  return text;
});

const hostNames = z
  .string()
  .default('')
  .transform((text) =>
    text
      .toLowerCase()
      .split(',')
      .map((host) => host.trim())
      .filter((host) => host !== ''),
  )
  .pipe(
    z.array(
      z
        .string()
        .regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'must be host names such as did.example.org or *.example.org'),
    ),
  );

const ethrNetwork = z.string().transform((text, context) => {
  const [, name, chainId, rpcUrl, registry] =
    /^([a-z0-9-]+)=([1-9]\d{0,14})@(https?:\/\/[^@,\s]+)@(0x[0-9a-fA-F]{40})$/.exec(text) ?? [];
  if (name === undefined || rpcUrl === undefined || registry === undefined || !URL.canParse(rpcUrl)) {
    context.addIssue('must be name=chainId@rpcUrl@registry');
    return z.NEVER;
  }
  return { name, chainId: Number(chainId), rpcUrl, registry };
});

const mappingSchema = z.record(z.string(), z.record(z.string(), z.string().min(1)));

function claimMapping(text: string | undefined, context: z.RefinementCtx) {
  if (text === undefined) return {};
  try {
    return mappingSchema.parse(JSON.parse(text));
  } catch {
    context.addIssue('must be JSON such as {"resident":{"birth_date":"birthdate"}}');
    return z.NEVER;
  }
}

const keyAttestationNeed = z.string().transform((text, context) => {
  const [, type, level] = /^([a-z-]+)=(basic|enhanced-basic|moderate|high)$/.exec(text) ?? [];
  if (type === undefined || level === undefined) {
    context.addIssue('must be type=level, such as resident=moderate');
    return z.NEVER;
  }
  return { type, level: level as 'basic' | 'enhanced-basic' | 'moderate' | 'high' };
});

/** Secrets that stand in documentation or are the first anyone tries; production refuses them. */
const wellKnownSecrets = ['changeme', 'secret', 'password', 'replaceme', 'naru', 'default', 'example'];

const schema = z.object({
  NARU_ROLES: z
    .string()
    .default(roles.join(','))
    .transform((text) => text.split(',').map((role) => role.trim()))
    .pipe(z.array(z.enum(roles)).min(1))
    .describe('which of api, broker and worker this process runs, separated by commas'),
  NARU_DATA_DIR: z
    .string()
    .min(1)
    .optional()
    .describe('folder for keys and, in the demonstration, the database and the chain; default .naru'),
  NARU_DEMO: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('whether to bring an own database, chain and a demonstration fleet: `true` or `false`'),
  NARU_DEMO_METERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(5_000)
    .default(200)
    .describe('meters of the demonstration fleet'),
  HOST: z.string().min(1).default('127.0.0.1').describe('address that HTTP and MQTT listen on'),
  HTTP_PORT: port.default(8080).describe('TCP port of the pages and the API'),
  WALLET_PORT: port.default(8081).describe('TCP port of the wallet, an origin of its own'),
  HTTP_TLS_CERT_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'certificate and those above it, PEM, with which pages and API speak HTTPS themselves; read at the start',
    ),
  HTTP_TLS_KEY_FILE: z.string().min(1).optional().describe('its private key, PEM'),
  MQTT_PORT: port.default(1883).describe('TCP port of MQTT'),
  MQTT_WS_PORT: port.default(8083).describe('TCP port of MQTT over WebSocket'),
  MQTT_MAX_PACKET_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .max(1_048_576)
    .default(65_536)
    .describe('largest MQTT packet taken from a device that has shown who it is; before that it is 65536 bytes'),
  BROKER_URL: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((url) => url.trim())
        .filter((url) => url !== ''),
    )
    .pipe(z.array(brokerUrl))
    .describe(
      'addresses of an MQTT 5 cluster that the broker role consumes from instead of opening ports, separated by commas: mqtt://, mqtts://, ws://, wss://',
    ),
  BROKER_USERNAME: z.string().optional().describe("user name of the cluster's login"),
  BROKER_PASSWORD: z.string().optional().describe("password of the cluster's login"),
  BROKER_CA_FILE: z.string().optional().describe("PEM file of the authority that signed the cluster's certificate"),
  BROKER_CERT_FILE: z.string().optional().describe('PEM file of the client certificate that the cluster asks for'),
  BROKER_KEY_FILE: z.string().optional().describe("PEM file of that certificate's private key"),
  BROKER_GROUP: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 letters, digits, - or _')
    .default('naru')
    .describe('name of the shared subscription at the cluster; the ids of our sessions begin with it'),
  MQTT_PLAIN: z
    .enum(['loopback', 'any'])
    .optional()
    .describe(
      'where MQTT without TLS may be reached: `loopback`, or `any` for HOST, in a lab; needed where HOST is not this machine alone',
    ),
  MQTT_TLS_PORT: port.default(8883).describe('TCP port of MQTT over TLS, open where a certificate is given'),
  MQTT_TLS_CERT_FILE: z
    .string()
    .min(1)
    .optional()
    .describe("the MQTT listener's certificate and those above it, PEM; read again when it changes"),
  MQTT_TLS_KEY_FILE: z.string().min(1).optional().describe('its private key, PEM'),
  MQTT_CLIENT_CA_FILE: z
    .string()
    .min(1)
    .optional()
    .describe("the utility's own authorities for device certificates, PEM; read again when it changes"),
  MQTT_CLIENT_CRL_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'revocation lists of those authorities, PEM or DER; where given, each needs one; read again when it changes',
    ),
  DEVICE_MESSAGES_PER_S: z.coerce
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe(
      'messages a second that one device may send for long; above it that device is held up; default 50, in the demonstration 1000',
    ),
  NARU_INTAKE_PROCESSES: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('processes of the role broker on one MQTT port, for a machine with many cores; not in the demonstration'),
  PUBLIC_URL: webUrl
    .optional()
    .describe('address under which people reach the service; default http://localhost:HTTP_PORT'),
  WALLET_URL: webUrl
    .optional()
    .describe('address under which people reach the wallet; default http://localhost:WALLET_PORT'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('PostgreSQL to use; the demonstration brings its own'),
  CHAIN_RPC_URL: z
    .string()
    .optional()
    .transform((text) => (text === undefined ? [] : text.split(',').map((url) => url.trim())))
    .pipe(z.array(webUrl))
    .describe('JSON-RPC addresses of an EVM network, separated by commas; the demonstration brings its own'),
  CHAIN_ID: z.coerce.number().int().positive().optional().describe('id the network must have; another is refused'),
  CHAIN_COMMITTER_KEY: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hexadecimal digits')
    .optional()
    .describe('private key that sends the anchors'),
  ANCHOR_CONTRACT: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hexadecimal digits')
    .optional()
    .describe('address of the AnchorLog contract, in which the registry is opened; where absent one is deployed'),
  CHAIN_CONFIRMATIONS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('blocks after which an anchor is final; default 12, in the demonstration 2'),
  CHAIN_STUCK_AFTER_S: z.coerce
    .number()
    .min(1)
    .max(86_400)
    .optional()
    .describe('seconds after which a transaction in no block gets a higher fee; default 60, in the demonstration 15'),
  CHAIN_MAX_FEE_GWEI: z.coerce
    .number()
    .positive()
    .max(1_000_000)
    .default(500)
    .describe('the most paid for one gas, in gwei; above it anchors wait'),
  ANCHOR_OWNER: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hexadecimal digits')
    .optional()
    .describe('account to which the registry is offered, so that its key need not be on this machine'),
  EPOCH_INTERVAL_S: z.coerce
    .number()
    .min(1)
    .max(86_400)
    .optional()
    .describe('seconds between anchors; default 600, in the demonstration 5'),
  EPOCH_CHANGES: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('changes that bring an anchor forward'),
  NARU_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe('key of the pseudonyms and device secrets; production needs one, the demonstration makes its own'),
  NARU_OPERATOR_TOKEN: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'bearer token for programs that register devices or issue through the VC-API; without one those routes refuse',
    ),
  ISSUER_KEYS_PASSPHRASE: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe("passphrase that seals the file of the issuer's keys; the demonstration makes its own"),
  ISSUER_KEYS_TRANSIT_URL: webUrl
    .optional()
    .describe(
      "transit engine of OpenBao or Vault that holds the issuer's keys made from now on, https://host:8200/v1/transit; the sealed file holds them where absent",
    ),
  ISSUER_KEYS_TRANSIT_TOKEN_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('file with the token for it, as an agent keeps it fresh'),
  VC_API_ISSUING: z
    .enum(['operator', 'open'])
    .default('operator')
    .describe(
      "who may issue through the VC-API: `operator`, or `open` for everybody on this machine, to run test suites; the city's own credential types stay with the operator",
    ),
  STATUS_LIST_HOSTS: hostNames.describe(
    "hosts whose status lists are fetched when the VC-API verifies other issuers' credentials, separated by commas, `*.example.org` allowed; none where absent",
  ),
  DID_WEB_HOSTS: hostNames.describe(
    'hosts whose did:web and did:webvh DIDs are resolved, separated by commas, `*.example.org` allowed; none where absent',
  ),
  DID_ETHR_NETWORKS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((network) => network.trim())
        .filter((network) => network !== ''),
    )
    .pipe(z.array(ethrNetwork))
    .describe(
      'chains whose did:ethr DIDs are resolved, separated by commas, each name=chainId@rpcUrl@registry; none where absent',
    ),
  ISSUER_CERTIFICATE_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      "certificate of the issuer's P-256 key and those above it, PEM, as an authority gives it for `naru issuer-keys csr`; where absent the DID alone says who issues",
    ),
  VERIFIER_CERTIFICATE_FILE: z
    .string()
    .min(1)
    .optional()
    .describe("the verifier's certificate and those above it, PEM; one of our own making where absent"),
  VERIFIER_KEY_FILE: z.string().min(1).optional().describe('its private key, P-256, PEM'),
  CITY_OPENID_ISSUER: webUrl
    .optional()
    .describe("address of the city's own OpenID provider, at which people sign in for credentials; none where absent"),
  CITY_OPENID_CLIENT_ID: z.string().min(1).optional().describe('name under which this service is registered there'),
  CITY_OPENID_CLIENT_SECRET: z.string().min(1).optional().describe('its secret there (client_secret_basic)'),
  CITY_OPENID_SCOPE: z
    .string()
    .regex(/(^| )openid( |$)/, 'must contain openid')
    .default('openid profile')
    .describe('what the provider is asked for, separated by spaces'),
  CITY_OPENID_CLAIMS: z
    .string()
    .optional()
    .transform(claimMapping)
    .describe(
      'JSON: for each credential type that is had by signing in, its claims and where the provider says them: {"resident":{"birth_date":"birthdate"}}',
    ),
  WALLETS_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('JSON file of the wallets that may ask for people who sign in: trusted providers and registered wallets'),
  WALLET_BEARER_TOKENS: z
    .enum(['refused', 'allowed'])
    .default('refused')
    .describe('whether a wallet that knows no DPoP may take a pre-authorized offer: `refused` (HAIP) or `allowed`'),
  KEY_ATTESTATIONS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((need) => need.trim())
        .filter((need) => need !== ''),
    )
    .pipe(z.array(keyAttestationNeed))
    .describe(
      "credential types for which a wallet's provider must attest the keys, each type=level, separated by commas; levels of ISO 18045: basic, enhanced-basic, moderate, high; none where absent",
    ),
  CREDENTIAL_ENCRYPTION: z
    .enum(['optional', 'required'])
    .default('optional')
    .describe('whether credential requests and answers must be encrypted on top of TLS: `optional` or `required`'),
  TIME_ZONE: z
    .string()
    .default('Asia/Seoul')
    .refine(isTimeZone, 'is not a time zone name such as Asia/Seoul')
    .describe("the utility's time zone, for days, hours and meters that tell local time"),
  RAW_UPLINK_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(36_500)
    .default(400)
    .describe('days that the bytes meters sent are kept at least: a year of bills and a month to dispute the last'),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'write smtps://user:password@host:465, or smtp://host:587' })
    .optional()
    .describe('mail server by which alarms are sent, with its login; none is sent where absent'),
  MAIL_FROM: z.email().optional().describe('address from which e-mail is sent'),
  ALARM_MAIL_TO: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((address) => address.trim())
        .filter((address) => address !== ''),
    )
    .pipe(z.array(z.email()))
    .describe('addresses at the utility that alarms are sent to, separated by commas'),
  ALARM_WEBHOOK_URL: webUrl
    .optional()
    .describe('address that alarms are posted to (Standard Webhooks); none where absent'),
  ALARM_WEBHOOK_SECRET: z
    .string()
    .refine((text) => webhookKey(text) !== null, 'must be whsec_ and 24 to 64 random bytes in base64')
    .optional()
    .describe('key that signs those posts: whsec_ and 24 to 64 random bytes in base64'),
  EVENT_WEBHOOK_URL: webUrl
    .optional()
    .describe(
      'address that other programs are told of bills and changed use at (Standard Webhooks); none where absent',
    ),
  EVENT_WEBHOOK_SECRET: z
    .string()
    .refine((text) => webhookKey(text) !== null, 'must be whsec_ and 24 to 64 random bytes in base64')
    .optional()
    .describe('key that signs those posts: whsec_ and 24 to 64 random bytes in base64'),
  EVENT_WEBHOOK_TYPES: z
    .string()
    .default(eventTypes.join())
    .transform((text) => [...new Set(text.split(',').map((type) => type.trim()))])
    .pipe(z.array(z.enum(eventTypes, `must be some of ${eventTypes.join(', ')}, separated by commas`)))
    .describe(`what is told there, separated by commas: ${eventTypes.join(', ')}`),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .optional()
    .describe('how much is logged; default info, in the demonstration warn'),
});

export type Settings = z.output<typeof schema>;
export type SettingName = keyof Settings;
export type Environment = Record<string, string | undefined>;

/** Each setting's name and what it is, in the order of the schema: for `--help` and the documentation. */
export const settingDescriptions: [SettingName, string][] = Object.entries(schema.shape).map(([name, type]) => [
  name as SettingName,
  type.description ?? '',
]);

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the settings.
 *
 * @param options values given on the command line, by the environment variable's name; they win
 * @throws SETTING_INVALID naming each setting that can't be used and why
 */
export function readSettings(options: Environment, environment: Environment = process.env): Settings {
  const given: Environment = {};
  for (const name of Object.keys(schema.shape)) {
    const value = options[name] ?? environment[name];
    if (value !== undefined && value !== '') given[name] = value;
  }
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const complaints = result.error.issues.map((issue) => `${issue.path[0]?.toString() ?? 'settings'}: ${issue.message}`);
  throw problem('SETTING_INVALID', complaints.join('; '));
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/**
 * Where MQTT without TLS listens: on HOST where that is this machine alone or the settings say so.
 *
 * @throws SETTING_INVALID where it would be open to a network without anybody having said so, and for TLS files that are
 *   no use alone
 */
export function mqttListening(settings: Settings): MqttListening {
  const { HOST, MQTT_PLAIN, MQTT_TLS_CERT_FILE: certificateFile, MQTT_TLS_KEY_FILE: keyFile } = settings;
  const { MQTT_CLIENT_CA_FILE: clientCaFile, MQTT_CLIENT_CRL_FILE: clientCrlFile } = settings;
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw problem('SETTING_INVALID', 'MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE: give both, or neither for no TLS');
  if (clientCaFile !== undefined && certificateFile === undefined)
    throw problem('SETTING_INVALID', 'MQTT_CLIENT_CA_FILE: of no use without TLS; give MQTT_TLS_CERT_FILE too');
  if (clientCrlFile !== undefined && clientCaFile === undefined)
    throw problem('SETTING_INVALID', 'MQTT_CLIENT_CRL_FILE: whose lists are they? Give MQTT_CLIENT_CA_FILE too');
  if (!LOOPBACK.test(HOST) && MQTT_PLAIN === undefined) {
    throw problem(
      'SETTING_INVALID',
      `MQTT_PLAIN: HOST ${HOST} would open MQTT without encryption to a network. Write loopback to keep it to this ` +
        'machine, with MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE for meters; or any, in a lab',
    );
  }
  const plainHost = LOOPBACK.test(HOST) || MQTT_PLAIN === 'any' ? HOST : '127.0.0.1';
  const messagesPerSecond = settings.DEVICE_MESSAGES_PER_S ?? (settings.NARU_DEMO ? 1_000 : 50);
  if (certificateFile === undefined || keyFile === undefined) return { plainHost, messagesPerSecond, tls: null };
  return {
    ...{ plainHost, messagesPerSecond },
    tls: {
      port: settings.MQTT_TLS_PORT,
      certificateFile,
      keyFile,
      ...(clientCaFile !== undefined && { clientCaFile }),
      ...(clientCrlFile !== undefined && { clientCrlFile }),
    },
  };
}

export interface MqttListening {
  plainHost: string;
  tls: { port: number; certificateFile: string; keyFile: string; clientCaFile?: string; clientCrlFile?: string } | null;
  /** What one device may send for long. */
  messagesPerSecond: number;
}

/**
 * The files of the verifier's key and certificate; undefined for its own.
 *
 * @throws SETTING_INVALID for one without the other
 */
export function verifierFiles(settings: Settings): { key: string; certificate: string } | undefined {
  const { VERIFIER_CERTIFICATE_FILE: certificate, VERIFIER_KEY_FILE: key } = settings;
  if ((certificate === undefined) !== (key === undefined))
    throw problem('SETTING_INVALID', 'VERIFIER_CERTIFICATE_FILE and VERIFIER_KEY_FILE: give both, or neither');
  return certificate === undefined || key === undefined ? undefined : { key, certificate };
}

/**
 * The transit engine that holds the issuer's keys; null where the sealed file does.
 *
 * @throws SETTING_INVALID for one setting without the other, or http to another machine
 */
export function issuerKeyTransit(settings: Settings): { url: string; tokenFile: string } | null {
  const { ISSUER_KEYS_TRANSIT_URL: url, ISSUER_KEYS_TRANSIT_TOKEN_FILE: tokenFile } = settings;
  if ((url === undefined) !== (tokenFile === undefined))
    throw problem(
      'SETTING_INVALID',
      'ISSUER_KEYS_TRANSIT_URL and ISSUER_KEYS_TRANSIT_TOKEN_FILE: give both, or neither',
    );
  if (url === undefined || tokenFile === undefined) return null;
  if (url.startsWith('http:') && !LOOPBACK.test(new URL(url).hostname))
    throw problem('SETTING_INVALID', 'ISSUER_KEYS_TRANSIT_URL: http is for an engine on this machine; write https://');
  return { url: url.replace(/\/+$/, ''), tokenFile };
}

/**
 * The files with which pages and API speak HTTPS; null where something in front of them does.
 *
 * @throws SETTING_INVALID for one without the other
 */
export function httpTls(settings: Settings): { certificateFile: string; keyFile: string } | null {
  const { HTTP_TLS_CERT_FILE: certificateFile, HTTP_TLS_KEY_FILE: keyFile } = settings;
  if (certificateFile === undefined && keyFile === undefined) return null;
  if (certificateFile === undefined || keyFile === undefined) {
    throw problem('SETTING_INVALID', 'HTTP_TLS_CERT_FILE and HTTP_TLS_KEY_FILE: give both, or neither for plain HTTP');
  }
  return { certificateFile, keyFile };
}

/**
 * Whether anybody may issue through the VC-API.
 *
 * @param publicUrl where people reach the service
 * @throws SETTING_INVALID where others than those on this machine could: what they write would bear the city's signature
 */
export function vcApiIsOpen(settings: Settings, publicUrl: string): boolean {
  if (settings.VC_API_ISSUING !== 'open') return false;
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  if ((LOOPBACK.test(host) || host.endsWith('.localhost')) && LOOPBACK.test(settings.HOST)) return true;
  throw problem(
    'SETTING_INVALID',
    `VC_API_ISSUING: open would let everybody who reaches ${host} have a credential signed by this service. Leave it out ` +
      'and give programs NARU_OPERATOR_TOKEN; or, for a test suite, keep HOST and PUBLIC_URL on this machine (localhost)',
  );
}

/**
 * The city's own OpenID provider, undefined where people do not sign in.
 *
 * @throws SETTING_INVALID naming what is missing beside what is given
 */
export function cityProvider(settings: Settings): CityProviderSettings | undefined {
  const { CITY_OPENID_ISSUER: issuer, CITY_OPENID_CLIENT_ID: clientId } = settings;
  const { CITY_OPENID_CLIENT_SECRET: clientSecret, CITY_OPENID_CLAIMS: mapping, CITY_OPENID_SCOPE: scope } = settings;
  if (issuer === undefined) {
    if (clientId === undefined && clientSecret === undefined && Object.keys(mapping).length === 0) return undefined;
    throw problem('SETTING_INVALID', 'CITY_OPENID_ISSUER: missing; the other settings of the provider need it');
  }
  if (clientId === undefined || clientSecret === undefined)
    throw problem('SETTING_INVALID', 'CITY_OPENID_CLIENT_ID and CITY_OPENID_CLIENT_SECRET: give both with the issuer');
  if (Object.keys(mapping).length === 0)
    throw problem('SETTING_INVALID', 'CITY_OPENID_CLAIMS: say which credentials are had by signing in, claim by claim');
  const { protocol, hostname } = new URL(issuer);
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    throw problem('SETTING_INVALID', 'CITY_OPENID_ISSUER: http is for a provider on this machine; write https://');
  return { issuer, clientId, clientSecret, scope, mapping };
}

/**
 * Where alarms are told beside the console, and bills and use to other programs.
 *
 * @throws SETTING_INVALID for one setting without what it needs
 */
export function alarmTelling(settings: Settings): AlarmTelling {
  const { SMTP_URL, MAIL_FROM, ALARM_MAIL_TO: mailTo } = settings;
  if ((SMTP_URL === undefined) !== (MAIL_FROM === undefined))
    throw problem('SETTING_INVALID', 'SMTP_URL and MAIL_FROM: give both, or neither for no e-mail');
  if (mailTo.length > 0 && SMTP_URL === undefined)
    throw problem('SETTING_INVALID', 'ALARM_MAIL_TO: by which server? Give SMTP_URL and MAIL_FROM too');
  return {
    webhook: webhookOf(settings, 'ALARM'),
    events: withTypes(webhookOf(settings, 'EVENT'), settings.EVENT_WEBHOOK_TYPES),
    smtp: SMTP_URL === undefined || MAIL_FROM === undefined ? null : { url: SMTP_URL, from: MAIL_FROM },
    mailTo,
  };
}

function webhookOf(settings: Settings, of: 'ALARM' | 'EVENT'): Webhook | null {
  const [url, secret] = [settings[`${of}_WEBHOOK_URL`], settings[`${of}_WEBHOOK_SECRET`]];
  if ((url === undefined) !== (secret === undefined))
    throw problem('SETTING_INVALID', `${of}_WEBHOOK_URL and ${of}_WEBHOOK_SECRET: give both, or neither`);
  if (url?.startsWith('http:') && !LOOPBACK.test(new URL(url).hostname))
    throw problem('SETTING_INVALID', `${of}_WEBHOOK_URL: http is for a receiver on this machine; write https://`);
  const key = secret === undefined ? null : webhookKey(secret);
  return url === undefined || key === null ? null : { url, key };
}

const withTypes = (webhook: Webhook | null, types: EventType[]) => (webhook === null ? null : { ...webhook, types });

interface Webhook {
  url: string;
  key: Uint8Array;
}

export interface AlarmTelling {
  webhook: Webhook | null;
  /** What other programs are told beside alarms, and where. */
  events: (Webhook & { types: EventType[] }) | null;
  /** The utility's addresses; none without a mail server. */
  mailTo: readonly string[];
  /** The server that e-mail goes by, to the utility and to the contacts that people named; null: none is sent. */
  smtp: { url: string; from: string } | null;
}

export interface CityProviderSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
  scope: string;
  /** For each credential type: its claim → the provider's. */
  mapping: Record<string, Record<string, string>>;
}

/** The folder alone, for commands that need no other setting and so must not fail by one. */
export function dataDirectorySetting(environment: Environment = process.env): string | undefined {
  return environment.NARU_DATA_DIR || undefined;
}

/**
 * What the production shape needs beyond the demonstration: its own database, chain and secret, none of them a default.
 *
 * @throws SETTING_INVALID naming everything that is missing at once
 */
export function requireProduction(settings: Settings): asserts settings is Settings & {
  DATABASE_URL: string;
  CHAIN_COMMITTER_KEY: string;
  NARU_SECRET: string;
} {
  const missing: string[] = [];
  if (settings.DATABASE_URL === undefined)
    missing.push('DATABASE_URL: write postgres://user:password@host:5432/database');
  if (settings.CHAIN_RPC_URL.length === 0)
    missing.push("CHAIN_RPC_URL: write the network's JSON-RPC address, https://…");
  if (settings.CHAIN_COMMITTER_KEY === undefined)
    missing.push('CHAIN_COMMITTER_KEY: write the private key that pays for anchors');
  if (settings.PUBLIC_URL === undefined) missing.push('PUBLIC_URL: write the address people use, https://…');
  if (settings.WALLET_URL === undefined) missing.push("WALLET_URL: write the wallet's address, on a host of its own");
  if (settings.NARU_ROLES.includes('api') && settings.ISSUER_KEYS_PASSPHRASE === undefined)
    missing.push(
      "ISSUER_KEYS_PASSPHRASE: write a passphrase of 16 or more characters for the file of the issuer's keys",
    );
  if (settings.NARU_SECRET === undefined)
    missing.push('NARU_SECRET: write 32 or more random characters, such as from `openssl rand -base64 48`');
  else if (isWellKnown(settings.NARU_SECRET))
    missing.push('NARU_SECRET: this one is known to everybody; make a random one');
  if (settings.CHAIN_COMMITTER_KEY !== undefined && developmentKeys.has(settings.CHAIN_COMMITTER_KEY.toLowerCase())) {
    missing.push("CHAIN_COMMITTER_KEY: this is a development chain's published key; use one of your own");
  }
  if (missing.length > 0) {
    throw problem('SETTING_INVALID', `${missing.join('; ')}. To try Naru without any of these: naru start --demo`);
  }
}

function isWellKnown(secret: string): boolean {
  const letters = secret.toLowerCase().replaceAll(/[^a-z]/g, '');
  const leftOver = wellKnownSecrets.reduce((rest, known) => rest.replaceAll(known, ''), letters);
  return (letters !== '' && leftOver === '') || new Set(secret).size < 8;
}

/** The first accounts of the "test test test … junk" phrase that every development chain funds. */
const developmentKeys = new Set([
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
]);
