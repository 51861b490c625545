// The proofs of a did:webvh log's witnesses (`did-witness.json`): their form, and which of them are sound. Runs in browsers.
// Source: did:webvh 1.0, 3.7.8.
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import { type DidLog, didLogLimits, logProofSchema, versionIdSchema, witnessRule } from './did-log.ts';

const witnessProofsSchema = z
  .array(
    z.strictObject({
      versionId: versionIdSchema,
      proof: z.array(logProofSchema).max(didLogLimits.witnesses),
    }),
  )
  .max(didLogLimits.entries);

export type WitnessProofs = z.infer<typeof witnessProofsSchema>;
type WitnessProof = WitnessProofs[number]['proof'][number];

/** @throws DID_LOG_INVALID */
export function readWitnessProofs(proofs: unknown): WitnessProofs {
  const read = witnessProofsSchema.safeParse(proofs);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw problem('DID_LOG_INVALID', `Witness proofs: ${issue?.path.join('/') || 'list'}: ${issue?.message ?? ''}`);
}

/**
 * The approvals of a person's log, which are kept and served here: a proof's `id` could say anything.
 *
 * @throws DID_LOG_INVALID
 */
export function readPersonWitnessProofs(proofs: unknown): WitnessProofs {
  const read = readWitnessProofs(proofs);
  if (read.some(({ proof }) => proof.some(({ id }) => id !== undefined))) {
    throw problem('DID_LOG_INVALID', "A proof of a person's witness has no id.");
  }
  return read;
}

/**
 * Those proofs that count: on a published entry, by a witness that some entry names, with a good signature. Others may
 * stand in the file and are ignored (3.7.8, "Verifying Witness Proofs During Resolution").
 */
export async function soundWitnessProofs(
  proofs: WitnessProofs,
  log: DidLog,
  isSigned: (document: { versionId: string }, proof: WitnessProof) => Promise<boolean>,
): Promise<WitnessProofs> {
  const published = new Set(log.map(({ versionId }) => versionId));
  const witnesses = new Set(
    log.flatMap(({ parameters }) => witnessRule(parameters)?.witnesses ?? []).map(({ id }) => id),
  );
  const sound: WitnessProofs = [];
  for (const { versionId, proof } of proofs.filter((item) => published.has(item.versionId))) {
    for (const one of proof) {
      const [witness = ''] = one.verificationMethod.split('#');
      if (witnesses.has(witness) && (await isSigned({ versionId }, one))) sound.push({ versionId, proof: [one] });
    }
  }
  return sound;
}

/**
 * The file without the approvals that a later one of the same witness says again (3.7.8, "The Witness Proofs File").
 *
 * @param proofs sound ones
 */
export function newestWitnessProofs(proofs: WitnessProofs, log: DidLog): WitnessProofs {
  const newest = new Set<string>();
  return log
    .map(({ versionId }) => ({
      versionId,
      proof: proofs.filter((item) => item.versionId === versionId).flatMap(({ proof }) => proof),
    }))
    .reverse()
    .map(({ versionId, proof }) => ({ versionId, proof: proof.filter((one) => isFirst(newest, one)) }))
    .filter(({ proof }) => proof.length > 0)
    .reverse();
}

function isFirst(seen: Set<string>, proof: WitnessProof): boolean {
  if (seen.has(proof.verificationMethod)) return false;
  seen.add(proof.verificationMethod);
  return true;
}
