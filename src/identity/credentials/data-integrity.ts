// Secures W3C credentials with Data Integrity proofs, over bundled contexts only.
// Source: VC Data Integrity 1.0, section 4.
import type { Issuer } from '../trust/issuer-keys.ts';
import { type SigningKey, signingKey } from '../trust/signing-key.ts';
import type { FormatTools, ProofFormat, SecureOptions } from './credential-format.ts';
import { eddsaRdfc2022 } from './formats/eddsa-rdfc-2022.ts';
import { createJsonLd } from './json-ld.ts';

export type DataIntegrity = ReturnType<typeof createDataIntegrity>;

/** @param parts.publicUrl no slash at the end */
export function createDataIntegrity(parts: {
  issuer: Issuer;
  publicUrl: string;
  randomBytes(length: number): Uint8Array;
}) {
  const { issuer, publicUrl, randomBytes } = parts;
  const jsonLd = createJsonLd(publicUrl);
  const tools: FormatTools = { publicUrl, jsonLd, randomBytes };

  /**
   * The credential with one more proof.
   *
   * @throws Error by the library where the credential isn't one, or has terms that no context defines
   */
  async function secure(
    credential: Record<string, unknown>,
    by: { format: ProofFormat; key: SigningKey; now_ms: number } & SecureOptions,
  ): Promise<Record<string, unknown>> {
    const { format, key, now_ms, ...options } = by;
    const proof = await format.createProof(
      credential,
      {
        type: 'DataIntegrityProof',
        cryptosuite: format.id,
        created: `${new Date(now_ms).toISOString().slice(0, 19)}Z`,
        verificationMethod: key.methodId,
        proofPurpose: 'assertionMethod',
      },
      key,
      tools,
      options,
    );
    return { ...credential, proof };
  }

  return {
    tools,
    secure,

    /** Whether every context a credential names is bundled. */
    knowsContexts: (names: readonly unknown[]) =>
      names.every((name) =>
        typeof name === 'string' ? jsonLd.contexts.has(name) : typeof name === 'object' && name !== null,
      ),

    /**
     * What the issuer itself publishes: the credential with an eddsa-rdfc-2022 proof.
     *
     * @throws Error as `secure`
     */
    async sign(credential: Record<string, unknown>, now_ms: number): Promise<Record<string, unknown>> {
      const key = signingKey(issuer, null, eddsaRdfc2022.keyKinds);
      if (key === null) throw new TypeError('the issuer has no Ed25519 key');
      return secure(credential, { format: eddsaRdfc2022, key, now_ms });
    },
  };
}
