// Credential configurations: each type in each format it is issued in, under the id that metadata, offers and requests name.
import type { CredentialFormat } from '../credentials/credential-format.ts';
import type { CredentialType } from '../credentials/credential-type.ts';
import { certificatesOf } from '../trust/issuer-certificate.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import type { KeyAttestationNeed } from './key-attestation.ts';

export interface CredentialConfiguration {
  /** The type's id for its first format; for the others with the format's id behind a dot. */
  id: string;
  type: CredentialType;
  format: CredentialFormat;
  /** What a key attestation must say; null where none is asked for. */
  need: KeyAttestationNeed | null;
}

/** Formats that OpenID4VCI 1.0 has a profile of, among those issued here. Source: OpenID4VCI 1.0, appendix A. */
const profiled = new Set(['dc+sd-jwt', 'ldp_vc', 'mso_mdoc']);

/** What is told an office; see `canIssue`. */
export const NO_CERTIFICATE =
  "formats: this one carries the certificate of the issuer's key, and there is none that is valid now (ISSUER_CERTIFICATE_FILE).";

/** Whether the issuer has now what the format needs: a certificate comes, runs out, and is missing after new keys. */
export function canIssue(
  { needsCertificate }: CredentialFormat,
  issuer: Pick<Issuer, 'certificate'>,
  now_ms: number,
): boolean {
  return needsCertificate !== true || certificatesOf(issuer, now_ms) !== null;
}

/**
 * @param formats the first is what a type is issued in where nobody chose
 * @param needs by type id
 */
export function credentialConfigurations(
  types: readonly CredentialType[],
  formats: readonly CredentialFormat[],
  needs: Readonly<Record<string, KeyAttestationNeed>> = {},
): CredentialConfiguration[] {
  const offered = formats.filter(({ openidFormat }) => profiled.has(openidFormat));
  return types.flatMap((type) =>
    offered.map((format, n) => ({
      id: n === 0 ? type.id : `${type.id}.${format.id}`,
      type,
      format,
      need: needs[type.id] ?? null,
    })),
  );
}
