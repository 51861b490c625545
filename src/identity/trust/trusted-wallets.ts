// Which wallets may ask on a person's behalf: those a trusted wallet provider attests, and those registered by name.
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import { type PublicJwk, publicP256 } from '../openid-callbacks.ts';

export interface WalletProvider {
  /** `iss` of its attestations. */
  issuer: string;
  /** Keys it signs attestations with; may be empty where it has roots. */
  keys: PublicJwk[];
  /** Roots of the certificates its attestations carry as `x5c`. */
  roots: X509Certificate[];
  /** Where its wallets may be sent back to, each in full. */
  redirectUris: string[];
}

export interface TrustedWallets {
  providers: WalletProvider[];
  /** Wallets that show no attestation: known by name, and by where they are sent back to. */
  clients: { clientId: string; redirectUris: string[] }[];
}

export const noWallets: TrustedWallets = { providers: [], clients: [] };

const forbiddenSchemes = ['javascript:', 'data:', 'file:', 'blob:', 'vbscript:', 'about:'];
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** In full, without a fragment, and nothing that runs in the page. Source: RFC 6749, 3.1.2; RFC 8252, 7; RFC 9700, 4.1. */
const redirectUri = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || text.includes('#') || text.includes('*') || forbiddenSchemes.includes(url.protocol)) return false;
  return url.protocol !== 'http:' || loopback.test(url.hostname);
}, 'must be a whole address without # or *: https, an own scheme, or http on this machine');

const p256 = z.unknown().transform((jwk, context) => {
  const key = publicP256(jwk);
  if (key !== null) return key;
  context.addIssue('must be a public P-256 key as a JWK');
  return z.NEVER;
});

const certificate = z.string().transform((pem, context) => {
  try {
    return new X509Certificate(pem);
  } catch {
    context.addIssue('must be a certificate in PEM');
    return z.NEVER;
  }
});

const schema = z.strictObject({
  providers: z
    .array(
      z
        .strictObject({
          issuer: z.string().min(1),
          keys: z.array(p256).default([]),
          roots: z.array(certificate).default([]),
          redirect_uris: z.array(redirectUri).min(1),
        })
        .refine(({ keys, roots }) => keys.length + roots.length > 0, 'needs keys or roots'),
    )
    .default([]),
  clients: z
    .array(z.strictObject({ client_id: z.string().min(1), redirect_uris: z.array(redirectUri).min(1) }))
    .default([]),
});

/**
 * Reads the list of trusted wallets: JSON with `providers` (`issuer`, `keys` as JWKs or `roots` as PEM, `redirect_uris`)
 * and `clients` (`client_id`, `redirect_uris`).
 *
 * @throws SETTING_INVALID naming the first place that is wrong
 */
export function parseTrustedWallets(text: string): TrustedWallets {
  const read = schema.safeParse(jsonOf(text));
  if (!read.success) {
    const issue = read.error.issues[0];
    throw problem('SETTING_INVALID', `WALLETS_FILE: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
  }
  return {
    providers: read.data.providers.map(({ redirect_uris, ...provider }) => ({
      ...provider,
      redirectUris: redirect_uris,
    })),
    clients: read.data.clients.map((client) => ({ clientId: client.client_id, redirectUris: client.redirect_uris })),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw problem('SETTING_INVALID', 'WALLETS_FILE: the file is not JSON');
  }
}
