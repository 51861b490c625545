// Keys in the transit engine of OpenBao or HashiCorp Vault, over its HTTP API.
// Source: OpenBao, "Transit secrets engine (API)": Create key, Read key, Sign data.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Problem, problem } from '../../platform/problem.ts';
import type { HeldKeyKind, KeyService } from './held-key.ts';

const TIMEOUT_ms = 5_000;
const NAME_bytes = 10;

const kinds = {
  'P-256': { type: 'ecdsa-p256', hash: 'sha2-256', signature_bytes: 64 },
  'P-384': { type: 'ecdsa-p384', hash: 'sha2-384', signature_bytes: 96 },
  Ed25519: { type: 'ed25519', hash: null, signature_bytes: 64 },
} as const satisfies Record<HeldKeyKind, object>;

const keySchema = z.object({
  data: z.object({ type: z.string(), keys: z.object({ '1': z.object({ public_key: z.string() }) }) }),
});
/** `vault:v1:` stands before the signature: its key's version, which is always the first. */
const signatureSchema = z.object({ data: z.object({ signature: z.string().regex(/^vault:v1:[\w+/=-]+$/) }) });

export interface TransitKeysOptions {
  /** Where the engine is mounted, `https://host:8200/v1/transit`; no slash at the end. */
  url: string;
  /** Holds the token. It is read for each request, because an agent renews it. */
  tokenFile: string;
  randomBytes(length: number): Uint8Array;
}

export function createTransitKeys(options: TransitKeysOptions): KeyService {
  const { url, tokenFile, randomBytes } = options;

  async function ask(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const headers = { 'x-vault-token': token(tokenFile), 'x-vault-request': 'true' };
    try {
      const answer = await fetch(`${url}/${path}`, {
        ...{ method, headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_ms) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw away(`answered ${answer.status}`);
      // Making a key is answered with the key, by older versions with nothing.
      return text === '' ? null : JSON.parse(text);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw away('does not answer');
    }
  }

  return {
    async makeKey(kind) {
      const name = `naru-${kind.toLowerCase()}-${Buffer.from(randomBytes(NAME_bytes)).toString('hex')}`;
      await ask('POST', `keys/${name}`, { type: kinds[kind].type });
      const key = keySchema.safeParse(await ask('GET', `keys/${name}`));
      const publicJwk = key.success ? publicJwkOf(kind, key.data.data.keys['1'].public_key) : null;
      if (!key.success || key.data.data.type !== kinds[kind].type || publicJwk === null) {
        throw away(`did not show the public half of ${name}`);
      }
      return { name, publicJwk };
    },

    async sign(name, kind, message) {
      const { hash, signature_bytes } = kinds[kind];
      const answer = await ask('POST', `sign/${name}`, {
        // The version that is in the DID document, whatever was rotated there since.
        ...{ input: Buffer.from(message).toString('base64'), key_version: 1 },
        // r ‖ s instead of DER.
        ...(hash === null ? {} : { hash_algorithm: hash, marshaling_algorithm: 'jws' }),
      });
      const given = signatureSchema.safeParse(answer);
      // Base64, or base64url after `marshaling_algorithm`: both are read.
      const signature = given.success
        ? Buffer.from(given.data.data.signature.slice('vault:v1:'.length), 'base64')
        : null;
      if (signature?.length !== signature_bytes) throw away(`gave no signature by ${name}`);
      return new Uint8Array(signature);
    },
  };
}

/** Ed25519 keys are shown as their 32 bytes in base64, others in PEM. */
function publicJwkOf(kind: HeldKeyKind, shown: string): JsonWebKey | null {
  try {
    const key =
      kind === 'Ed25519'
        ? {
            key: { kty: 'OKP', crv: kind, x: Buffer.from(shown, 'base64').toString('base64url') },
            format: 'jwk' as const,
          }
        : shown;
    const jwk = createPublicKey(key).export({ format: 'jwk' });
    return jwk.crv === kind ? jwk : null;
  } catch {
    return null;
  }
}

function token(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw problem('SETTING_INVALID', `ISSUER_KEYS_TRANSIT_TOKEN_FILE: ${path} cannot be read`);
  }
}

function away(what: string) {
  return problem('NOT_READY', `The key service ${what}; see ISSUER_KEYS_TRANSIT_URL, and what its token allows.`);
}
