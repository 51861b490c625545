// A proof with all that checks it later without the service: the file of `naru verify-proof`, and its roots file. Runs in
// browsers too. docs/anchor-proof.md describes both.
import { z } from 'zod';
import { bytes32 } from './hexadecimal.ts';
import { proofFromText, verifyProof } from './proofs.ts';

export const proofBundleLimits = { bundle_bytes: 65_536, roots_bytes: 256 * 1024 * 1024 } as const;

const hex32 = z.string().regex(/^0x[0-9a-f]{64}$/, 'must be 0x and 64 small hexadecimal digits');
const place = {
  version: z.literal(1),
  chain_id: z.int().positive(),
  contract: z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hexadecimal digits'),
  registry_id: hex32,
};
const epoch = z.int().positive();

export const proofBundle = z.strictObject({
  ...place,
  epoch,
  root: hex32,
  key: hex32,
  value: hex32.nullable().describe('null: the map holds nothing under this key'),
  proof: z.string().describe('base64url of the compact proof from key and value to the root'),
  transaction: hex32.describe('the one that committed the epoch'),
  block: z.strictObject({
    number: z.int().nonnegative(),
    hash: hex32,
    parent_hash: hex32,
    state_root: hex32,
    timestamp: z.iso.datetime(),
  }),
});

/** One key's state in an epoch that stands in a block. JSON as served. */
export type ProofBundle = z.infer<typeof proofBundle>;

export const rootsFile = z.object({
  ...place,
  roots: z.array(z.object({ epoch, root: hex32, block: z.int(), block_hash: hex32, block_time: z.iso.datetime() })),
});

/** Roots that `naru audit` has checked against the chain, oldest first. */
export type RootsFile = z.infer<typeof rootsFile>;

/** Whether the bundle's proof leads from its key and value to its own root. That the root is on chain is not checked. */
export function bundleIsProven({ root, key, value, proof }: ProofBundle): boolean {
  try {
    return verifyProof(bytes32(root), bytes32(key), value === null ? null : bytes32(value), proofFromText(proof));
  } catch {
    return false;
  }
}
