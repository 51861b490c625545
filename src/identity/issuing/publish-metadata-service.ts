// Publishes the issuer's metadata: one text a set of languages, and the same signed with the issuer's key.
import type { CredentialIssuerMetadata } from '@openid4vc/openid4vci';
import type { Clock } from '../../platform/clock.ts';
import { protocolAlgorithm } from '../openid-callbacks.ts';
import { certificatesOf } from '../trust/issuer-certificate.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import { writeJws } from '../written-jws.ts';
import { type CredentialConfiguration, canIssue } from './credential-configuration.ts';
import { inLanguages, type Language, METADATA_TYPE } from './metadata-presentation.ts';

export const metadataLimits = {
  /** How long a wallet may keep what it read. */
  cache_s: 300,
  /** A signed copy is given out for half of its life at most. */
  signedLifetime_s: 86_400,
} as const;

export type MetadataService = ReturnType<typeof createMetadataService>;

export function createMetadataService(parts: {
  clock: Clock;
  issuer: Issuer;
  metadata: CredentialIssuerMetadata;
  configurations: readonly CredentialConfiguration[];
}) {
  const { clock, issuer, metadata, configurations } = parts;
  const texts = new Map<string, string>();
  const signed = new Map<string, { by: string; issuedAt_s: number; jwt: string }>();

  /** The metadata without what cannot be issued now, and a name for what is left out. */
  function offered(): { now: CredentialIssuerMetadata; without: string } {
    const left = configurations.filter(({ format }) => !canIssue(format, issuer, clock.now_ms())).map(({ id }) => id);
    if (left.length === 0) return { now: metadata, without: '' };
    const kept = Object.entries(metadata.credential_configurations_supported).filter(([id]) => !left.includes(id));
    return {
      now: { ...metadata, credential_configurations_supported: Object.fromEntries(kept) },
      without: left.join(),
    };
  }

  function inJson(languages: readonly Language[]): string {
    const { now, without } = offered();
    const name = `${languages.join()} ${without}`;
    const known = texts.get(name);
    if (known !== undefined) return known;
    const text = JSON.stringify(inLanguages(now, languages));
    texts.set(name, text);
    return text;
  }

  /** Source: OpenID4VCI 1.0, 12.2.3; HAIP 1.0, 4.1. */
  async function asJwt(languages: readonly Language[]): Promise<string> {
    const now_s = Math.floor(clock.now_ms() / 1_000);
    const x5c = certificatesOf(issuer, clock.now_ms());
    const by = `${issuer.p256KeyId} ${x5c?.[0]}`;
    const known = signed.get(languages.join());
    if (known?.by === by && now_s - known.issuedAt_s < metadataLimits.signedLifetime_s / 2) return known.jwt;
    const payload = {
      ...inLanguages(offered().now, languages),
      iss: issuer.did,
      sub: metadata.credential_issuer,
      iat: now_s,
      exp: now_s + metadataLimits.signedLifetime_s,
    };
    const header = {
      ...{ alg: protocolAlgorithm, typ: METADATA_TYPE, kid: issuer.p256MultikeyId },
      ...(x5c === null ? {} : { x5c }),
    };
    const jwt = await writeJws(header, payload, issuer.keys.p256.sign);
    signed.set(languages.join(), { by, issuedAt_s: now_s, jwt });
    return jwt;
  }

  return { inJson, asJwt };
}
