// Many wallets in one process: each takes its offer with the transaction code, proves fresh keys and gets its credentials,
// by OpenID4VCI 1.0 and nothing else, so that they can ask any issuer.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { performance } from 'node:perf_hooks';

export interface WalletOffer {
  uri: string;
  txCode: string;
}

export interface WalletsTask {
  offers: WalletOffer[];
  /** Credentials asked for at once, where the issuer gives so many. */
  batch: number;
  concurrent: number;
}

export interface WalletsResult {
  credentials: number;
  wall_s: number;
}

interface Ready {
  issuer: string;
  tokenUrl: string;
  nonceUrl: string;
  credentialUrl: string;
  /** Credentials it issues at once. */
  batchSize: number;
  configuration: string;
  code: string;
  txCode: string;
  address: string;
}

const PRE_AUTHORIZED = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';
type Json = Record<string, unknown>;

process.once('message', (task: WalletsTask) => void run(task));
process.on('disconnect', () => process.exit(0));

async function run({ offers, batch, concurrent }: WalletsTask): Promise<void> {
  const wallets: Ready[] = [];
  for (const [n, offer] of offers.entries()) wallets.push(await readOffer(offer, n, wallets[0]));
  const length = Math.min(batch, wallets[0]?.batchSize ?? 1);
  const keys = Array.from({ length }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  process.send?.('ready');
  process.once('message', () => void take(wallets, keys, concurrent).then((result) => process.send?.(result)));
}

async function take(wallets: Ready[], keys: KeyObject[], concurrent: number): Promise<WalletsResult> {
  const result = { credentials: 0, wall_s: 0 };
  const begun = performance.now();
  let next = 0;
  const walk = async (): Promise<void> => {
    for (let wallet = wallets[next++]; wallet !== undefined; wallet = wallets[next++]) {
      const taken = await takeOne(wallet, keys);
      result.credentials += taken;
    }
  };
  await Promise.all(Array.from({ length: concurrent }, walk));
  result.wall_s = (performance.now() - begun) / 1_000;
  return result;
}

/** @param known another offer of the same issuer, whose metadata need not be read again */
async function readOffer({ uri, txCode }: WalletOffer, n: number, known: Ready | undefined): Promise<Ready> {
  const address = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  const reference = new URL(uri).searchParams.get('credential_offer_uri') ?? '';
  const offer = await ask('GET', reference, address);
  const grants = offer.grants as Record<string, { 'pre-authorized_code': string }>;
  const own = {
    configuration: (offer.credential_configuration_ids as string[])[0] ?? '',
    code: grants[PRE_AUTHORIZED]?.['pre-authorized_code'] ?? '',
    ...{ txCode, address },
  };
  if (known) return { ...known, ...own };
  const issuer = String(offer.credential_issuer);
  const metadata = await wellKnown(issuer, 'openid-credential-issuer');
  const [server = issuer] = (metadata.authorization_servers as string[] | undefined) ?? [];
  const { token_endpoint } = await wellKnown(server, 'oauth-authorization-server');
  return {
    ...own,
    issuer,
    tokenUrl: String(token_endpoint),
    nonceUrl: String(metadata.nonce_endpoint),
    credentialUrl: String(metadata.credential_endpoint),
    batchSize: (metadata.batch_credential_issuance as { batch_size?: number } | undefined)?.batch_size ?? 1,
  };
}

/** Between the host and the path. Source: OpenID4VCI 1.0, 12.2.2; RFC 8414, 3. */
function wellKnown(issuer: string, name: string): Promise<Json> {
  const { origin, pathname } = new URL(issuer);
  return ask('GET', `${origin}/.well-known/${name}${pathname === '/' ? '' : pathname}`, '10.255.0.1');
}

async function takeOne(wallet: Ready, keys: readonly KeyObject[]): Promise<number> {
  const form = new URLSearchParams({
    grant_type: PRE_AUTHORIZED,
    'pre-authorized_code': wallet.code,
    tx_code: wallet.txCode,
  });
  const { access_token } = await ask('POST', wallet.tokenUrl, wallet.address, form);
  const { c_nonce } = await ask('POST', wallet.nonceUrl, wallet.address);
  const jwt = keys.map((key) => proofJwt(key, wallet.issuer, String(c_nonce)));
  const { credentials } = await ask(
    'POST',
    wallet.credentialUrl,
    wallet.address,
    { credential_configuration_id: wallet.configuration, proofs: { jwt } },
    String(access_token),
  );
  return (credentials as object[]).length;
}

/** Source: OpenID4VCI 1.0, F.1. */
function proofJwt(key: KeyObject, aud: string, nonce: string): string {
  const { kty, crv, x, y } = key.export({ format: 'jwk' });
  const header = { typ: 'openid4vci-proof+jwt', alg: 'ES256', jwk: { kty, crv, x, y } };
  const payload = { aud, nonce, iat: Math.floor(Date.now() / 1_000) };
  const encoded = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${encoded}.${sign('sha256', Buffer.from(encoded), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

async function ask(
  method: 'GET' | 'POST',
  url: string,
  address: string,
  body?: URLSearchParams | Json,
  token?: string,
): Promise<Json> {
  const isForm = body instanceof URLSearchParams;
  const answer = await fetch(url, {
    method,
    headers: {
      // As a reverse proxy on this machine would say it: every wallet is somewhere else.
      'x-forwarded-for': address,
      ...(body && !isForm ? { 'content-type': 'application/json' } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    ...(body ? { body: isForm ? body.toString() : JSON.stringify(body) } : {}),
    ...(isForm ? { headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': address } } : {}),
  });
  if (!answer.ok) throw new Error(`${method} ${new URL(url).pathname}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Json;
}
