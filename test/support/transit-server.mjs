// A key service in a process of its own that speaks the transit engine's HTTP API, for tests: it keeps private keys, and no
// request gets one out. Prints its port; written anew from the published API, and strict about what that does not have.
// Source: OpenBao, "Transit secrets engine (API)": Create key, Read key, Rotate key, Sign data.
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';

const [, , token] = process.argv;
/** By name: type, and versions from 1. */
const keys = new Map();
const curves = { 'ecdsa-p256': 'P-256', 'ecdsa-p384': 'P-384' };
const hashes = { 'sha2-256': 'sha256', 'sha2-384': 'sha384' };
const signed = [];

const pairOf = (type) =>
  type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: curves[type] });

function shown({ type, versions }) {
  const publicText = ({ publicKey }) =>
    type === 'ed25519'
      ? Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('base64')
      : publicKey.export({ type: 'spki', format: 'pem' });
  return {
    ...{ type, derived: false, exportable: false, supports_signing: true, latest_version: versions.length },
    keys: Object.fromEntries(
      versions.map((pair, index) => [
        `${index + 1}`,
        { name: curves[type] ?? 'ed25519', creation_time: '2026-01-01T00:00:00Z', public_key: publicText(pair) },
      ]),
    ),
  };
}

function signature({ type, versions }, name, body) {
  const { input, key_version = 0, hash_algorithm = 'sha2-256', marshaling_algorithm = 'asn1', ...more } = body;
  if (Object.keys(more).length > 0 || !['asn1', 'jws'].includes(marshaling_algorithm)) return null;
  const version = key_version === 0 ? versions.length : key_version;
  const pair = versions[version - 1];
  if (pair === undefined || hashes[hash_algorithm] === undefined) return null;
  const message = Buffer.from(input, 'base64');
  const jws = marshaling_algorithm === 'jws';
  const made =
    type === 'ed25519'
      ? sign(null, message, pair.privateKey)
      : sign(hashes[hash_algorithm], message, { key: pair.privateKey, dsaEncoding: jws ? 'ieee-p1363' : 'der' });
  signed.push(name);
  return `vault:v${version}:${made.toString(jws ? 'base64url' : 'base64')}`;
}

function answer(method, path, body) {
  const [, what, name, action] = /^\/v1\/transit\/(keys|sign)\/([\w.-]+)(?:\/(\w+))?$/.exec(path) ?? [];
  const key = keys.get(name);
  if (what === 'keys' && method === 'POST' && action === undefined) {
    const type = body.type ?? 'aes256-gcm96';
    if (type !== 'ed25519' && curves[type] === undefined) return [400, { errors: [`unknown key type ${type}`] }];
    if (key === undefined) keys.set(name, { type, versions: [pairOf(type)] });
    return [200, { data: shown(keys.get(name)) }];
  }
  if (key === undefined) return [what === 'sign' ? 400 : 404, { errors: [] }];
  if (what === 'keys' && method === 'POST' && action === 'rotate') {
    key.versions.push(pairOf(key.type));
    return [200, { data: shown(key) }];
  }
  if (what === 'keys' && method === 'GET') return [200, { data: { name, ...shown(key) } }];
  const made = what === 'sign' && method === 'POST' ? signature(key, name, body) : null;
  return made === null ? [400, { errors: ['invalid request'] }] : [200, { data: { signature: made, key_version: 1 } }];
}

const server = createServer(async (request, response) => {
  let text = '';
  for await (const piece of request) text += piece;
  // Of this double alone: which keys signed since the last time, for the test to count.
  const [status, body] =
    request.url === '/signed'
      ? [200, signed.splice(0)]
      : request.headers['x-vault-token'] !== token
        ? [403, { errors: ['permission denied'] }]
        : answer(request.method, request.url, text === '' ? {} : JSON.parse(text));
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.once('close', () => process.exit(0)).resume();
