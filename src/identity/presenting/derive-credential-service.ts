// Derives, for a holder who has no wallet that can, a credential that shows only what is selected.
import { problem } from '../../platform/problem.ts';
import type { ProofFormat } from '../credentials/credential-format.ts';
import { proofFormat } from '../credentials/credential-formats.ts';
import type { DataIntegrity } from '../credentials/data-integrity.ts';
import { readSignedCredential } from '../credentials/vc-data-model.ts';

export type DeriveCredentialService = ReturnType<typeof createDeriveCredentialService>;

export function createDeriveCredentialService({ dataIntegrity }: { dataIntegrity: DataIntegrity }) {
  /**
   * Nothing is verified and nothing is kept: who is shown the result verifies it.
   *
   * @param credential with the base proof of a suite that discloses selectively
   * @param selectivePointers JSON pointers to what is to be shown beside what is mandatory
   * @throws CREDENTIAL_INVALID
   */
  async function deriveCredential(
    credential: Record<string, unknown>,
    selectivePointers: readonly string[],
  ): Promise<Record<string, unknown>> {
    const read = readSignedCredential(credential);
    if (typeof read === 'string') throw problem('CREDENTIAL_INVALID', `${read}.`);
    if (!dataIntegrity.knowsContexts(read['@context'])) {
      throw problem('CREDENTIAL_INVALID', '@context: names a context that is not bundled; none are fetched.');
    }
    const derive = [read.proof].flat().flatMap(({ cryptosuite }) => derivingBy(proofFormat(cryptosuite)))[0];
    if (derive === undefined) {
      throw problem('CREDENTIAL_INVALID', 'proof: is of no cryptosuite that discloses selectively.');
    }
    return derive(structuredClone(credential), { selectivePointers }, dataIntegrity.tools).catch(() => {
      // The library's words may quote the credential, so they stop here.
      throw problem(
        'CREDENTIAL_INVALID',
        'proof: is no base proof, or nothing is selected, or a pointer leads nowhere in the credential.',
      );
    });
  }

  return { deriveCredential };
}

function derivingBy(format: ProofFormat | null): NonNullable<ProofFormat['deriveProof']>[] {
  return format?.deriveProof === undefined ? [] : [format.deriveProof];
}
